// The roles, and what each may do. Pure, and the only place that knows: routes and acts name a permission, never a role.

import type { Role } from '../database/tables.ts'

/** What somebody may be allowed to do beyond their own account. */
export type Permission =
  | 'users.read'
  | 'users.invite'
  | 'users.reset-mfa'
  | 'users.manage'
  | 'groups.manage'
  | 'audit.read'
  | 'settings.read'
  | 'settings.change'
  | 'identity-providers.manage'
  | 'mail.read'

const everything: readonly Permission[] = [
  'users.read',
  'users.invite',
  'users.reset-mfa',
  'users.manage',
  'groups.manage',
  'audit.read',
  'settings.read',
  'settings.change',
  'identity-providers.manage',
  'mail.read',
]

/** An auditor reads all and changes nothing; the help desk brings members in and helps them back in. */
const permissions: Readonly<Record<Role, readonly Permission[]>> = {
  administrator: everything,
  auditor: ['users.read', 'audit.read', 'settings.read', 'mail.read'],
  'help-desk': ['users.read', 'users.invite', 'users.reset-mfa'],
  member: [],
}

/** Every role, from the one that may least. */
export const roles: readonly Role[] = ['member', 'help-desk', 'auditor', 'administrator']

/** Tells whether a role grants a permission. An unknown role grants none. */
export function may(role: Role, permission: Permission): boolean {
  return permissionsOf(role).includes(permission)
}

/** Tells whether somebody of one role may act on a user of another: only administrators act on anyone but members. */
export function mayActOn(actor: Role, subject: Role): boolean {
  return actor === 'administrator' || (actor === 'help-desk' && subject === 'member')
}

/** The roles that somebody of this role may give. */
export function rolesToGive(actor: Role): readonly Role[] {
  return roles.filter((role) => mayActOn(actor, role))
}

/** Gives everything that a role grants, for pages that show only what may be done. */
export function permissionsOf(role: Role): readonly Permission[] {
  return permissions[role] ?? []
}
