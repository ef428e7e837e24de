// Who a person is at an identity provider: issuer and subject, and never an e-mail address. One identity belongs to one user.
// To use an identity writes its row, so that using it and unlinking it happen one after the other.

import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { isTaken } from '../database/unique.ts'
import { Refusal } from '../refusal.ts'
import { newId } from '../secrets/tokens.ts'
import type { Instant } from '../time.ts'

/** What an identity is found by. */
export interface IdentityKey {
  providerId: string
  issuer: string
  subject: string
}

export interface Identity extends IdentityKey {
  id: string
  userId: string
  /** What the provider last said, for showing only. */
  email: string | null
  linkedAt: Instant
  lastUsedAt: Instant | null
}

export const longestSubject = 255

/** Tells whether this can be a subject at all: text that is not empty and not too long (OpenID Connect Core §2). */
export function isSubject(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= longestSubject
}

/** Finds whose identity this is; null when it is nobody's yet. */
export async function findIdentity(db: Database, key: IdentityKey): Promise<{ id: string; userId: string } | null> {
  const row = await db
    .selectFrom('identities')
    .select(['id', 'user_id'])
    .where('provider_id', '=', key.providerId)
    .where('issuer', '=', key.issuer)
    .where('subject', '=', key.subject)
    .executeTakeFirst()
  return row ? { id: row.id, userId: row.user_id } : null
}

/** Links an identity to a user and gives its id. Throws `conflict` when it is somebody's already. */
export async function linkIdentity(
  trx: DatabaseTransaction,
  { providerId, issuer, subject }: IdentityKey,
  { userId, email, now }: { userId: string; email: string | null; now: Instant },
): Promise<string> {
  if (!isSubject(subject)) throw new Refusal('bad-request')
  const id = newId()
  await trx
    .insertInto('identities')
    .values({ id, provider_id: providerId, issuer, subject, user_id: userId, email, linked_at: now })
    .execute()
    .catch((cause: unknown) => {
      throw isTaken(cause) ? new Refusal('conflict', { cause }) : cause
    })
  return id
}

/** Notes that an identity was used; false when it is not that user's (any more). */
export async function useIdentity(
  trx: DatabaseTransaction,
  { id, userId }: { id: string; userId: string },
  { email, now }: { email: string | null; now: Instant },
): Promise<boolean> {
  const used = await trx
    .updateTable('identities')
    .set({ last_used_at: now, email })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return changedRows(used) === 1
}

/** Unlinks an identity of this user; false when they have none of that id. The caller ends what came by it. */
export async function unlinkIdentity(trx: DatabaseTransaction, userId: string, id: string): Promise<boolean> {
  const unlinked = await trx
    .deleteFrom('identities')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return changedRows(unlinked) === 1
}

/** Lists a user's identities, the one that was linked first coming first. */
export async function listIdentities(db: Database, userId: string): Promise<Identity[]> {
  const rows = await db
    .selectFrom('identities')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('linked_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    providerId: row.provider_id,
    issuer: row.issuer,
    subject: row.subject,
    userId: row.user_id,
    email: row.email,
    linkedAt: row.linked_at,
    lastUsedAt: row.last_used_at,
  }))
}

/** Counts the identities at a provider. */
export async function countIdentities(db: Database, providerId: string): Promise<number> {
  const row = await db
    .selectFrom('identities')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('provider_id', '=', providerId)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}
