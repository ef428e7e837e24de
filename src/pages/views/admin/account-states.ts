/**
 * How accounts stand, as people read it.
 */
import type { MessageId } from '../../../messages.ts'

/** Names how an account stands. */
export type AccountStateName = 'active' | 'invited' | 'deactivated' | 'expired'

/** Gives the message that names a state. */
export const stateNames: Record<AccountStateName, MessageId> = {
  active: 'adminUser.state.active',
  invited: 'adminUsers.invited',
  deactivated: 'adminUser.state.deactivated',
  expired: 'adminUser.state.expired',
}
