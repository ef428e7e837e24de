// The first administrator. On an empty database a one-time link lets whoever reads the server's output create one; the
// door closes for ever, in the same write, when one exists. Deleting that administrator does not open it again.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Caller } from '../audit/record.ts'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { Refusal } from '../refusal.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { Instant } from '../time.ts'
import { createUser } from './users.ts'

/** Tells whether the set-up link still works. */
export async function isFirstAdministratorMissing(db: Database): Promise<boolean> {
  const row = await db.selectFrom('installation').select('first_administrator_at').executeTakeFirstOrThrow()
  return row.first_administrator_at === null
}

/**
 * Makes the token of the set-up link from the newest key and this database's birth. Nothing is stored, and several
 * processes that start on one empty database print the same link. With the next key, the link is another one.
 */
export async function firstAdministratorToken(db: Database, keys: KeyRing): Promise<string> {
  const key = await keys.newest(db)
  const { created_at } = await db.selectFrom('installation').select('created_at').executeTakeFirstOrThrow()
  return createHmac('sha256', key.derive('first-administrator')).update(String(created_at)).digest('base64url')
}

/** Compares in constant time whether this is the set-up link's token, and the link is still open. */
export async function mayCreateFirstAdministrator(db: Database, keys: KeyRing, token: string): Promise<boolean> {
  const expected = Buffer.from(await firstAdministratorToken(db, keys))
  const given = Buffer.from(token)
  const same = given.length === expected.length && timingSafeEqual(given, expected)
  return same && (await isFirstAdministratorMissing(db))
}

/** Creates the first administrator and closes the door, or throws `link-invalid` when it is closed already. */
export async function createFirstAdministrator(
  trx: DatabaseTransaction,
  {
    email,
    name,
    passwordHash,
    by,
    caller,
    now,
  }: {
    email: string
    name: string | null
    passwordHash: string
    by: 'first-administrator' | 'settings'
    caller: Caller | null
    now: Instant
  },
): Promise<string> {
  const closed = await trx
    .updateTable('installation')
    .set({ first_administrator_at: now })
    .where('id', '=', 1)
    .where('first_administrator_at', 'is', null)
    .executeTakeFirst()
  if (changedRows(closed) !== 1) throw new Refusal('link-invalid')
  return createUser(trx, { email, name, role: 'administrator', passwordHash }, by, { now, caller, actor: null })
}

/** Voids the set-up link, where it is still open; the next start prints another one. */
export async function replaceSetUpLink(trx: DatabaseTransaction, now: Instant): Promise<void> {
  await trx.updateTable('installation').set({ created_at: now }).where('first_administrator_at', 'is', null).execute()
}
