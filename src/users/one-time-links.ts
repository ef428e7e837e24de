// One-time links to an account: to reset a password, to confirm a new address, to set MFA up again. A user has at most one
// of each purpose, because a new one takes the row of the older. Kept as a hash, bound to user and purpose, judged when
// used: expiry waits for no sweeper. Looking at a link consumes nothing; using it is one guarded write.

import type { Kysely } from 'kysely'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import type { OneTimeLinkPurpose, Tables } from '../database/tables.ts'
import { hashToken, newToken } from '../secrets/tokens.ts'
import { type Duration, hours, type Instant } from '../time.ts'
import { whereActive } from './state.ts'

/** Where a link leads: the page of its purpose, at the public address of the service and no other. */
export function addressOfLink(
  { url }: { url: string },
  purpose: OneTimeLinkPurpose | 'invitation',
  token: string,
): string {
  return `${url}${pages[purpose]}?token=${token}`
}

const pages: Readonly<Record<OneTimeLinkPurpose | 'invitation', string>> = {
  'reset-password': '/reset-password',
  'change-email': '/confirm-email',
  'set-up-mfa': '/set-up-mfa-link',
  invitation: '/accept-invitation',
}

/** How long a link of each purpose works. */
export const linkLife: Readonly<Record<OneTimeLinkPurpose, Duration>> = {
  'reset-password': hours(1),
  'change-email': hours(1),
  'set-up-mfa': hours(24),
}

export interface NewLink {
  token: string
  expiresAt: Instant
}

/** A link that may still be used. `email` is the new address of a change of address, as typed. */
export interface OpenLink {
  userId: string
  email: string | null
  createdBy: string | null
  expiresAt: Instant
}

/** Issues a link; any older one of the same user and purpose is void from then on. `createdBy` is null for the person themself. */
export async function issueLink(
  trx: DatabaseTransaction,
  {
    purpose,
    userId,
    email = null,
    createdBy = null,
  }: { purpose: OneTimeLinkPurpose; userId: string; email?: string | null; createdBy?: string | null },
  now: Instant,
): Promise<NewLink> {
  const link = { token: newToken(), expiresAt: now + linkLife[purpose] }
  const row = {
    token_hash: hashToken(link.token),
    email,
    created_by: createdBy,
    created_at: now,
    expires_at: link.expiresAt,
    used_at: null,
  }
  await trx
    .insertInto('one_time_links')
    .values({ id: `${purpose}:${userId}`, purpose, user_id: userId, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute()
  return link
}

/** Finds a link that may still be used; null for one that is unknown, for another purpose, used, replaced, too old, or of a user who may not sign in. */
export async function findLink(
  db: Database,
  purpose: OneTimeLinkPurpose,
  token: string,
  now: Instant,
): Promise<OpenLink | null> {
  const row = await db
    .selectFrom('one_time_links')
    .innerJoin('users', 'users.id', 'one_time_links.user_id')
    .select([
      'one_time_links.user_id',
      'one_time_links.email',
      'one_time_links.created_by',
      'one_time_links.expires_at',
    ])
    .where('one_time_links.token_hash', '=', hashToken(token))
    .where('one_time_links.purpose', '=', purpose)
    .where('one_time_links.used_at', 'is', null)
    .where('one_time_links.expires_at', '>', now)
    .where(whereActive(now))
    .executeTakeFirst()
  return row ? openLink(row) : null
}

/** Consumes a link, as part of what it is used for; null when it may not be used, or somebody was quicker. */
export async function consumeLink(
  trx: DatabaseTransaction,
  purpose: OneTimeLinkPurpose,
  token: string,
  now: Instant,
): Promise<OpenLink | null> {
  const row = await trx
    .updateTable('one_time_links')
    .set({ used_at: now })
    .where('token_hash', '=', hashToken(token))
    .where('purpose', '=', purpose)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where((where) =>
      where.exists(
        where
          .selectFrom('users')
          .select('users.id')
          .whereRef('users.id', '=', 'one_time_links.user_id')
          .where(whereActive(now)),
      ),
    )
    .returning(['user_id', 'email', 'created_by', 'expires_at'])
    .executeTakeFirst()
  return row ? openLink(row) : null
}

function openLink(row: {
  user_id: string
  email: string | null
  created_by: string | null
  expires_at: number
}): OpenLink {
  return { userId: row.user_id, email: row.email, createdBy: row.created_by, expiresAt: row.expires_at }
}

/** Tells until when a user's newest link of a purpose works or worked, and whether it was used; null when there is none. */
export async function linkState(
  db: Database,
  purpose: OneTimeLinkPurpose,
  userId: string,
): Promise<{ expiresAt: Instant; usedAt: Instant | null } | null> {
  const row = await db
    .selectFrom('one_time_links')
    .select(['expires_at', 'used_at'])
    .where('user_id', '=', userId)
    .where('purpose', '=', purpose)
    .executeTakeFirst()
  return row ? { expiresAt: row.expires_at, usedAt: row.used_at } : null
}

/** Voids every open link of a user, or those of one purpose: a change of password or address calls for all. */
export async function voidLinks(trx: DatabaseTransaction, userId: string, purpose?: OneTimeLinkPurpose): Promise<void> {
  let query = trx.deleteFrom('one_time_links').where('user_id', '=', userId).where('used_at', 'is', null)
  if (purpose !== undefined) query = query.where('purpose', '=', purpose)
  await query.execute()
}

/** Voids every open link of everybody, and tells how many. */
export async function voidAllLinks(trx: DatabaseTransaction): Promise<number> {
  return changedRows(await trx.deleteFrom('one_time_links').where('used_at', 'is', null).executeTakeFirst())
}

/** Deletes links that have run out. */
export async function purgeLinks(db: Kysely<Tables>, now: Instant): Promise<void> {
  await db.deleteFrom('one_time_links').where('expires_at', '<=', now).execute()
}
