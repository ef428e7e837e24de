// A user's password: check it, set it. Checking takes the same time whether or not there is such a user.

import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
import type { Instant } from '../time.ts'
import { isActive } from '../users/state.ts'
import { type Guesser, type Hashing, isOutdated } from './hashing.ts'
import type { Waiter } from './queue.ts'

export interface PasswordOwner {
  id: string
  hash: string | null
  active: boolean
  passwordChangedAt: Instant | null
  browsersKnownSince: Instant | null
}

const ownerOf = prepare((db, given: { key: string }) =>
  db
    .selectFrom('users')
    .select(['id', 'password_hash', 'deactivated_at', 'expires_at', 'password_changed_at', 'browsers_known_since'])
    .where('email_key', '=', given.key),
)

/** Finds whose password it would be, by canonical address, and whether they may use it now. */
export async function findPasswordOwner(db: Database, key: string, now: Instant): Promise<PasswordOwner | null> {
  const row = await ownerOf.first(db, { key })
  if (!row) return null
  return {
    id: row.id,
    hash: row.password_hash,
    active: isActive(row, now),
    passwordChangedAt: row.password_changed_at,
    browsersKnownSince: row.browsers_known_since,
  }
}

export type PasswordVerdict =
  | { ok: true; owner: PasswordOwner }
  | { ok: false; because: 'wrong' | 'no-such-user' | 'deactivated' | 'no-password' }

/** Checks a password. Always costs one hash; the reason of a no is for the audit log, never for the caller. */
export async function checkPassword(
  hashing: Hashing,
  owner: PasswordOwner | null,
  password: string,
  guesser?: Guesser,
): Promise<PasswordVerdict> {
  const right = await hashing.verifyPassword(owner?.hash ?? null, password, guesser)
  if (!owner) return { ok: false, because: 'no-such-user' }
  if (owner.hash === null) return { ok: false, because: 'no-password' }
  if (!right) return { ok: false, because: 'wrong' }
  if (!owner.active) return { ok: false, because: 'deactivated' }
  return { ok: true, owner }
}

/**
 * Tells, in the transaction that goes by a right password, whether it is still the one that was checked: a hash takes long
 * enough for a change to come between. Holds the user's row until the transaction ends, so that a change that comes now
 * finds, and ends, what was begun with the old password.
 */
export async function holdPassword(
  trx: DatabaseTransaction,
  { id, passwordChangedAt }: PasswordOwner,
): Promise<boolean> {
  const held = await trx
    .updateTable('users')
    .set({ password_changed_at: passwordChangedAt })
    .where('id', '=', id)
    .where('password_changed_at', passwordChangedAt === null ? 'is' : '=', passwordChangedAt)
    .executeTakeFirst()
  return changedRows(held) === 1
}

/** Sets a password. The caller hashes it first, outside the transaction, and ends sessions as the occasion demands. */
export async function setPassword(trx: DatabaseTransaction, userId: string, hash: string, now: Instant): Promise<void> {
  await trx
    .updateTable('users')
    .set({ password_hash: hash, password_changed_at: now })
    .where('id', '=', userId)
    .execute()
}

/** Hashes a right password anew where the cost has changed since. It stays the same password, and nothing ends with it. */
export async function renewHash(
  db: Database,
  hashing: Hashing,
  { id, hash }: PasswordOwner,
  password: string,
  waiter?: Waiter,
): Promise<void> {
  if (hash === null || !isOutdated(hash)) return
  const renewed = await hashing.hashPassword(password, waiter)
  // Only in place of the hash that was checked: a password that was changed meanwhile stays changed.
  await db
    .updateTable('users')
    .set({ password_hash: renewed })
    .where('id', '=', id)
    .where('password_hash', '=', hash)
    .execute()
}
