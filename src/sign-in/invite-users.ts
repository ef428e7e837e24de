// Bringing people in: adding a user, inviting them again, taking an invitation back. The link goes by mail to the address of
// the account; only where no mail server is set does it come back to whoever invites, to be handed over.

import { admit } from '../attempts/attempts.ts'
import { type Caller, type Circumstances, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import type { Role } from '../database/tables.ts'
import { Refusal } from '../refusal.ts'
import type { Instant } from '../time.ts'
import { emailKey } from '../users/email.ts'
import { invite, voidInvitations } from '../users/invitations.ts'
import { accountState } from '../users/managed-user.ts'
import { createUser } from '../users/users.ts'
import { readAccount } from './account.ts'
import { mayActUpon, mustBePermitted } from './administer.ts'
import { invitationLimits } from './guesses.ts'
import { actOnUser } from './manage-users.ts'
import type { SignInParts } from './parts.ts'
import type { AnyStanding } from './standing.ts'

/** An invitation that is on its way: by mail, or, with a token, for whoever invited to hand over. */
export interface SentInvitation {
  userId: string
  expiresAt: Instant
  /** Null where it was mailed: then nobody but the person it is for gets to see it. */
  token: string | null
}

type About = Omit<Circumstances, 'subject'>

async function sendInvitation(
  trx: DatabaseTransaction,
  parts: SignInParts,
  userId: string,
  about: About,
): Promise<SentInvitation> {
  const { token, expiresAt } = await invite(trx, userId, about)
  if (!parts.hasMailServer) return { userId, expiresAt, token }
  const account = await readAccount(trx, userId, about.now)
  if (!account) throw new Refusal('not-found')
  const { email, name, language } = account.user
  const admission = await admit({ db: trx, measures: parts.measures }, invitationLimits(emailKey(email)), about.now)
  if (!admission.admitted) throw new Refusal('too-many-attempts', { retryAt: admission.retryAt })
  // Where whoever invites was is not the business of whoever is invited.
  await parts.mailLink(
    trx,
    { about: 'invitation', token, expiresAt },
    { to: { email, name }, language: language ?? 'en', helpContact: account.helpContact, caller: null, now: about.now },
  )
  return { userId, expiresAt, token: null }
}

/**
 * Adds a user, who will choose a password by the link. Throws `conflict` when the address is taken, `not-allowed` for a
 * role that the actor may not act on, and `too-many-attempts` when the address got too many such mails.
 */
export async function addUser(
  parts: SignInParts,
  standing: AnyStanding,
  user: { email: string; name: string | null; role: Role },
  caller: Caller,
): Promise<SentInvitation> {
  mustBePermitted(standing, 'users.invite')
  if (!mayActUpon(standing, user.role)) throw new Refusal('not-allowed')
  const about = { now: parts.clock(), caller, actor: standing.account.user.id }
  return parts.db.transaction().execute(async (trx) => {
    const userId = await createUser(trx, { ...user, passwordHash: null }, 'administrator', about)
    return sendInvitation(trx, parts, userId, about)
  })
}

/**
 * Invites somebody anew who has not chosen a password yet; the older link is void. Throws `conflict` for anybody else, and
 * `too-many-attempts` when their address got too many such mails.
 */
export async function inviteAgain(
  parts: SignInParts,
  standing: AnyStanding,
  { userId, caller }: { userId: string; caller: Caller },
): Promise<SentInvitation> {
  return actOnUser(parts, standing, { permission: 'users.invite', userId, caller }, async (trx, user, about) => {
    if (accountState(user, about.now) !== 'invited') throw new Refusal('conflict')
    return sendInvitation(trx, parts, userId, about)
  })
}

/** Takes back the invitation that is open. Throws `conflict` when none is. */
export async function revokeInvitation(
  parts: SignInParts,
  standing: AnyStanding,
  { userId, caller }: { userId: string; caller: Caller },
): Promise<void> {
  await actOnUser(parts, standing, { permission: 'users.invite', userId, caller }, async (trx, _user, about) => {
    if ((await voidInvitations(trx, userId)) === 0) throw new Refusal('conflict')
    await record(trx, { name: 'invitation.revoked', details: {} }, { ...about, subject: userId })
  })
}
