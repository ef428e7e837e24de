// Links that somebody made for somebody else and may have in hand: an invitation where there was no mail server, the set-up
// link after a reset of MFA. Whoever made one can open the account with it, as far as the link goes. So it may not outlast
// their being allowed to act on that account: the help desk invites members and resets them, and no others.

import { type Circumstances, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import type { Role } from '../database/tables.ts'
import { voidInvitations } from './invitations.ts'
import { voidLinks } from './one-time-links.ts'
import { mayActOn } from './roles.ts'

/** Voids the open links of a user, who has just been given this role, that were made by somebody who may not act on it. */
export async function voidLinksOfLesserRoles(
  trx: DatabaseTransaction,
  { userId, role }: { userId: string; role: Role },
  about: Omit<Circumstances, 'subject'>,
): Promise<void> {
  const invitation = await trx
    .selectFrom('invitations')
    .leftJoin('users', 'users.id', 'invitations.created_by')
    .select(['invitations.created_by', 'users.role'])
    .where('invitations.user_id', '=', userId)
    .where('invitations.accepted_at', 'is', null)
    .executeTakeFirst()
  if (invitation && mayNotActOn(invitation, role) && (await voidInvitations(trx, userId)) > 0)
    await record(trx, { name: 'invitation.revoked', details: {} }, { ...about, subject: userId })
  const setUpLink = await trx
    .selectFrom('one_time_links')
    .leftJoin('users', 'users.id', 'one_time_links.created_by')
    .select(['one_time_links.created_by', 'users.role'])
    .where('one_time_links.user_id', '=', userId)
    .where('one_time_links.purpose', '=', 'set-up-mfa')
    .executeTakeFirst()
  if (setUpLink && mayNotActOn(setUpLink, role)) await voidLinks(trx, userId, 'set-up-mfa')
}

/** What nobody made comes from the host, which may do everything; whoever is gone may do nothing. */
function mayNotActOn(maker: { created_by: string | null; role: Role | null }, role: Role): boolean {
  return maker.created_by !== null && !(maker.role !== null && mayActOn(maker.role, role))
}
