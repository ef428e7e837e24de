// Accounts that have run out, for the sweep that writes it down. Once an account is noted, it is not found again until it
// has got another end.

import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import type { Instant } from '../time.ts'

/** Finds accounts that have run out and are not noted yet, some at a time. */
export async function listExpired(db: Database, now: Instant): Promise<{ id: string; expiresAt: Instant }[]> {
  const rows = await db
    .selectFrom('users')
    .select(['id', 'expires_at'])
    .where('expires_at', '<=', now)
    .where('expiry_noted_at', 'is', null)
    .orderBy('expires_at')
    .limit(200)
    .execute()
  return rows.flatMap(({ id, expires_at }) => (expires_at === null ? [] : [{ id, expiresAt: expires_at }]))
}

/** Notes that this account has run out; false when somebody else was quicker, or it has another end by now. */
export async function noteExpiry(trx: DatabaseTransaction, id: string, now: Instant): Promise<boolean> {
  const noted = await trx
    .updateTable('users')
    .set({ expiry_noted_at: now })
    .where('id', '=', id)
    .where('expires_at', '<=', now)
    .where('expiry_noted_at', 'is', null)
    .executeTakeFirst()
  return changedRows(noted) === 1
}
