/**
 * The roles as people read them.
 */
import type { MessageId } from '../../../messages.ts'

/** Names a role; the same words as in the accounts. */
export type RoleName = 'administrator' | 'auditor' | 'help-desk' | 'member'

/** Gives the message that names a role. */
export const roleNames: Record<RoleName, MessageId> = {
  administrator: 'role.administrator',
  auditor: 'role.auditor',
  'help-desk': 'role.helpDesk',
  member: 'role.member',
}
