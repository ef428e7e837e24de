// Guesses within a sign-in: each is counted against the sign-in and against its limits before it is checked, taken back when
// it was right, and recorded when it was wrong. The fifth wrong one ends the sign-in.

import { admit, forgive } from '../attempts/attempts.ts'
import type { AuditEvent, Method } from '../audit/events.ts'
import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { Refusal } from '../refusal.ts'
import { type Instant, isoTime } from '../time.ts'
import { takeGuessWarning } from '../users/guess-warning.ts'
import { readAccount, type SignInRecord } from './account.ts'
import { type GuessLimits, inOrder } from './guesses.ts'
import type { SignInParts } from './parts.ts'

/** This many wrong second-factor guesses end a sign-in; the account's own count runs on over new ones. */
export const guessesPerSignIn = 5

/** A guess that was counted and may be checked, or the time from which the next one may be made. */
export type GuessAdmission =
  | { ok: true; closedUntil: Instant | null; last: boolean }
  | { ok: false; because: 'blocked'; retryAt: Instant }

/**
 * Counts one guess against the sign-in and against its limits, before it is checked. Throws `sign-in-over` when the
 * sign-in has had its guesses.
 */
export async function admitGuess(
  parts: SignInParts,
  signIn: SignInRecord,
  limits: GuessLimits,
): Promise<GuessAdmission> {
  const admission = await admit(parts, inOrder(limits), parts.clock())
  if (!admission.admitted) return { ok: false, because: 'blocked', retryAt: admission.retryAt }
  const counted = await parts.db
    .updateTable('sign_ins')
    .set((e) => ({ guesses: e('guesses', '+', 1) }))
    .where('id', '=', signIn.id)
    .where('guesses', '<', guessesPerSignIn)
    .returning('guesses')
    .executeTakeFirst()
  if (!counted) throw new Refusal('sign-in-over')
  return { ok: true, closedUntil: admission.closedUntil, last: counted.guesses >= guessesPerSignIn }
}

/** Takes the count of a right guess back, in the transaction that records its proof. */
export async function forgiveGuess(trx: DatabaseTransaction, limits: GuessLimits): Promise<void> {
  await forgive(trx, limits.own, limits.shared)
}

/** Tells the person, once a day at most, that somebody has their right password and guesses at the second factor. */
async function tellOfGuesses(
  trx: DatabaseTransaction,
  parts: SignInParts,
  { userId, caller, now }: { userId: string; caller: Caller; now: Instant },
): Promise<void> {
  const account = await readAccount(trx, userId, now)
  if (!account || !(await takeGuessWarning(trx, userId, now))) return
  await parts.notify(trx, { about: 'second-factor-guessed' }, { account, caller, now })
  const about = { now, caller, actor: null, subject: userId }
  await record(trx, { name: 'second-factor.guesses-told', details: {} }, about)
}

/** Records a wrong guess, and ends the sign-in when that was its last. */
export async function refuseGuess(
  parts: SignInParts,
  {
    signIn,
    admission,
    event,
    method,
    caller,
  }: {
    signIn: SignInRecord
    admission: { closedUntil: Instant | null; last: boolean }
    event: AuditEvent
    method: Method
    caller: Caller
  },
): Promise<void> {
  const about = { now: parts.clock(), caller, actor: null, subject: signIn.userId }
  await parts.db.transaction().execute(async (trx) => {
    await record(trx, event, about)
    if (admission.closedUntil !== null) {
      const until = isoTime(admission.closedUntil)
      await record(trx, { name: 'attempts.blocked', details: { method, until } }, about)
    }
    if (signIn.purpose === 'sign-in' && (admission.last || admission.closedUntil !== null))
      await tellOfGuesses(trx, parts, { userId: signIn.userId, caller, now: about.now })
    if (!admission.last) return
    await trx.deleteFrom('sign_ins').where('id', '=', signIn.id).execute()
    await record(trx, { name: 'sign-in.ended-by-wrong-codes', details: { guesses: guessesPerSignIn } }, about)
  })
}
