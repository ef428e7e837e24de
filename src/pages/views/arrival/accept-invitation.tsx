/**
 * Where an invitation leads: the new person chooses a password, then signs in.
 */
import type { Frame, Problems } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'
import { NewPasswordField, WhoseAccount } from './new-password-field.tsx'

/** Holds what the page for an invited person shows. */
export interface AcceptInvitationProps {
  readonly frame: Frame
  readonly token: string
  readonly email: string
  readonly problems?: Problems<'password'> | undefined
  readonly minLength: number
  readonly helpContact?: string | undefined
}

/** Asks for a password; posts `token` and `password` to `/accept-invitation`. */
export function AcceptInvitationView({ frame, token, email, problems = {}, ...props }: AcceptInvitationProps) {
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t('acceptInvitation.title')}
      lead={t('acceptInvitation.lead', { service: frame.serviceName })}
      hasProblem={problems.password !== undefined}
      helpContact={props.helpContact}
    >
      <form method="post" action="/accept-invitation" class="form">
        <input type="hidden" name="token" value={token} />
        <WhoseAccount frame={frame} email={email} />
        <NewPasswordField frame={frame} minLength={props.minLength} problem={problems.password} autofocus />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t('acceptInvitation.button')}
        </button>
      </form>
    </StepPage>
  )
}
