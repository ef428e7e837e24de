// Invitations: a one-time link with which a new user chooses a password. A user has one at most, as a new one takes the row
// of the older. Single use, 72 hours, kept as a hash, and judged when it is used. Looking at the link does not consume it.

import { type Circumstances, record } from '../audit/record.ts'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { hashToken, newToken } from '../secrets/tokens.ts'
import { hours, type Instant, isoTime } from '../time.ts'
import { whereActive } from './state.ts'

export const invitationLife = hours(72)

export interface NewInvitation {
  token: string
  expiresAt: Instant
}

/** Invites a user. Any older invitation of that user is void from then on. */
export async function invite(
  trx: DatabaseTransaction,
  userId: string,
  about: Omit<Circumstances, 'subject'>,
): Promise<NewInvitation> {
  await trx.deleteFrom('invitations').where('user_id', '=', userId).where('accepted_at', 'is', null).execute()
  const invitation = { token: newToken(), expiresAt: about.now + invitationLife }
  const row = {
    token_hash: hashToken(invitation.token),
    created_by: about.actor,
    created_at: about.now,
    expires_at: invitation.expiresAt,
    accepted_at: null,
  }
  await trx
    .insertInto('invitations')
    .values({ id: `invitation:${userId}`, user_id: userId, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute()
  const expiresAt = isoTime(invitation.expiresAt)
  await record(trx, { name: 'invitation.created', details: { expiresAt } }, { ...about, subject: userId })
  return invitation
}

/** Finds whose invitation it is that may still be used; null for one that is unknown, used, too old, or of a user who may not sign in. */
export async function findInvitation(db: Database, token: string, now: Instant): Promise<{ userId: string } | null> {
  const row = await db
    .selectFrom('invitations')
    .innerJoin('users', 'users.id', 'invitations.user_id')
    .select('invitations.user_id')
    .where('token_hash', '=', hashToken(token))
    .where('accepted_at', 'is', null)
    .where('invitations.expires_at', '>', now)
    .where(whereActive(now))
    .executeTakeFirst()
  return row ? { userId: row.user_id } : null
}

/** Consumes an invitation; false when somebody was quicker, or it was replaced, revoked or has run out meanwhile. */
export async function consumeInvitation(trx: DatabaseTransaction, token: string, now: Instant): Promise<boolean> {
  const consumed = await trx
    .updateTable('invitations')
    .set({ accepted_at: now })
    .where('token_hash', '=', hashToken(token))
    .where('accepted_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return changedRows(consumed) === 1
}

/** Voids what invitations of a user are open, and tells how many rows that were. */
export async function voidInvitations(trx: DatabaseTransaction, userId: string): Promise<number> {
  const gone = trx.deleteFrom('invitations').where('user_id', '=', userId).where('accepted_at', 'is', null)
  return changedRows(await gone.executeTakeFirst())
}

/** Voids every open invitation, and tells how many there were. */
export async function voidAllInvitations(trx: DatabaseTransaction): Promise<number> {
  return changedRows(await trx.deleteFrom('invitations').where('accepted_at', 'is', null).executeTakeFirst())
}
