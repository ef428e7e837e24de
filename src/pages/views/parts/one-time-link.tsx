/**
 * A one-time link that is shown once, to be handed over: with a button to copy it, and until when it works.
 */
import { CopyButton } from './form-parts.tsx'
import type { Frame } from './frame.ts'

interface OneTimeLinkProps {
  readonly frame: Frame
  readonly link: string
  readonly expiresAt: number
}

/** Shows the link under its heading. */
export function OneTimeLink({ frame, link, expiresAt }: OneTimeLinkProps) {
  const { t } = frame
  return (
    <>
      <h2 class="font-semibold">{t('adminUserAdded.link')}</h2>
      <div class="well mt-3 flex flex-wrap items-center justify-between gap-3">
        <code id="set-up-link" data-copy={link} class="min-w-0 flex-1 basis-48 text-sm break-all select-all">
          {link}
        </code>
        <CopyButton frame={frame} from="set-up-link" label={t('adminUserAdded.copy')} />
      </div>
      <p class="mt-3 text-sm text-soft">
        {t('adminUserAdded.expires', { date: frame.formatInstant(expiresAt, 'date-time') })}
      </p>
    </>
  )
}
