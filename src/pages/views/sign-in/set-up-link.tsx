/**
 * Where a set-up link leads: the person proves the password, and then sets 2FA up again. Who has just typed the password in
 * this browser only has to go on.
 */
import { Field } from '../parts/field.tsx'
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Holds what the page of a set-up link shows. */
export interface SetUpLinkProps {
  readonly frame: Frame
  readonly token: string
  readonly email: string
  /** False where the sign-in that waits for the link goes on in this browser. */
  readonly asksPassword: boolean
  readonly problem?: string | undefined
  readonly helpContact?: string | undefined
}

/** Shows whose account it is; posts `token` and `password` to `/set-up-mfa-link`. */
export function SetUpLinkView({ frame, token, email, asksPassword, problem, helpContact }: SetUpLinkProps) {
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t('setUpLink.title')}
      lead={t('setUpLink.lead')}
      hasProblem={problem !== undefined}
      helpContact={helpContact}
    >
      <form method="post" action="/set-up-mfa-link" class="form">
        <input type="hidden" name="token" value={token} />
        <div>
          <p class="text-sm text-soft">{t('acceptInvitation.account')}</p>
          <p class="font-medium break-anywhere">{email}</p>
          {/* For password managers; the server knows the account from the token. */}
          <input type="text" name="username" value={email} autocomplete="username" readonly hidden />
        </div>
        {asksPassword && (
          <Field
            frame={frame}
            name="password"
            label={t('field.password')}
            type="password"
            problem={problem}
            autocomplete="current-password"
            autofocus
            required
          />
        )}
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t('setUpLink.continue')}
        </button>
      </form>
    </StepPage>
  )
}
