// Guesses within a sign-in: each is counted against the sign-in and against its limits before it is checked, taken back when
// it was right, and recorded when it was wrong. The fifth wrong one ends the sign-in.

import { admit, forgive } from '../attempts/attempts.ts'
import type { AuditEvent, Method } from '../audit/events.ts'
import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
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

const counting = prepare((db, given: { id: string }) =>
  db
    .updateTable('sign_ins')
    .set((e) => ({ guesses: e('guesses', '+', 1) }))
    .where('id', '=', given.id)
    .where('guesses', '<', guessesPerSignIn)
    .returning('guesses'),
)

/**
 * Counts one guess against its limits, against the factor where that keeps a count of its own, and against the sign-in,
 * all in one commit before it is checked. Throws `sign-in-over` when the sign-in has had its guesses. In this order, which
 * accepting a guess keeps to: of two guesses at once, one waits for the other, and never each for the other.
 */
export async function admitGuess(
  parts: SignInParts,
  signIn: SignInRecord,
  limits: GuessLimits,
  countAgainstFactor: (trx: DatabaseTransaction) => Promise<void> = async () => {},
): Promise<GuessAdmission> {
  const { admission, counted } = await parts.db.transaction().execute(async (trx) => {
    const admission = await admit({ db: trx, measures: parts.measures }, inOrder(limits), parts.clock())
    if (!admission.admitted) return { admission, counted: null }
    await countAgainstFactor(trx)
    return { admission, counted: await counting.first(trx, { id: signIn.id }) }
  })
  if (!admission.admitted) return { ok: false, because: 'blocked', retryAt: admission.retryAt }
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
