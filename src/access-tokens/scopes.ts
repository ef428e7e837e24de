// What a personal access token may be allowed to do. A scope narrows; it never grants what the role of the token's owner
// lacks, so both are asked on every request. What has no scope here is not for tokens: their owner's factors, password,
// e-mail address and tokens, another's MFA, and the settings of the service.

import type { Role } from '../database/tables.ts'
import { may, type Permission } from '../users/roles.ts'

/** Every scope with the permissions that it lets through; none for what concerns its owner alone. */
const grants = {
  'profile:read': [],
  'profile:write': [],
  'sessions:read': [],
  'sessions:write': [],
  'users:read': ['users.read'],
  'users:write': ['users.invite', 'users.manage'],
  'groups:write': ['groups.manage'],
  'settings:read': ['settings.read'],
  'audit:read': ['audit.read'],
} as const satisfies Record<string, readonly Permission[]>

export type Scope = keyof typeof grants

/** Every scope there is, in the order in which pages offer them. */
export const scopes = Object.keys(grants) as readonly Scope[]

/** Tells whether a text names a scope. */
export function isScope(text: string): text is Scope {
  return Object.hasOwn(grants, text)
}

/** The scope that lets this permission through; null for what no token may. */
export function scopeFor(permission: Permission): Scope | null {
  return scopes.find((scope) => (grants[scope] as readonly Permission[]).includes(permission)) ?? null
}

/** The scopes that somebody of this role can give to a token: those of which the role grants at least a part. */
export function scopesFor(role: Role): readonly Scope[] {
  return scopes.filter(
    (scope) => grants[scope].length === 0 || grants[scope].some((permission) => may(role, permission)),
  )
}
