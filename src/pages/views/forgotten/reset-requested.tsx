/**
 * What follows a request for a link, whatever the address: the same words whether or not there is such an account.
 */
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Holds what the page shows. */
export interface ResetRequestedProps {
  readonly frame: Frame
  readonly helpContact?: string | undefined
}

/** Says that a link is on its way if there is an account, and what to do when none arrives. */
export function ResetRequestedView({ frame, helpContact }: ResetRequestedProps) {
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t('forgotPassword.sentTitle')}
      lead={t('forgotPassword.sent')}
      helpContact={helpContact}
    >
      <p class="mt-4 text-sm text-soft">{t('forgotPassword.sentHint')}</p>
      <div class="form-buttons mt-7">
        <a href="/sign-in" class="btn btn-primary">
          {t('forgotPassword.toSignIn')}
        </a>
        <a href="/forgot-password" class="btn btn-ghost">
          {t('forgotPassword.again')}
        </a>
      </div>
    </StepPage>
  )
}
