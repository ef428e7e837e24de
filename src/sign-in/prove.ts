// Proving: a password begins a sign-in; a code or recovery code carries it on. Each guess is counted first, checked next,
// and spent, with its proof, in one transaction. The factor is always looked up by the sign-in's own user, so another
// person's code proves nothing here.

import { admit } from '../attempts/attempts.ts'
import type { Method, WrongBecause } from '../audit/events.ts'
import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import {
  checkPassword,
  findPasswordOwner,
  holdPassword,
  type PasswordVerdict,
  renewHash,
} from '../passwords/passwords.ts'
import { parseRecoveryCode } from '../recovery-codes/code.ts'
import { countCodes, lookUpCode, spendCode } from '../recovery-codes/recovery-codes.ts'
import { Refusal } from '../refusal.ts'
import type { Proof } from '../sessions/proofs.ts'
import { type Instant, isoTime } from '../time.ts'
import { countAgainstAuthenticators, type Guessed, matchAuthenticator, spendStep } from '../totp/authenticators.ts'
import { parseCode } from '../totp/otp.ts'
import { emailKey } from '../users/email.ts'
import type { Account } from './account.ts'
import { admitGuess, forgiveGuess, refuseGuess } from './admission.ts'
import { type GuessLimits, inOrder, passwordLimits, secondFactorLimits } from './guesses.ts'
import { browserOwner, knownBrowserId } from './known-browsers.ts'
import type { SignInParts } from './parts.ts'
import { spendSetUpLink } from './set-up-link.ts'
import { beginSignIn, type Progress, recordProof } from './sign-in.ts'
import type { PendingSignIn } from './standing.ts'

/** Why a guess was not accepted, as far as the person may know. */
export type Unproved =
  | { ok: false; because: 'wrong' | 'spent' | 'disabled'; clockOff: boolean; ended: boolean; retryAt: Instant | null }
  | { ok: false; because: 'blocked'; retryAt: Instant }

export type Proving = { ok: true; progress: Progress } | Unproved

export interface Guess {
  caller: Caller
  /** The browser's `known-browser` cookie, if it sent one. */
  knownBrowser: string | null
}

/**
 * Begins a sign-in by address and password. Unknown, wrong, disabled and blocked answer alike for every address that
 * somebody may type, and cost the same: one hash, or none when blocked. With a set-up link, which must be that user's, the
 * right password uses it up; throws `link-invalid` when it cannot be used.
 */
export async function proveByEmailAndPassword(
  parts: SignInParts,
  {
    email,
    password,
    returnTo,
    caller,
    knownBrowser,
    setUpLink,
  }: Guess & { email: string; password: string; returnTo: string; setUpLink?: string },
): Promise<Proving> {
  const now = parts.clock()
  const key = emailKey(email)
  // Before the database is asked anything: of a flood of guesses, those that are turned away cost next to nothing.
  if (knownBrowser === null) parts.hashing.mustHaveRoom(caller)
  const owner = await findPasswordOwner(parts.db, key, now)
  const browser = knownBrowserId(await parts.keys.inUse(parts.db, now), owner && browserOwner(owner), knownBrowser, now)
  const limits = passwordLimits({ emailKey: key, browser, address: caller.address })
  const guesser = { ...caller, isKnown: browser !== null }
  parts.hashing.mustHaveRoom(guesser)
  const admission = await admit(parts, inOrder(limits), now)
  if (!admission.admitted) return { ok: false, because: 'blocked', retryAt: admission.retryAt }

  const refuse = async (because: Wrong): Promise<Proving> => {
    const { closedUntil } = admission
    await recordWrongPassword(parts, { because, closedUntil, subject: owner?.id ?? null, caller })
    return { ok: false, because: 'wrong', clockOff: false, ended: false, retryAt: closedUntil }
  }
  const verdict = await checkPassword(parts.hashing, owner, password, guesser)
  if (!verdict.ok) return refuse(verdict.because)
  await renewHash(parts.db, parts.hashing, verdict.owner, password, caller)
  const userId = verdict.owner.id
  const progress = await parts.db.transaction().execute(async (trx) => {
    if (!(await holdPassword(trx, verdict.owner))) return null
    await forgiveGuess(trx, limits)
    await record(
      trx,
      { name: 'sign-in.begun', details: { knownBrowser: browser !== null } },
      { now, caller, actor: userId, subject: userId },
    )
    const along = setUpLink === undefined ? [] : [await spendSetUpLink(trx, { token: setUpLink, userId, caller, now })]
    return beginSignIn(trx, parts, { userId, proof: { by: 'password', at: now }, along, returnTo, caller, now })
  })
  return progress ? { ok: true, progress } : refuse('wrong')
}

type Wrong = Extract<PasswordVerdict, { ok: false }>['because']

async function recordWrongPassword(
  parts: SignInParts,
  {
    because,
    closedUntil,
    subject,
    caller,
  }: { because: Wrong; closedUntil: Instant | null; subject: string | null; caller: Caller },
): Promise<void> {
  const about = { now: parts.clock(), caller, actor: null, subject }
  await parts.db.transaction().execute(async (trx) => {
    await record(trx, { name: 'password.refused', details: { because } }, about)
    if (closedUntil === null) return
    const until = isoTime(closedUntil)
    await record(trx, { name: 'attempts.blocked', details: { method: 'password', until } }, about)
  })
}

/** Proves the password again, in a step-up of an account that has no stronger factor. */
export async function provePassword(
  parts: SignInParts,
  pending: PendingSignIn,
  { password, caller, knownBrowser }: Guess & { password: string },
): Promise<Proving> {
  if (pending.step.at !== 'first-factor' || !pending.step.offer.includes('password')) throw new Refusal('sign-in-over')
  const { signIn, account } = pending
  const limits = passwordLimits({
    emailKey: account.user.emailKey,
    browser: await browserOf(parts, account, knownBrowser),
    address: caller.address,
  })
  const admission = await admitGuess(parts, signIn, limits)
  if (!admission.ok) return admission
  const verdict = await checkPassword(
    parts.hashing,
    await findPasswordOwner(parts.db, account.user.emailKey, parts.clock()),
    password,
    { ...caller, isKnown: true },
  )
  if (!verdict.ok || verdict.owner.id !== account.user.id) {
    const because = verdict.ok ? 'wrong' : verdict.because
    await refuseGuess(parts, {
      signIn,
      admission,
      method: 'password',
      caller,
      event: { name: 'password.refused', details: { because } },
    })
    return { ok: false, because: 'wrong', clockOff: false, ended: admission.last, retryAt: admission.closedUntil }
  }
  const proving = await accept(parts, pending, {
    limits,
    caller,
    method: 'password',
    proof: (now) => ({ by: 'password', at: now }),
    spend: (trx) => holdPassword(trx, verdict.owner),
  })
  if (!proving.ok) throw new Refusal('sign-in-over')
  return proving
}

/** Proves a code from an authenticator app. */
export async function proveTotp(
  parts: SignInParts,
  pending: PendingSignIn,
  { code, caller, knownBrowser }: Guess & { code: unknown },
): Promise<Proving> {
  mustBeOffered(pending, 'totp')
  const { signIn, account } = pending
  const limits = secondFactorLimits({
    userId: account.user.id,
    browser: await browserOf(parts, account, knownBrowser),
    address: caller.address,
  })
  const userId = account.user.id
  let guessed: readonly Guessed[] = []
  const admission = await admitGuess(parts, signIn, limits, async (trx) => {
    guessed = await countAgainstAuthenticators(trx, userId)
  })
  if (!admission.ok) return admission
  const parsed = parseCode(code)
  const match = await matchAuthenticator(parts.db, parts.sealer, { userId, guessed, code: parsed }, parts.clock())
  const refuse = async (because: WrongBecause, clockOff = false): Promise<Unproved> => {
    const details = { method: 'totp' as const, because, ...(clockOff ? { clockOff } : {}) }
    await refuseGuess(parts, {
      signIn,
      admission,
      method: 'totp',
      caller,
      event: { name: 'second-factor.refused', details },
    })
    const told = because === 'malformed' ? 'wrong' : because
    return { ok: false, because: told, clockOff, ended: admission.last, retryAt: admission.closedUntil }
  }
  if (!match.ok) {
    if (match.because === 'wrong') return refuse(parsed === null ? 'malformed' : 'wrong', match.clockOff)
    await announceDisabled(parts, account, match.justNow, caller)
    return refuse('disabled')
  }
  const { factor, step } = match
  const proving = await accept(parts, pending, {
    limits,
    caller,
    method: 'totp',
    proof: (now) => ({ by: 'totp', at: now, factor }),
    spend: (trx, now) => spendStep(trx, { factor, step, now }),
  })
  return proving.ok ? proving : refuse('spent')
}

async function announceDisabled(
  parts: SignInParts,
  account: Account,
  factors: readonly string[],
  caller: Caller,
): Promise<void> {
  const now = parts.clock()
  const about = { now, caller, actor: null, subject: account.user.id }
  await parts.db.transaction().execute(async (trx) => {
    for (const factor of factors)
      await record(trx, { name: 'totp.disabled-by-wrong-codes', details: { factor } }, about)
    if (factors.length > 0) await parts.notify(trx, { about: 'authenticator-blocked' }, { account, caller, now })
  })
}

/** Proves a recovery code. The person is told how many are left by the pages that follow, and by mail. */
export async function proveRecoveryCode(
  parts: SignInParts,
  pending: PendingSignIn,
  { code, caller, knownBrowser }: Guess & { code: unknown },
): Promise<Proving> {
  mustBeOffered(pending, 'recovery-code')
  const { signIn, account } = pending
  const userId = account.user.id
  const limits = secondFactorLimits({
    userId,
    browser: await browserOf(parts, account, knownBrowser),
    address: caller.address,
  })
  const admission = await admitGuess(parts, signIn, limits)
  if (!admission.ok) return admission
  const parsed = parseRecoveryCode(code)
  const found = parsed === null ? null : await lookUpCode(parts.db, parts.hashing, userId, parsed, caller)
  const proving = found
    ? await accept(parts, pending, {
        limits,
        caller,
        method: 'recovery-code',
        proof: (now) => ({ by: 'recovery-code', at: now }),
        spend: async (trx, now) => {
          if (!(await spendCode(trx, found, now))) return false
          const left = (await countCodes(trx, userId))?.left ?? 0
          await record(
            trx,
            { name: 'recovery-codes.used', details: { left } },
            { now, caller, actor: userId, subject: userId },
          )
          await parts.notify(trx, { about: 'recovery-code-used', left }, { account, caller, now })
          return true
        },
      })
    : null
  if (proving?.ok) return proving
  const details = {
    method: 'recovery-code' as const,
    because: parsed === null ? ('malformed' as const) : ('wrong' as const),
  }
  await refuseGuess(parts, {
    signIn,
    admission,
    method: 'recovery-code',
    caller,
    event: { name: 'second-factor.refused', details },
  })
  return { ok: false, because: 'wrong', clockOff: false, ended: admission.last, retryAt: admission.closedUntil }
}

/** Thrown inside the transaction to take it back: what was proved has been spent before. */
class NotSpent extends Error {}

/** Spends what was proved and records the proof, in one transaction; false from `spend` leaves everything as it was. */
async function accept(
  parts: SignInParts,
  { signIn }: PendingSignIn,
  {
    limits,
    caller,
    method,
    proof,
    spend,
  }: {
    limits: GuessLimits
    caller: Caller
    method: Method
    proof: (now: Instant) => Proof
    spend: (trx: DatabaseTransaction, now: Instant) => Promise<boolean>
  },
): Promise<{ ok: true; progress: Progress } | { ok: false }> {
  const now = parts.clock()
  const acceptIn = async (trx: DatabaseTransaction): Promise<{ ok: true; progress: Progress }> => {
    await forgiveGuess(trx, limits)
    if (!(await spend(trx, now))) throw new NotSpent()
    const about = { now, caller, actor: signIn.userId, subject: signIn.userId }
    if (method !== 'password')
      await record(trx, { name: 'second-factor.accepted', details: { method, purpose: signIn.purpose } }, about)
    return { ok: true, progress: await recordProof(trx, parts, { signIn, proof: proof(now), caller, now }) }
  }
  return parts.db
    .transaction()
    .execute(acceptIn)
    .catch((error: unknown) => {
      if (error instanceof NotSpent) return { ok: false }
      throw error
    })
}

function mustBeOffered({ step }: PendingSignIn, kind: 'totp' | 'recovery-code'): void {
  if (step.at !== 'second-factor' || !step.offer.includes(kind)) throw new Refusal('sign-in-over')
}

async function browserOf(parts: SignInParts, { user }: Account, cookie: string | null): Promise<string | null> {
  const now = parts.clock()
  return knownBrowserId(await parts.keys.inUse(parts.db, now), browserOwner(user), cookie, now)
}
