/**
 * The roles as people read them.
 */
import type { MessageId } from '../../../messages.ts'

/** Names a role; the same words as in the accounts. */
export type RoleName = 'administrator' | 'member'

/** Gives the message that names a role. */
export const roleNames: Record<RoleName, MessageId> = { administrator: 'role.administrator', member: 'role.member' }
