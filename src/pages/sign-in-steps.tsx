// The steps after the first: a password again (step-up), a verification code, a recovery code. The same pages carry on a
// sign-in and a step-up. Each shows itself only while it is the step that is due; otherwise it leads to the one that is.

import { readCookie } from '../http/cookies.ts'
import type { Door, DoorContext } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { safePath } from '../http/return-to.ts'
import {
  type Guess,
  type Proving,
  provePassword,
  proveRecoveryCode,
  proveTotp,
  type Unproved,
} from '../sign-in/prove.ts'
import type { PendingSignIn } from '../sign-in/standing.ts'
import { listAuthenticators } from '../totp/authenticators.ts'
import { frameOf, type PageParts, page, setRetryAfter } from './page-parts.ts'
import { handOver, home, pageOf } from './passage.ts'
import { showEnded, waitValues } from './sign-in.tsx'
import type { Frame } from './views/parts/frame.ts'
import { PasswordView } from './views/sign-in/password.tsx'
import { RecoveryCodeView } from './views/sign-in/recovery-code.tsx'
import { RecoveryCodeUsedView } from './views/sign-in/recovery-code-used.tsx'
import { SetUpLinkOwedView } from './views/sign-in/set-up-link-owed.tsx'
import { VerificationCodeView } from './views/sign-in/verification-code.tsx'

type Outcome = Unproved | null

/** Declares the pages of the steps that may follow the first. */
export function signInSteps(door: Door, parts: PageParts): void {
  const { machine, settings } = parts
  const guessOf = (c: DoorContext): Guess => ({
    caller: c.get('caller'),
    knownBrowser: readCookie(c, settings, 'browser'),
  })

  async function answer(
    c: DoorContext,
    proving: Proving,
    again: (unproved: Unproved) => Promise<Response>,
  ): Promise<Response> {
    if (proving.ok) return c.redirect(handOver(c, parts, proving.progress), 303)
    if (proving.because === 'blocked') setRetryAfter(c, proving.retryAt, machine.clock())
    return again(proving)
  }

  door.signIn('get', '/sign-in/password', (c, pending) =>
    pending.step.at === 'first-factor' ? showPassword(c, parts, pending, null) : c.redirect(pageOf(pending.step), 303),
  )
  door.signIn('post', '/sign-in/password', async (c, pending) => {
    const form = await readForm(c)
    const proving = await provePassword(machine, pending, { ...guessOf(c), password: form.text('password') })
    return answer(c, proving, (unproved) => showPassword(c, parts, pending, unproved))
  })

  door.signIn('get', '/sign-in/verification-code', (c, pending) =>
    pending.step.at === 'second-factor'
      ? showVerificationCode(c, parts, pending, null)
      : c.redirect(pageOf(pending.step), 303),
  )
  door.signIn('post', '/sign-in/verification-code', async (c, pending) => {
    const form = await readForm(c)
    const proving = await proveTotp(machine, pending, { ...guessOf(c), code: form.text('code') })
    return answer(c, proving, (unproved) => showVerificationCode(c, parts, pending, unproved))
  })

  door.signIn('get', '/sign-in/set-up-link', (c, pending) => {
    const { account, step } = pending
    if (step.at !== 'set-up-link') return c.redirect(pageOf(step), 303)
    const frame = frameOf(c, parts, account)
    return page(c, <SetUpLinkOwedView frame={frame} helpContact={account.helpContact ?? undefined} />)
  })

  door.signIn('get', '/sign-in/recovery-code', (c, pending) =>
    pending.step.at === 'second-factor'
      ? showRecoveryCode(c, parts, pending, null)
      : c.redirect(pageOf(pending.step), 303),
  )
  door.signIn('post', '/sign-in/recovery-code', async (c, pending) => {
    const form = await readForm(c)
    const proving = await proveRecoveryCode(machine, pending, { ...guessOf(c), code: form.text('code') })
    if (proving.ok && proving.progress.at === 'done') {
      const next = handOver(c, parts, proving.progress)
      return c.redirect(`/sign-in/recovery-code-used?next=${encodeURIComponent(next)}`, 303)
    }
    return answer(c, proving, (unproved) => showRecoveryCode(c, parts, pending, unproved))
  })

  door.signedIn('get', '/sign-in/recovery-code-used', (c, { account }) => {
    const next = safePath(c.req.query('next'), settings.url) ?? home
    return page(
      c,
      <RecoveryCodeUsedView frame={frameOf(c, parts, account)} left={account.recoveryCodes.left} next={next} />,
    )
  })
}

async function showPassword(
  c: DoorContext,
  parts: PageParts,
  pending: PendingSignIn,
  unproved: Outcome,
): Promise<Response> {
  const { account, step } = pending
  if (unproved && 'ended' in unproved && unproved.ended) return c.redirect(home, 303)
  const frame = frameOf(c, parts, account)
  const problem =
    unproved === null ? undefined : problemOf(frame, unproved, 'stepUp.wrongPassword', parts.machine.clock())
  const view = (
    <PasswordView
      frame={frame}
      email={account.user.email}
      problem={problem}
      helpContact={account.helpContact ?? undefined}
      isHeld={isHeld(c)}
      asksForPassword={step.at === 'first-factor' && step.offer.includes('password')}
      provider={await stepUpProvider(parts, pending)}
    />
  )
  return page(c, view, statusOf(unproved))
}

/** The provider that the session came by, where it may be confirmed there. */
async function stepUpProvider({ machine }: PageParts, { signIn, step }: PendingSignIn) {
  if (!('offer' in step) || !(step.offer as readonly string[]).includes('identity-provider')) return undefined
  const proof = signIn.proofs.find(({ by }) => by === 'identity-provider')
  if (proof?.by !== 'identity-provider') return undefined
  return (await machine.providers.now(machine.db)).find(({ id }) => id === proof.provider)
}

async function showVerificationCode(
  c: DoorContext,
  parts: PageParts,
  pending: PendingSignIn,
  unproved: Outcome,
): Promise<Response> {
  const { account, signIn, step } = pending
  const frame = frameOf(c, parts, account)
  const ended = endedBy(c, parts, pending, unproved)
  if (ended) return ended
  // Whoever has only the password so far learns nothing about the factor, not even its name.
  const authenticators = signIn.purpose === 'step-up' ? await listAuthenticators(parts.machine.db, account.user.id) : []
  const offer = step.at === 'second-factor' ? step.offer : []
  const view = (
    <VerificationCodeView
      frame={frame}
      purpose={signIn.purpose}
      isHeld={isHeld(c)}
      authenticatorName={authenticators.length === 1 ? authenticators[0]?.name : undefined}
      problem={problemOfCode(frame, unproved, offer.includes('totp'), parts.machine.clock())}
      clockHint={unproved && unproved.because !== 'blocked' && unproved.clockOff ? 'behind' : undefined}
      helpContact={account.helpContact ?? undefined}
      canTryAnotherWay={offer.includes('recovery-code')}
      provider={await stepUpProvider(parts, pending)}
    />
  )
  return page(c, view, statusOf(unproved))
}

async function showRecoveryCode(
  c: DoorContext,
  parts: PageParts,
  pending: PendingSignIn,
  unproved: Outcome,
): Promise<Response> {
  const { account, signIn, step } = pending
  const frame = frameOf(c, parts, account)
  const ended = endedBy(c, parts, pending, unproved)
  if (ended) return ended
  const view = (
    <RecoveryCodeView
      frame={frame}
      purpose={signIn.purpose}
      isHeld={isHeld(c)}
      problem={unproved === null ? undefined : problemOf(frame, unproved, 'recoveryCode.wrong', parts.machine.clock())}
      helpContact={account.helpContact ?? undefined}
      authenticatorAvailable={step.at === 'second-factor' && step.offer.includes('totp')}
    />
  )
  return page(c, view, statusOf(unproved))
}

/** Whether this is a step-up of a session that can reach nothing else: then the settings are no way out of it. */
function isHeld(c: DoorContext): boolean {
  const standing = c.get('standing')
  return standing !== null && standing.step.at !== 'done'
}

/**
 * After the fifth wrong code there is nothing left to go on with: back to the start, with the time to wait where there is
 * one; or, from a step-up, back to the profile.
 */
function endedBy(
  c: DoorContext,
  parts: PageParts,
  { signIn }: PendingSignIn,
  unproved: Outcome,
): Response | Promise<Response> | null {
  if (!unproved || unproved.because === 'blocked' || !unproved.ended) return null
  if (signIn.purpose === 'step-up') return c.redirect(home, 303)
  return unproved.retryAt === null
    ? c.redirect('/sign-in?notice=ended', 303)
    : showEnded(c, parts, { returnTo: signIn.returnTo, retryAt: unproved.retryAt })
}

function problemOfCode(frame: Frame, unproved: Outcome, usable: boolean, now: number): string | undefined {
  if (unproved === null) return usable ? undefined : frame.t('verificationCode.disabled')
  if (unproved.because === 'disabled') return frame.t('verificationCode.disabled')
  return problemOf(
    frame,
    unproved,
    unproved.because === 'spent' ? 'verificationCode.spent' : 'verificationCode.wrong',
    now,
  )
}

function problemOf(
  frame: Frame,
  unproved: Unproved,
  wrong: 'stepUp.wrongPassword' | 'verificationCode.wrong' | 'verificationCode.spent' | 'recoveryCode.wrong',
  now: number,
): string {
  const wait = unproved.retryAt === null ? '' : frame.t('guess.wait', waitValues(frame, unproved.retryAt, now))
  return unproved.because === 'blocked'
    ? `${frame.t('guess.tooMany')} ${wait}`
    : [frame.t(wrong), wait].filter(Boolean).join(' ')
}

function statusOf(unproved: Outcome): 200 | 422 | 429 {
  if (unproved === null) return 200
  return unproved.because === 'blocked' ? 429 : 422
}
