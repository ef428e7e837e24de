// What every act on other people's accounts asks for: a permission, a fresh proof of the actor's own, and a role that may act
// on theirs.

import { type Scope, scopeFor } from '../access-tokens/scopes.ts'
import type { Role } from '../database/tables.ts'
import { Refusal } from '../refusal.ts'
import { may, mayActOn, type Permission } from '../users/roles.ts'
import { mustBeFresh } from './protect.ts'
import type { AnyStanding } from './standing.ts'

/**
 * Asks for a permission and, in person, for a fresh proof; of a token, for the scope that lets the permission through.
 * Throws `not-allowed`, `step-up-needed`, `scope-missing` or `not-for-tokens`.
 */
export function mustBePermitted(standing: AnyStanding, permission: Permission): void {
  if (!may(standing.account.user.role, permission)) throw new Refusal('not-allowed')
  if (standing.via === 'session') mustBeFresh(standing)
  else mustHaveScope(standing, scopeFor(permission))
}

/** Refuses a token without this scope; null is the scope of what no token may do. Somebody in person passes. */
export function mustHaveScope(standing: AnyStanding, scope: Scope | null): void {
  if (standing.via === 'session') return
  if (scope === null) throw new Refusal('not-for-tokens')
  if (!standing.token.scopes.includes(scope)) throw new Refusal('scope-missing')
}

/**
 * Tells whether somebody may act on a user of this role, or give it. A token acts on members only, whoever owns it: else
 * one that may invite could invite an administrator, and would no longer be bound by its scopes.
 */
export function mayActUpon(standing: AnyStanding, subject: Role): boolean {
  if (standing.via === 'token' && subject !== 'member') return false
  return mayActOn(standing.account.user.role, subject)
}
