// What an administrator does to the whole service: enforce MFA, change settings, add users. Each asks for a fresh proof of
// the administrator's own, and enforcing asks that they have MFA themselves: nobody is locked out by someone who would be.

import type { Caller } from '../audit/record.ts'
import type { Role } from '../database/tables.ts'
import { setMfaEnforced } from '../enforcement/policies.ts'
import { setHelpContact } from '../enforcement/settings.ts'
import { Refusal } from '../refusal.ts'
import { invite, type NewInvitation } from '../users/invitations.ts'
import { may, mayActOn, type Permission } from '../users/roles.ts'
import { createUser } from '../users/users.ts'
import { type Account, readAccount } from './account.ts'
import type { SignInParts } from './parts.ts'
import { mustBeFresh } from './protect.ts'
import type { Standing } from './standing.ts'

/** Asks for a permission and a fresh proof. Throws `not-allowed` or `step-up-needed`. */
export function mustBePermitted(standing: Standing, permission: Permission): void {
  if (!may(standing.account.user.role, permission)) throw new Refusal('not-allowed')
  mustBeFresh(standing)
}

/** Tells whether this person has a second factor and saved recovery codes. */
export function hasMfa(account: Account): boolean {
  return account.enrolled.some((factor) => !factor.disabled) && account.recoveryCodes.saved
}

export interface ServiceSettings {
  enforceMfa: boolean
  helpContact: string | null
}

/** Saves what the administrator chose, in one transaction. Throws `mfa-needed-first`, `step-up-needed` or `not-allowed`. */
export async function changeServiceSettings(
  parts: SignInParts,
  standing: Standing,
  settings: ServiceSettings,
  caller: Caller,
): Promise<void> {
  mustBePermitted(standing, 'settings.change')
  const about = { now: parts.clock(), caller, actor: standing.account.user.id }
  await parts.db.transaction().execute(async (trx) => {
    const changed = await setMfaEnforced(trx, settings.enforceMfa, about)
    // Asked after the write and inside the transaction: only now is it known that this switches enforcement on, and a
    // refusal takes it back.
    const account = await readAccount(trx, about.actor, about.now)
    if (changed && settings.enforceMfa && !(account && hasMfa(account))) throw new Refusal('mfa-needed-first')
    await setHelpContact(trx, settings.helpContact, about)
  })
}

/**
 * Adds a user, who will choose a password by the link that comes back. Throws `conflict` when the address is taken, and
 * `not-allowed` for a role that the actor may not act on.
 */
export async function addUser(
  parts: SignInParts,
  standing: Standing,
  user: { email: string; name: string | null; role: Role },
  caller: Caller,
): Promise<NewInvitation> {
  mustBePermitted(standing, 'users.invite')
  if (!mayActOn(standing.account.user.role, user.role)) throw new Refusal('not-allowed')
  const about = { now: parts.clock(), caller, actor: standing.account.user.id }
  return parts.db.transaction().execute(async (trx) => {
    const userId = await createUser(trx, { ...user, passwordHash: null }, 'administrator', about)
    return invite(trx, userId, about)
  })
}
