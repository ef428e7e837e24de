/**
 * Step-up by password: someone who is signed in and has no second factor proves once more who they are.
 */
import { Field } from '../parts/field.tsx'
import { NextField } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'
import { LeaveStep } from './leave-step.tsx'
import { type ShownProvider, StepUpAtProvider } from './providers.tsx'

/** Holds what the step-up by password shows. */
export interface PasswordProps {
  readonly frame: Frame
  readonly email: string
  readonly next?: string | undefined
  readonly problem?: string | undefined
  readonly helpContact?: string | undefined
  /** True where 2FA has to be set up before anything else: the page then says that this is why it asks. */
  readonly isHeld?: boolean | undefined
  /** False for somebody who has no password, or whom it does not help. */
  readonly asksForPassword?: boolean | undefined
  /** The provider that the session came by, where it can be confirmed there. */
  readonly provider?: ShownProvider | undefined
}

/** Asks for the password of the account that is signed in; posts `password` and `next` to `/sign-in/password`. */
export function PasswordView({ frame, email, next, problem, helpContact, isHeld = false, ...ways }: PasswordProps) {
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t('stepUp.title')}
      lead={t(isHeld ? 'stepUp.leadHeld' : 'stepUp.lead')}
      hasProblem={problem !== undefined}
      helpContact={helpContact}
    >
      {ways.asksForPassword !== false && (
        <form method="post" action="/sign-in/password" class="form">
          <NextField next={next} />
          <div>
            <p class="text-sm text-soft">{t('stepUp.signedInAs')}</p>
            <p class="font-medium break-anywhere">{email}</p>
            {/* Lets a password manager pick the right entry; the server knows the account and does not read it. */}
            <input type="text" name="username" value={email} autocomplete="username" readonly hidden />
          </div>
          <Field
            frame={frame}
            name="password"
            label={t('field.password')}
            type="password"
            autocomplete="current-password"
            problem={problem}
            autofocus
            required
          />
          <button type="submit" class="btn btn-primary btn-block mt-2">
            {t('stepUp.button')}
          </button>
        </form>
      )}
      {ways.provider && <StepUpAtProvider frame={frame} provider={ways.provider} />}
      <LeaveStep frame={frame} purpose="step-up" isHeld={isHeld} />
    </StepPage>
  )
}
