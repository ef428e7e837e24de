// What administrators do to the accounts of others: edit, deactivate, let run out, delete, end sessions. Each act asks for the
// permission and a fresh proof, is one transaction with its events, and takes hold at the user's next request.

import { type Caller, type Circumstances, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import type { Role } from '../database/tables.ts'
import { Refusal } from '../refusal.ts'
import { type ListedSession, listSessions } from '../sessions/sessions.ts'
import { type Instant, isoTimeOrNull } from '../time.ts'
import { voidLinksOfLesserRoles } from '../users/links-of-others.ts'
import { changeUser, deleteUser, findUser, type ManagedUser } from '../users/managed-user.ts'
import type { Permission } from '../users/roles.ts'
import { hasExpired, isActive } from '../users/state.ts'
import { readAccount } from './account.ts'
import { mayActUpon, mustBePermitted } from './administer.ts'
import { endEverything } from './end-everything.ts'
import { endOneOrAll } from './own-sessions.ts'
import type { SignInParts } from './parts.ts'
import type { AnyStanding } from './standing.ts'

type About = Omit<Circumstances, 'subject'> & { actor: string }

/** Refuses what nobody should do to themselves, by mistake or to be rid of a rule. */
export function mustNotBeOneself(standing: AnyStanding, userId: string): void {
  if (standing.account.user.id === userId) throw new Refusal('not-on-yourself')
}

/** Finds the user to act on. Throws `not-found`, or `not-allowed` when the actor's role may not act on theirs. */
export async function mustFindUser(
  trx: DatabaseTransaction,
  standing: AnyStanding,
  userId: string,
): Promise<ManagedUser> {
  const user = await findUser(trx, userId)
  if (!user) throw new Refusal('not-found')
  if (!mayActUpon(standing, user.role)) throw new Refusal('not-allowed')
  return user
}

/** Runs an act on one user in a transaction, once it is clear that the actor may. */
export async function actOnUser<Result>(
  parts: SignInParts,
  standing: AnyStanding,
  { permission, userId, caller }: { permission: Permission; userId: string; caller: Caller },
  act: (trx: DatabaseTransaction, user: ManagedUser, about: About) => Promise<Result>,
): Promise<Result> {
  mustBePermitted(standing, permission)
  const about = { now: parts.clock(), caller, actor: standing.account.user.id }
  return parts.db.transaction().execute(async (trx) => act(trx, await mustFindUser(trx, standing, userId), about))
}

/** Lists where a user is signed in. Whoever may not sign in is so nowhere, though rows may be left for the sweep. */
export async function listSessionsOf(
  { db, limits, clock }: SignInParts,
  { id, deactivatedAt, expiresAt }: ManagedUser,
): Promise<ListedSession[]> {
  const now = clock()
  return isActive({ deactivated_at: deactivatedAt, expires_at: expiresAt }, now)
    ? listSessions(db, id, limits, now)
    : []
}

export interface UserEdit {
  name?: string | null
  role?: Role
  /** When the account ends; null for no end. */
  expiresAt?: Instant | null
}

/**
 * Edits name, role and end of an account; what is left out stays. An account that had run out comes back with nothing
 * open. Throws `last-administrator`, `conflict`, or `bad-request` for an end that lies in the past.
 */
export async function editUser(
  parts: SignInParts,
  standing: AnyStanding,
  { userId, caller, ...edit }: UserEdit & { userId: string; caller: Caller },
): Promise<void> {
  await actOnUser(parts, standing, { permission: 'users.manage', userId, caller }, async (trx, user, about) => {
    const { now } = about
    const on = { ...about, subject: userId }
    const name = edit.name !== undefined && edit.name !== user.name ? { name: edit.name } : {}
    const role = edit.role !== undefined && edit.role !== user.role ? { role: edit.role } : {}
    const ends = edit.expiresAt !== undefined && edit.expiresAt !== user.expiresAt ? { expiresAt: edit.expiresAt } : {}
    if (role.role !== undefined && !mayActUpon(standing, role.role)) throw new Refusal('not-allowed')
    if (ends.expiresAt != null && ends.expiresAt <= now) throw new Refusal('bad-request')
    if (Object.keys({ ...name, ...role, ...ends }).length === 0) return
    await changeUser(trx, user, { ...name, ...role, ...ends }, now)
    if (name.name !== undefined) await record(trx, { name: 'user.name-changed', details: {} }, on)
    if (role.role !== undefined) {
      await record(trx, { name: 'user.role-changed', details: { from: user.role, to: role.role } }, on)
      await voidLinksOfLesserRoles(trx, { userId, role: role.role }, about)
    }
    if (ends.expiresAt === undefined) return
    const details = { from: isoTimeOrNull(user.expiresAt), to: isoTimeOrNull(ends.expiresAt) }
    await record(trx, { name: 'user.expiry-changed', details }, on)
    if (hasExpired({ expires_at: user.expiresAt }, now)) await endEverything(trx, userId, 'expired', about)
  })
}

/** Deactivates an account, at every door at once. Throws `last-administrator`, or `conflict` when it is so already. */
export async function deactivateUser(
  parts: SignInParts,
  standing: AnyStanding,
  { userId, caller }: { userId: string; caller: Caller },
): Promise<void> {
  mustNotBeOneself(standing, userId)
  await actOnUser(parts, standing, { permission: 'users.manage', userId, caller }, async (trx, user, about) => {
    await deactivate(trx, user, {}, about)
  })
}

/** Deactivates as part of whichever act calls for it: an administrator's, or one on the host. */
export async function deactivate(
  trx: DatabaseTransaction,
  user: ManagedUser,
  details: { by?: 'host' },
  about: Omit<Circumstances, 'subject'>,
): Promise<void> {
  if (user.deactivatedAt !== null) throw new Refusal('conflict')
  await changeUser(trx, user, { deactivatedAt: about.now }, about.now)
  await record(trx, { name: 'user.deactivated', details }, { ...about, subject: user.id })
  await endEverything(trx, user.id, 'deactivated', about)
}

/** Makes a deactivated account usable again: with its password and factors, and with nothing open. */
export async function reactivateUser(
  parts: SignInParts,
  standing: AnyStanding,
  { userId, caller }: { userId: string; caller: Caller },
): Promise<void> {
  mustNotBeOneself(standing, userId)
  await actOnUser(parts, standing, { permission: 'users.manage', userId, caller }, async (trx, user, about) => {
    if (user.deactivatedAt === null) throw new Refusal('conflict')
    await changeUser(trx, user, { deactivatedAt: null }, about.now)
    await record(trx, { name: 'user.reactivated', details: {} }, { ...about, subject: userId })
    // Whoever was deactivated past this act, by hand in the database, may have left something open.
    await endEverything(trx, userId, 'deactivated', about)
  })
}

/** Deletes an account with everything that is its own. The record of what happened stays, under the account's id. */
export async function removeUser(
  parts: SignInParts,
  standing: AnyStanding,
  { userId, caller }: { userId: string; caller: Caller },
): Promise<void> {
  mustNotBeOneself(standing, userId)
  await actOnUser(parts, standing, { permission: 'users.manage', userId, caller }, async (trx, user, about) => {
    await deleteUser(trx, user, about.now)
    await record(trx, { name: 'user.deleted', details: { role: user.role } }, { ...about, subject: userId })
  })
}

/** Ends one session of somebody else, or, without `sessionId`, all of them and every sign-in in progress. They are told by mail. */
export async function endSessionsOf(
  parts: SignInParts,
  standing: AnyStanding,
  { userId, sessionId, caller }: { userId: string; sessionId: string | null; caller: Caller },
): Promise<void> {
  mustNotBeOneself(standing, userId)
  await actOnUser(parts, standing, { permission: 'users.manage', userId, caller }, async (trx, _user, about) => {
    const count = await endOneOrAll(trx, userId, { sessionId, keep: null })
    await record(
      trx,
      { name: 'sessions.ended', details: { count, because: 'by-administrator' } },
      { ...about, subject: userId },
    )
    const account = await readAccount(trx, userId, about.now)
    if (account && count > 0)
      await parts.notify(trx, { about: 'sessions-ended' }, { account, caller: null, now: about.now })
  })
}
