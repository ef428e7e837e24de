/**
 * Asking before a provider is switched off or deleted, and telling that a confirmation in another tab is done.
 */

import { FormButtons } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the question shows; texts are ready to show. */
export interface ConfirmProviderActProps {
  readonly frame: Frame
  readonly provider: { readonly id: string; readonly name: string }
  readonly title: string
  /** What it ends, point by point. */
  readonly points: readonly string[]
  readonly danger: boolean
  /** The last part of the address that the form is sent to. */
  readonly act: string
}

/** Shows what it ends and the button that does it. */
export function ConfirmProviderActView({ frame, provider, title, points, danger, act }: ConfirmProviderActProps) {
  const path = `/admin/identity-providers/${provider.id}`
  return (
    <SignedInPage
      frame={frame}
      title={title}
      lead={provider.name}
      width="narrow"
      parent={{ href: path, label: provider.name }}
    >
      <div class="panel mt-6 p-5 sm:p-7">
        <ul class="list-disc space-y-1.5 ps-5">
          {points.map((point) => (
            <li>{point}</li>
          ))}
        </ul>
        <form method="post" action={`${path}/${act}`} class="form">
          <FormButtons frame={frame} submit={title} cancel={path} danger={danger} />
        </form>
      </div>
    </SignedInPage>
  )
}

/** Tells that the form in the other tab can be sent now. */
export function ConfirmedView({ frame }: { readonly frame: Frame }) {
  return (
    <SignedInPage
      frame={frame}
      title={frame.t('providerForm.confirmedTitle')}
      lead={frame.t('providerForm.confirmed')}
      width="narrow"
    />
  )
}
