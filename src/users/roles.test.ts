import { describe, expect, test } from 'vitest'
import type { Role } from '../database/tables.ts'
import { may, mayActOn, type Permission, roles } from './roles.ts'

const reading: readonly Permission[] = ['users.read', 'audit.read', 'settings.read', 'mail.read']
const changing: readonly Permission[] = [
  'users.invite',
  'users.reset-mfa',
  'users.manage',
  'groups.manage',
  'settings.change',
  'identity-providers.manage',
]
const granted = (role: Role) => [...reading, ...changing].filter((permission) => may(role, permission))

describe('roles', () => {
  test('an administrator may do everything', () => {
    expect(granted('administrator')).toEqual([...reading, ...changing])
  })

  test('an auditor reads all and changes nothing', () => {
    expect(granted('auditor')).toEqual(reading)
  })

  test('the help desk sees users, invites and resets, and nothing else', () => {
    expect(granted('help-desk')).toEqual(['users.read', 'users.invite', 'users.reset-mfa'])
  })

  test('a member may do nothing beyond their own account, and neither may a role that nobody knows', () => {
    expect(granted('member')).toEqual([])
    expect(granted('owner' as Role)).toEqual([])
  })

  test('only administrators act on anyone but members', () => {
    const pairs = roles.flatMap((actor) => roles.filter((subject) => mayActOn(actor, subject)).map((s) => [actor, s]))
    expect(pairs).toEqual([['help-desk', 'member'], ...roles.map((subject) => ['administrator', subject])])
  })
})
