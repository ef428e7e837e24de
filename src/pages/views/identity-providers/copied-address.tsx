/**
 * The address of ours that an administrator enters at the provider, to copy.
 */
import { CopyButton } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'

interface CopiedAddressProps {
  readonly frame: Frame
  readonly address: string
}

/** Shows the redirect URI with a button to copy it. */
export function CopiedAddress({ frame, address }: CopiedAddressProps) {
  const { t } = frame
  return (
    <section class="mt-8" aria-labelledby="redirect-uri-title">
      <h2 id="redirect-uri-title" class="section-title">
        {t('identityProvider.redirectUri')}
      </h2>
      <p class="mt-1 max-w-prose text-sm text-soft">{t('identityProvider.redirectUriHint')}</p>
      <div class="well mt-3 flex flex-wrap items-center justify-between gap-3">
        <code id="redirect-uri" data-copy={address} class="min-w-0 flex-1 basis-48 text-sm break-all select-all">
          {address}
        </code>
        <CopyButton frame={frame} from="redirect-uri" label={t('identityProvider.copy')} />
      </div>
    </section>
  )
}
