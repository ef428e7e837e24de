// What the operator does from a shell on the host, with no session and no step-up: whoever has the host has the key and the
// database. Each act is the same as on the pages below the question who may, one transaction, and its event says `host`.

import { record } from '../audit/record.ts'
import type { Database, DatabaseTransaction } from '../database/database.ts'
import type { Role } from '../database/tables.ts'
import { Refusal } from '../refusal.ts'
import { emailKey } from '../users/email.ts'
import { invite, type NewInvitation } from '../users/invitations.ts'
import { voidLinksOfLesserRoles } from '../users/links-of-others.ts'
import { changeUser, findUser, type ManagedUser } from '../users/managed-user.ts'
import type { NewLink } from '../users/one-time-links.ts'
import { createUser, findUserId, type NewUser } from '../users/users.ts'
import { deactivate } from './manage-users.ts'
import type { SignInParts } from './parts.ts'
import { resetMfa } from './reset-mfa.ts'

type HostParts = Pick<SignInParts, 'db' | 'clock'>
interface AboutHost {
  now: number
  caller: null
  actor: null
}

/** Runs an act on the user with this address. Throws `not-found`. */
export async function actFromHost<Result>(
  { db, clock }: HostParts,
  email: string,
  act: (trx: DatabaseTransaction, user: ManagedUser, about: AboutHost) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async (trx) => {
    const user = await findUser(trx, await idOf(trx, email))
    if (!user) throw new Refusal('not-found')
    return act(trx, user, { now: clock(), caller: null, actor: null })
  })
}

/** Adds a user and invites them. Throws `conflict` when the address is taken. */
export async function addUserFromHost(
  { db, clock }: HostParts,
  user: Omit<NewUser, 'passwordHash'>,
): Promise<NewInvitation> {
  const about = { now: clock(), caller: null, actor: null }
  return db.transaction().execute(async (trx) => {
    const userId = await createUser(trx, { ...user, passwordHash: null }, 'host', about)
    return invite(trx, userId, about)
  })
}

/** Deactivates an account, at every door at once. Throws `not-found`, `conflict` when it is so already, or `last-administrator`. */
export async function deactivateFromHost(parts: HostParts, email: string): Promise<void> {
  await actFromHost(parts, email, (trx, user, about) => deactivate(trx, user, { by: 'host' }, about))
}

/** Gives a user another role, and returns the one before. Throws `not-found` or `last-administrator`. */
export async function setRoleFromHost(parts: HostParts, email: string, role: Role): Promise<Role> {
  return actFromHost(parts, email, async (trx, user, about) => {
    if (user.role === role) return role
    await changeUser(trx, user, { role }, about.now)
    const details = { from: user.role, to: role, by: 'host' as const }
    await record(trx, { name: 'user.role-changed', details }, { ...about, subject: user.id })
    await voidLinksOfLesserRoles(trx, { userId: user.id, role }, about)
    return user.role
  })
}

/** Resets the MFA of a user, tells them by mail, and gives the set-up link. Throws as `resetMfa` does. */
export async function resetMfaFromHost(parts: SignInParts, email: string, reason: string): Promise<NewLink> {
  return resetMfa(parts, { userId: await idOf(parts.db, email), reason })
}

async function idOf(db: Database, email: string): Promise<string> {
  const id = await findUserId(db, emailKey(email))
  if (id === null) throw new Refusal('not-found')
  return id
}
