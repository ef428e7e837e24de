/**
 * The first question about a new provider: which product it is.
 */
import type { Frame } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

interface ChoosePresetProps {
  readonly frame: Frame
  readonly presets: readonly { readonly name: string; readonly label: string; readonly hint: string }[]
}

/** Shows the products; each leads to the form with its proposals filled in. */
export function ChoosePresetView({ frame, presets }: ChoosePresetProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('identityProviders.add')}
      lead={t('choosePreset.lead')}
      parent={{ href: '/admin/identity-providers', label: t('identityProviders.title') }}
    >
      <ul class="panel mt-6 divide-y divide-base-300">
        {presets.map(({ name, label, hint }) => (
          <li class="p-5 sm:px-7">
            <a href={`/admin/identity-providers/new?preset=${name}`} class="link-plain font-medium">
              {label}
            </a>
            <p class="mt-1 text-sm text-soft">{hint}</p>
          </li>
        ))}
      </ul>
    </SignedInPage>
  )
}
