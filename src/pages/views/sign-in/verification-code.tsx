/**
 * The second step: the six digits of the authenticator app. Works by typing, pasting and filling in, with spaces or
 * without; script only saves the last click.
 */
import { Field } from '../parts/field.tsx'
import { NextField, withNext } from '../parts/form-parts.tsx'
import type { ClockHint, Frame } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { StepPage } from '../parts/step-page.tsx'
import { LeaveStep, type ProofPurpose } from './leave-step.tsx'
import { type ShownProvider, StepUpAtProvider } from './providers.tsx'

/** Holds what the page for a verification code shows. */
export interface VerificationCodeProps {
  readonly frame: Frame
  readonly purpose: ProofPurpose
  /** True where this has to be done before anything else. */
  readonly isHeld?: boolean | undefined
  /** The name the person gave to the authenticator, to find the right app. */
  readonly authenticatorName?: string | undefined
  readonly problem?: string | undefined
  /** Set when the code fits a moment outside the window; at sign-in only ever `behind`. */
  readonly clockHint?: ClockHint | undefined
  readonly helpContact?: string | undefined
  /** Offers recovery codes; false where there are none left. */
  readonly canTryAnotherWay: boolean
  /** The provider that the session came by, where it can be confirmed there. */
  readonly provider?: ShownProvider | undefined
  readonly next?: string | undefined
}

/** Asks for the code of the authenticator app; posts `code` and `next` to `/sign-in/verification-code`. */
export function VerificationCodeView({ frame, purpose, problem, clockHint, ...props }: VerificationCodeProps) {
  const { t } = frame
  const name = props.authenticatorName
  return (
    <StepPage
      frame={frame}
      title={t(purpose === 'sign-in' ? 'verificationCode.title' : 'stepUp.title')}
      lead={name ? t('verificationCode.leadNamed', { name }) : t('verificationCode.lead')}
      hasProblem={problem !== undefined}
      helpContact={props.helpContact}
    >
      {clockHint && <ClockNotice frame={frame} hint={clockHint} class="mt-5" />}
      <form method="post" action="/sign-in/verification-code" class="form">
        <NextField next={props.next} />
        <VerificationCodeField frame={frame} problem={problem} autofocus submitsItself />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t(purpose === 'sign-in' ? 'signIn.button' : 'stepUp.button')}
        </button>
      </form>
      {props.provider && <StepUpAtProvider frame={frame} provider={props.provider} />}
      <LeaveStep frame={frame} purpose={purpose} isHeld={props.isHeld}>
        {props.canTryAnotherWay && (
          <a href={withNext('/sign-in/recovery-code', props.next)} class="link inline-flex min-h-6 items-center">
            {t('verificationCode.tryAnotherWay')}
          </a>
        )}
      </LeaveStep>
    </StepPage>
  )
}

interface VerificationCodeFieldProps {
  readonly frame: Frame
  readonly problem: string | undefined
  readonly autofocus?: boolean
  readonly submitsItself?: boolean
}

/** Shows the one input for a six-digit code, named `code`; roomy, so that "123 456" can be pasted. */
export function VerificationCodeField({ frame, problem, autofocus, submitsItself }: VerificationCodeFieldProps) {
  return (
    <Field
      frame={frame}
      name="code"
      label={frame.t('field.verificationCode')}
      problem={problem}
      autofocus={autofocus}
      submitsItself={submitsItself === true}
      inputmode="numeric"
      autocomplete="one-time-code"
      autocapitalize="none"
      spellcheck={false}
      maxlength={16}
      class="code-input"
      required
    />
  )
}

interface ClockNoticeProps {
  readonly frame: Frame
  readonly hint: ClockHint
  readonly class?: string
}

/** Tells that the phone's clock seems to be off, and what to do about it. */
export function ClockNotice({ frame: { t }, hint, class: classes }: ClockNoticeProps) {
  return (
    <NoticeBox kind="warning" class={classes}>
      <p class="font-medium">{t(hint === 'behind' ? 'clock.behind' : 'clock.ahead')}</p>
      <p class="mt-1">{t('clock.remedy')}</p>
    </NoticeBox>
  )
}
