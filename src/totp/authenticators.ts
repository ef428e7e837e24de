// Authenticator apps that a user has. A code's 30-second step is spent by one guarded write; an older step is never
// accepted after a newer one, whichever page or process it is typed into (RFC 6238 §5.2, ASVS 6.5.1).

import { sql } from 'kysely'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
import type { Sealer } from '../secrets/sealing.ts'
import type { Instant } from '../time.ts'
import { secretBinding } from './enrolment.ts'
import { acceptedDrift, clockIsOff, matchCode, stepAt } from './otp.ts'

/** After this many wrong codes in a row an authenticator is disabled until it is reset (NIST 800-63B-4 §3.2.2). */
export const failuresUntilDisabled = 100

export type CodeMatch =
  | { ok: true; factor: string; step: number }
  | { ok: false; because: 'wrong'; clockOff: boolean }
  | { ok: false; because: 'disabled'; justNow: readonly string[] }

const counting = prepare((db, given: { userId: string }) =>
  db
    .updateTable('totp_factors')
    .set({ failures: sql<number>`failures + 1` })
    .where('user_id', '=', given.userId)
    .where('failures', '<', failuresUntilDisabled)
    .where('disabled_at', 'is', null)
    .returning(['id', 'sealed_secret']),
)

/** An authenticator that a guess has been counted against. Its secret is still sealed. */
export type Guessed = Awaited<ReturnType<typeof counting.all>>[number]

/** Counts one guess against each of the user's authenticators; `spendStep` takes the count back. Only what comes back may be compared. */
export function countAgainstAuthenticators(trx: DatabaseTransaction, userId: string): Promise<Guessed[]> {
  return counting.all(trx, { userId })
}

/**
 * Looks which of the authenticators shows this code: those that the guess has been counted against, for good. Accepts
 * nothing by itself: the caller must spend the step that comes back.
 */
export async function matchAuthenticator(
  db: Database,
  sealer: Sealer,
  { userId, guessed, code }: { userId: string; guessed: readonly Guessed[]; code: string | null },
  now: Instant,
): Promise<CodeMatch> {
  let clockOff = false
  for (const row of guessed) {
    if (code === null) break
    const secret = await sealer.open(db, row.sealed_secret, secretBinding(userId, row.id))
    const step = matchCode(secret, code, now)
    if (step !== null) return { ok: true, factor: row.id, step }
    clockOff ||= clockIsOff(secret, code, now, 'past') !== null
  }
  const justNow = await disableWhatFailedTooOften(db, userId, now)
  return guessed.length === 0 || justNow.length > 0
    ? { ok: false, because: 'disabled', justNow }
    : { ok: false, because: 'wrong', clockOff }
}

async function disableWhatFailedTooOften(db: Database, userId: string, now: Instant): Promise<string[]> {
  const rows = await db
    .updateTable('totp_factors')
    .set({ disabled_at: now })
    .where('user_id', '=', userId)
    .where('failures', '>=', failuresUntilDisabled)
    .where('disabled_at', 'is', null)
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}

const spending = prepare((db, given: { factor: string; step: number; now: Instant }) =>
  db
    .updateTable('totp_factors')
    .set({ last_step: given.step, last_used_at: given.now, failures: 0 })
    .where('id', '=', given.factor)
    .where('last_step', '<', given.step)
    .where('disabled_at', 'is', null),
)

/** Spends a step: exactly one caller gets true for it, ever, and nobody for an older one. Clears the count of failures. */
export async function spendStep(
  trx: DatabaseTransaction,
  { factor, step, now }: { factor: string; step: number; now: Instant },
): Promise<boolean> {
  return (await spending.changed(trx, { factor, step, now })) === 1
}

/** Spends, for everybody, every step that a code may have been accepted for up to now: that of a fast clock included. */
export async function spendStepsUntil(trx: DatabaseTransaction, now: Instant): Promise<void> {
  const step = stepAt(now) + acceptedDrift
  await trx.updateTable('totp_factors').set({ last_step: step }).where('last_step', '<', step).execute()
}

/** Adds a confirmed authenticator. The step that confirmed it is spent. */
export async function addAuthenticator(
  trx: DatabaseTransaction,
  factor: { id: string; userId: string; name: string; sealedSecret: string; step: number; now: Instant },
): Promise<void> {
  await trx
    .insertInto('totp_factors')
    .values({
      id: factor.id,
      user_id: factor.userId,
      name: factor.name,
      sealed_secret: factor.sealedSecret,
      created_at: factor.now,
      last_used_at: factor.now,
      last_step: factor.step,
      failures: 0,
    })
    .execute()
}

export interface Authenticator {
  id: string
  name: string
  addedAt: Instant
  lastUsedAt: Instant | null
  disabledAt: Instant | null
}

/** Lists a user's authenticators, oldest first. No secret leaves with them. */
export async function listAuthenticators(db: Database, userId: string): Promise<Authenticator[]> {
  const rows = await db
    .selectFrom('totp_factors')
    .select(['id', 'name', 'created_at', 'last_used_at', 'disabled_at'])
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    addedAt: row.created_at,
    lastUsedAt: row.last_used_at,
    disabledAt: row.disabled_at,
  }))
}

/** Renames one of the user's own authenticators; false when there is no such one. */
export async function renameAuthenticator(
  trx: DatabaseTransaction,
  userId: string,
  id: string,
  name: string,
): Promise<boolean> {
  const renamed = await trx
    .updateTable('totp_factors')
    .set({ name })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return changedRows(renamed) === 1
}

/** Removes all authenticators of a user and tells how many there were. */
export async function removeAuthenticators(trx: DatabaseTransaction, userId: string): Promise<number> {
  return changedRows(await trx.deleteFrom('totp_factors').where('user_id', '=', userId).executeTakeFirst())
}
