// Turning 2FA on, saving and renewing recovery codes, renaming, turning it off: what a person does to their own factors,
// from a running session or from within a sign-in that enforcement has led here. Each change is one transaction with its
// event and its mail, ends the user's other sessions and sign-ins, and gives the one that made it a new token.

import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import {
  markSaved,
  type PreparedCodes,
  prepareCodes,
  removeCodes,
  replaceCodes,
} from '../recovery-codes/recovery-codes.ts'
import { Refusal } from '../refusal.ts'
import type { Proof } from '../sessions/proofs.ts'
import { endOtherSessions, type NewSession } from '../sessions/sessions.ts'
import type { Instant } from '../time.ts'
import { addAuthenticator, removeAuthenticators, renameAuthenticator } from '../totp/authenticators.ts'
import { type Enrolment, findEnrolment, openEnrolment, takeEnrolment } from '../totp/enrolment.ts'
import { clockIsOff, matchCode, parseCode } from '../totp/otp.ts'
import { endMfaReset } from '../users/mfa-reset.ts'
import { type Account, readAccount } from './account.ts'
import type { SignInParts } from './parts.ts'
import { addProofToSession, endOtherSignIns, type Progress, recordProof } from './sign-in.ts'
import { type AnyStanding, type PendingSignIn, requirementOf, type Standing } from './standing.ts'

/** Who is changing their factors: a session, or a sign-in in progress. */
export type Holder = { in: 'session'; standing: Standing } | { in: 'sign-in'; pending: PendingSignIn }

/** The new token after a change: the session's, or the sign-in's, which may have become a session. */
export type Continued = { in: 'session'; session: NewSession } | { in: 'sign-in'; progress: Progress }

/** Gives the account that the holder speaks for. */
export function accountOf(holder: Holder): Account {
  return holder.in === 'session' ? holder.standing.account : holder.pending.account
}

function holderId(holder: Holder): string {
  return holder.in === 'session' ? holder.standing.session.id : holder.pending.signIn.id
}

/**
 * May this holder see a new secret? Only when nothing stands before enrolment: every factor that the account has is
 * proved, and freshly. Throws what is owed instead. Whoever has an authenticator already is about to replace it.
 */
export function mustBeReadyToEnrol(holder: Holder): void {
  const step = holder.in === 'session' ? holder.standing.sensitiveStep : holder.pending.step
  if (step.at !== 'enrol' && step.at !== 'done')
    throw new Refusal(holder.in === 'session' ? 'step-up-needed' : 'sign-in-over')
}

/** Shows the secret that this holder is about to put into an app: the same one until it is confirmed or runs out. */
export async function showEnrolment(parts: SignInParts, holder: Holder, caller: Caller): Promise<Enrolment> {
  mustBeReadyToEnrol(holder)
  return openEnrolment(
    parts.db,
    parts.sealer,
    { userId: accountOf(holder).user.id, holder: holderId(holder) },
    { now: parts.clock(), caller },
  )
}

export type Enrolling =
  | { ok: true; codes: PreparedCodes; continued: Continued }
  | { ok: false; because: 'wrong' | 'expired'; clockOff: 'behind' | 'ahead' | null }

/**
 * Confirms the authenticator with a code of the new secret. From here 2FA is on, and an authenticator that the user had
 * before is gone; until here it stayed as it was. The step of the confirming code is spent. Comes back with ten recovery codes to show: they count once the person has saved them.
 */
export async function confirmEnrolment(
  parts: SignInParts,
  holder: Holder,
  { enrolmentId, code, name, caller }: { enrolmentId: string; code: unknown; name: string; caller: Caller },
): Promise<Enrolling> {
  mustBeReadyToEnrol(holder)
  const now = parts.clock()
  const { user } = accountOf(holder)
  const enrolment = await findEnrolment(parts.db, parts.sealer, { userId: user.id, holder: holderId(holder) }, now)
  const parsed = parseCode(code)
  const step =
    enrolment && enrolment.id === enrolmentId && parsed !== null ? matchCode(enrolment.secret, parsed, now) : null
  if (!enrolment || enrolment.id !== enrolmentId)
    return refuseEnrolment(parts, holder, { because: 'expired', clockOff: null, caller })
  if (step === null) {
    const clockOff = parsed === null ? null : clockIsOff(enrolment.secret, parsed, now, 'past-and-future')
    return refuseEnrolment(parts, holder, { because: 'wrong', clockOff, caller })
  }
  const codes = await prepareCodes(parts.hashing, caller)
  const continued = await parts.db.transaction().execute(async (trx) => {
    const sealedSecret = await takeEnrolment(trx, user.id, enrolment.id, now)
    if (sealedSecret === null) return null
    const replaced = await removeAuthenticators(trx, user.id)
    await addAuthenticator(trx, { id: enrolment.id, userId: user.id, name, sealedSecret, step, now })
    const about = { now, caller, actor: user.id, subject: user.id }
    if (replaced > 0) await record(trx, { name: 'totp.removed', details: { factors: replaced } }, about)
    await record(trx, { name: 'totp.enrolled', details: { factor: enrolment.id, name } }, about)
    await replaceCodes(trx, user.id, codes, now)
    await record(trx, { name: 'recovery-codes.created', details: { set: codes.id } }, about)
    return afterChange(trx, parts, holder, {
      proof: { by: 'totp', at: now, factor: enrolment.id },
      notice: { about: replaced > 0 ? 'authenticator-replaced' : 'mfa-enabled' },
      caller,
      now,
    })
  })
  // Confirmed meanwhile, here or elsewhere: this holder's token is dead, and a new secret is not for it to see.
  if (!continued) throw new Refusal(holder.in === 'session' ? 'signed-out' : 'sign-in-over')
  return { ok: true, codes, continued }
}

async function refuseEnrolment(
  parts: SignInParts,
  holder: Holder,
  { because, clockOff, caller }: { because: 'wrong' | 'expired'; clockOff: 'behind' | 'ahead' | null; caller: Caller },
): Promise<Enrolling> {
  const userId = accountOf(holder).user.id
  const details = { because, ...(clockOff ? { clockOff: true } : {}) }
  await parts.db
    .transaction()
    .execute((trx) =>
      record(
        trx,
        { name: 'totp.enrolment-refused', details },
        { now: parts.clock(), caller, actor: userId, subject: userId },
      ),
    )
  return { ok: false, because, clockOff }
}

/** Makes ten new recovery codes in place of the old ones, which stop working at once. */
export async function renewRecoveryCodes(
  parts: SignInParts,
  holder: Holder,
  caller: Caller,
): Promise<{ codes: PreparedCodes; continued: Continued }> {
  mustHaveProvedSecondFactor(holder)
  const { user } = accountOf(holder)
  const codes = await prepareCodes(parts.hashing, caller)
  const now = parts.clock()
  const continued = await parts.db.transaction().execute(async (trx) => {
    await replaceCodes(trx, user.id, codes, now)
    await record(
      trx,
      { name: 'recovery-codes.created', details: { set: codes.id } },
      { now, caller, actor: user.id, subject: user.id },
    )
    return afterChange(trx, parts, holder, { proof: null, notice: { about: 'recovery-codes-created' }, caller, now })
  })
  return { codes, continued }
}

/** Recovery codes are shown only to whoever has just proved every factor (NIST 800-63B-4 §4.2.1.1). */
function mustHaveProvedSecondFactor(holder: Holder): void {
  const step = holder.in === 'session' ? holder.standing.sensitiveStep : holder.pending.step
  const ready = accountOf(holder).enrolled.length > 0 && (step.at === 'recovery-codes' || step.at === 'done')
  if (!ready) throw new Refusal(holder.in === 'session' ? 'step-up-needed' : 'sign-in-over')
}

/** "I have saved these codes": from now on they count, and a sign-in that waited for it goes on. Null for another set than the current one. */
export async function saveRecoveryCodes(
  parts: SignInParts,
  holder: Holder,
  { setId, caller }: { setId: string; caller: Caller },
): Promise<Continued | 'same-session' | null> {
  const now = parts.clock()
  const userId = accountOf(holder).user.id
  return parts.db.transaction().execute(async (trx) => {
    if (!(await markSaved(trx, userId, setId, now))) return null
    await record(
      trx,
      { name: 'recovery-codes.saved', details: { set: setId } },
      { now, caller, actor: userId, subject: userId },
    )
    // What a reset asked for is done.
    if (accountOf(holder).user.mfaResetAt !== null) await endMfaReset(trx, userId)
    if (holder.in === 'session') return 'same-session'
    return {
      in: 'sign-in',
      progress: await recordProof(trx, parts, { signIn: holder.pending.signIn, proof: null, caller, now }),
    }
  })
}

/** Renames an authenticator of the session's own user. */
export async function renameOwnAuthenticator(
  parts: SignInParts,
  standing: Standing,
  { id, name, caller }: { id: string; name: string; caller: Caller },
): Promise<Continued> {
  mustBeFresh(standing)
  const userId = standing.account.user.id
  const now = parts.clock()
  return parts.db.transaction().execute(async (trx) => {
    if (!(await renameAuthenticator(trx, userId, id, name))) throw new Refusal('not-found')
    await record(
      trx,
      { name: 'totp.renamed', details: { factor: id, name } },
      { now, caller, actor: userId, subject: userId },
    )
    return afterChange(
      trx,
      parts,
      { in: 'session', standing },
      { proof: null, notice: { about: 'authenticator-renamed', name }, caller, now },
    )
  })
}

/** Turns 2FA off: removes the authenticators and the recovery codes. Refused while MFA is required of the user. */
export async function disableMfa(parts: SignInParts, standing: Standing, caller: Caller): Promise<Continued> {
  mustBeFresh(standing)
  const userId = standing.account.user.id
  const now = parts.clock()
  return parts.db.transaction().execute(async (trx) => {
    // Asked again inside the transaction: enforcement may have been switched on since the page was opened.
    const account = await readAccount(trx, userId, now)
    if (!account) throw new Refusal('signed-out')
    if ((await requirementOf(parts, trx, account)).level !== 'nothing') throw new Refusal('mfa-enforced')
    const factors = await removeAuthenticators(trx, userId)
    if (factors === 0) throw new Refusal('conflict')
    await removeCodes(trx, userId)
    const about = { now, caller, actor: userId, subject: userId }
    await record(trx, { name: 'totp.removed', details: { factors } }, about)
    await record(trx, { name: 'recovery-codes.removed', details: {} }, about)
    return afterChange(
      trx,
      parts,
      { in: 'session', standing },
      { proof: null, notice: { about: 'mfa-disabled' }, caller, now },
    )
  })
}

/** Refuses a sensitive act without a fresh proof of the strongest factor. A token proves nothing afresh, so such an act is not for it. */
export function mustBeFresh(standing: AnyStanding): asserts standing is Standing {
  if (standing.via === 'token') throw new Refusal('not-for-tokens')
  if (standing.sensitiveStep.at !== 'done') throw new Refusal('step-up-needed')
}

async function afterChange(
  trx: DatabaseTransaction,
  parts: SignInParts,
  holder: Holder,
  {
    proof,
    notice,
    caller,
    now,
  }: { proof: Proof | null; notice: Parameters<SignInParts['notify']>[1]; caller: Caller; now: Instant },
): Promise<Continued> {
  const account = accountOf(holder)
  const userId = account.user.id
  const keepSession = holder.in === 'session' ? holder.standing.session.id : null
  const count = await endOtherSessions(trx, userId, keepSession)
  await endOtherSignIns(trx, userId, holder.in === 'sign-in' ? holder.pending.signIn.id : null)
  const about = { now, caller, actor: userId, subject: userId }
  if (count > 0) await record(trx, { name: 'sessions.ended', details: { count, because: 'factor-changed' } }, about)
  await parts.notify(trx, notice, { account, caller, now })
  if (holder.in === 'sign-in')
    return {
      in: 'sign-in',
      progress: await recordProof(trx, parts, { signIn: holder.pending.signIn, proof, caller, now }),
    }
  return {
    in: 'session',
    session: await addProofToSession(trx, parts, { session: holder.standing.session, proof, now }),
  }
}
