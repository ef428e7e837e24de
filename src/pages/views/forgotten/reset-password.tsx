/**
 * Where a reset link leads: a new password is chosen. Afterwards the person signs in like anybody else.
 */
import { NewPasswordField, WhoseAccount } from '../arrival/new-password-field.tsx'
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Holds what the page shows. */
export interface ResetPasswordProps {
  readonly frame: Frame
  readonly token: string
  readonly email: string
  readonly problem?: string | undefined
  readonly minLength: number
  readonly helpContact?: string | undefined
}

/** Asks for a new password; posts `token` and `password` to `/reset-password`. */
export function ResetPasswordView({ frame, token, email, problem, ...props }: ResetPasswordProps) {
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t('resetPassword.title')}
      lead={t('resetPassword.lead')}
      hasProblem={problem !== undefined}
      helpContact={props.helpContact}
    >
      <form method="post" action="/reset-password" class="form">
        <input type="hidden" name="token" value={token} />
        <WhoseAccount frame={frame} email={email} />
        <NewPasswordField
          frame={frame}
          label={t('field.newPassword')}
          minLength={props.minLength}
          problem={problem}
          autofocus
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t('resetPassword.button')}
        </button>
      </form>
    </StepPage>
  )
}
