/**
 * The way in without the phone: one of the recovery codes, each good once.
 */
import { Field } from '../parts/field.tsx'
import { NextField, withNext } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'
import { LeaveStep, type ProofPurpose } from './leave-step.tsx'

/** Holds what the page for a recovery code shows. */
export interface RecoveryCodeProps {
  readonly frame: Frame
  readonly purpose: ProofPurpose
  /** True where this has to be done before anything else. */
  readonly isHeld?: boolean | undefined
  readonly problem?: string | undefined
  readonly helpContact?: string | undefined
  /** Offers the way back to the authenticator app; false where it has been disabled. */
  readonly authenticatorAvailable: boolean
  readonly next?: string | undefined
}

/** Asks for a recovery code; posts `code` and `next` to `/sign-in/recovery-code`. */
export function RecoveryCodeView({ frame, purpose, problem, helpContact, ...props }: RecoveryCodeProps) {
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t(purpose === 'sign-in' ? 'recoveryCode.title' : 'stepUp.title')}
      lead={t('recoveryCode.lead')}
      hasProblem={problem !== undefined}
      helpContact={helpContact}
    >
      <form method="post" action="/sign-in/recovery-code" class="form">
        <NextField next={props.next} />
        <Field
          frame={frame}
          name="code"
          label={t('field.recoveryCode')}
          hint={t('recoveryCode.hint')}
          problem={problem}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          maxlength={64}
          class="font-mono tracking-wide"
          autofocus
          required
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t(purpose === 'sign-in' ? 'signIn.button' : 'stepUp.button')}
        </button>
      </form>
      <LeaveStep frame={frame} purpose={purpose} isHeld={props.isHeld}>
        {props.authenticatorAvailable && (
          <a href={withNext('/sign-in/verification-code', props.next)} class="link inline-flex min-h-6 items-center">
            {t('recoveryCode.useAuthenticator')}
          </a>
        )}
      </LeaveStep>
    </StepPage>
  )
}
