/**
 * Where the link to a new address leads: one button that makes the change, for whoever is signed in to that account.
 */
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Holds what the page shows. */
export interface ConfirmEmailProps {
  readonly frame: Frame
  /** The change that the button makes; null for who is not signed in. */
  readonly change: { readonly token: string; readonly from: string; readonly to: string } | null
  readonly helpContact?: string | undefined
}

/** Asks to confirm; posts `token` to `/confirm-email`. */
export function ConfirmEmailView({ frame, change, helpContact }: ConfirmEmailProps) {
  const { t } = frame
  if (change === null)
    return (
      <StepPage
        frame={frame}
        title={t('confirmEmail.title')}
        lead={t('confirmEmail.signInFirst')}
        helpContact={helpContact}
      >
        <a href="/sign-in" class="btn btn-primary btn-block mt-7">
          {t('linkInvalid.toSignIn')}
        </a>
      </StepPage>
    )
  return (
    <StepPage frame={frame} title={t('confirmEmail.title')} lead={t('confirmEmail.lead')} helpContact={helpContact}>
      <dl class="mt-5 space-y-3">
        <div>
          <dt class="text-sm text-soft">{t('confirmEmail.current')}</dt>
          <dd class="font-medium break-anywhere">{change.from}</dd>
        </div>
        <div>
          <dt class="text-sm text-soft">{t('confirmEmail.wanted')}</dt>
          <dd class="font-medium break-anywhere">{change.to}</dd>
        </div>
      </dl>
      <form method="post" action="/confirm-email" class="mt-7">
        <input type="hidden" name="token" value={change.token} />
        <button type="submit" class="btn btn-primary btn-block">
          {t('confirmEmail.button')}
        </button>
      </form>
      <a href="/my-profile/settings" class="btn btn-ghost btn-block mt-2">
        {t('form.cancel')}
      </a>
    </StepPage>
  )
}
