/**
 * Turning 2FA on: open the app, take the account over by QR code or by hand, confirm with a code. The same page for
 * who chose it and for who must; nothing is on until a code is confirmed.
 */
import type { Child } from 'hono/jsx'
import type { MessageId } from '../../../messages.ts'
import { Field, firstFaulty } from '../parts/field.tsx'
import { CopyButton, NextField, ProblemSummary, SignOut } from '../parts/form-parts.tsx'
import type { ClockHint, Frame, Problems } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { QrCode } from '../parts/qr-code.tsx'
import { StepPage } from '../parts/step-page.tsx'
import { ClockNotice, VerificationCodeField } from '../sign-in/verification-code.tsx'

/** Holds what the set-up page shows. */
export interface SetUpMfaProps {
  readonly frame: Frame
  /** True where an administrator enforces MFA: says why, and offers to sign out instead of to cancel. */
  readonly required: boolean
  /** True where somebody else has reset this person's 2FA: says so instead. */
  readonly afterReset?: boolean | undefined
  /** True where 2FA is on already and a new authenticator takes the old one's place. */
  readonly replacing?: boolean | undefined
  /** SVG markup that our own server drew; goes into the page as it is. */
  readonly qrSvg: string
  readonly secret: string
  /** The secret in groups of four, as it is easiest to type. */
  readonly secretGroups: readonly string[]
  readonly account: string
  readonly issuer: string
  readonly otpauthUri: string
  /** The name of the authenticator, typed or proposed. */
  readonly name: string
  readonly problems?: Problems<'name' | 'code'> | undefined
  readonly clockHint?: ClockHint | undefined
  readonly next?: string | undefined
  readonly helpContact?: string | undefined
  readonly enrolmentId: string
}

const order = ['name', 'code'] as const

/** Shows the three steps; posts `enrolment`, `name`, `code` and `next` to `/set-up-mfa`. */
export function SetUpMfaView(props: SetUpMfaProps) {
  const { frame, problems = {} } = props
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t(props.replacing ? 'setUpMfa.titleReplacing' : 'setUpMfa.title')}
      lead={t(leadOf(props))}
      width="wide"
      hasProblem={firstFaulty(problems, order) !== undefined}
      helpContact={props.helpContact}
    >
      {props.required && !props.afterReset && (
        <NoticeBox kind="info" class="mt-5" quiet>
          <p>{t('setUpMfa.why')}</p>
        </NoticeBox>
      )}
      <ProblemSummary frame={frame} problems={problems} order={order} />
      <ol class="steps-list mt-8">
        <Step title={t('setUpMfa.step1.title')}>
          <p class="text-soft">{t('setUpMfa.step1.text')}</p>
        </Step>
        <Step title={t('setUpMfa.step2.title')}>
          <p class="text-soft">{t('setUpMfa.step2.text')}</p>
          <Enrolment {...props} />
        </Step>
        <Step title={t('setUpMfa.step3.title')}>
          <p class="text-soft">{t('setUpMfa.step3.text')}</p>
          <Confirmation {...props} />
        </Step>
      </ol>
      <div class="mt-8 flex flex-wrap items-center justify-between gap-3 border-t border-base-300 pt-5">
        <p class="text-sm text-soft">{t(props.replacing ? 'setUpMfa.notYetReplaced' : 'setUpMfa.notYet')}</p>
        {props.required ? (
          <SignOut frame={frame} class="btn" />
        ) : (
          <a href="/my-profile/settings" class="btn">
            {t('setUpMfa.cancel')}
          </a>
        )}
      </div>
    </StepPage>
  )
}

function leadOf({ required, replacing, afterReset }: SetUpMfaProps): MessageId {
  if (afterReset) return 'setUpMfa.leadAfterReset'
  if (required) return 'setUpMfa.leadRequired'
  return replacing ? 'setUpMfa.leadReplacing' : 'setUpMfa.lead'
}

function Step({ title, children }: { readonly title: string; readonly children?: Child }) {
  return (
    <li>
      <h2 class="text-lg font-semibold tracking-tight">{title}</h2>
      {children}
    </li>
  )
}

function Enrolment({ frame, qrSvg, account, issuer, otpauthUri, secret, secretGroups }: SetUpMfaProps) {
  const { t } = frame
  const facts = [
    [t('setUpMfa.account'), account],
    [t('setUpMfa.issuer'), issuer],
    [t('setUpMfa.type'), t('setUpMfa.typeValue')],
    [t('setUpMfa.algorithm'), t('setUpMfa.algorithmValue')],
    [t('setUpMfa.digits'), t('setUpMfa.digitsValue')],
    [t('setUpMfa.period'), t('setUpMfa.periodValue')],
  ]
  return (
    <div class="mt-5 grid gap-x-8 gap-y-6 md:grid-cols-[13rem_1fr]">
      <div class="mx-auto w-52 md:mx-0">
        <QrCode svg={qrSvg} label={t('setUpMfa.qrLabel', { account })} />
        <a href={otpauthUri} class="link mt-3 block text-center text-sm leading-6">
          {t('setUpMfa.openInApp')}
        </a>
      </div>
      <div class="min-w-0">
        <h3 class="font-medium">{t('setUpMfa.byHand.title')}</h3>
        <p class="text-sm text-soft">{t('setUpMfa.byHand.text')}</p>
        <p class="mt-3 text-sm font-medium">{t('setUpMfa.secret')}</p>
        <div class="well mt-1 flex flex-wrap items-center justify-between gap-3">
          <code id="secret" data-copy={secret} class="secret">
            {secretGroups.map((group) => (
              <span>{group} </span>
            ))}
          </code>
          <CopyButton frame={frame} from="secret" label={t('setUpMfa.copySecret')} />
        </div>
        <dl class="facts mt-4 text-sm">
          {facts.map(([term, value]) => (
            <div>
              <dt class="text-soft">{term}</dt>
              <dd class="font-medium break-anywhere">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </div>
  )
}

function Confirmation({ frame, replacing, enrolmentId, next, name, problems = {}, clockHint }: SetUpMfaProps) {
  const { t } = frame
  const faulty = firstFaulty(problems, order)
  return (
    <form method="post" action="/set-up-mfa" class="form max-w-sm">
      <input type="hidden" name="enrolment" value={enrolmentId} />
      <NextField next={next} />
      {replacing && <input type="hidden" name="replace" value="yes" />}
      <Field
        frame={frame}
        name="name"
        label={t('field.authenticatorName')}
        hint={t('setUpMfa.nameHint')}
        value={name}
        problem={problems.name}
        autofocus={faulty === 'name'}
        autocomplete="off"
        maxlength={60}
        required
      />
      {clockHint && <ClockNotice frame={frame} hint={clockHint} />}
      <VerificationCodeField frame={frame} problem={problems.code} autofocus={faulty === 'code'} />
      <button type="submit" class="btn btn-primary btn-block mt-2">
        {t(replacing ? 'setUpMfa.replace' : 'mfa.enable')}
      </button>
    </form>
  )
}
