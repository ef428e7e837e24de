// The last administrator stays. Whoever takes an administrator away (another role, deactivation, an end, deletion) first takes
// a turn, so that such acts happen one after the other on either database, and then writes under a condition: that another
// administrator remains who can sign in and has no end.

import type { ExpressionBuilder } from 'kysely'
import type { DatabaseTransaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Instant } from '../time.ts'

/**
 * Waits until no other act that may take an administrator away is under way, and keeps others waiting until this
 * transaction ends. Without it, two of them could each count on the administrator that the other one takes away.
 */
export async function takeTurn(trx: DatabaseTransaction, now: Instant): Promise<void> {
  await trx.updateTable('installation').set({ administrators_changed_at: now }).where('id', '=', 1).execute()
}

/**
 * The condition under which an administrator may go: another one remains who is active for good, has a password, and could
 * get in if MFA is asked for: not while their MFA is reset, nor with nothing but a blocked authenticator.
 */
export function whereAnotherAdministratorRemains(e: ExpressionBuilder<Tables, 'users'>) {
  const others = e
    .selectFrom('users as others')
    .whereRef('others.id', '!=', 'users.id')
    .where('others.role', '=', 'administrator')
    .where('others.deactivated_at', 'is', null)
    .where('others.expires_at', 'is', null)
    .where('others.password_hash', 'is not', null)
    .where('others.mfa_reset_at', 'is', null)
    .where((other) => {
      const factors = other.selectFrom('totp_factors').whereRef('totp_factors.user_id', '=', 'others.id').select('id')
      const codes = other
        .selectFrom('recovery_codes')
        .innerJoin('recovery_code_sets', 'recovery_code_sets.id', 'recovery_codes.set_id')
        .whereRef('recovery_code_sets.user_id', '=', 'others.id')
        .where('recovery_code_sets.saved_at', 'is not', null)
        .where('recovery_codes.used_at', 'is', null)
        .select('recovery_codes.hash')
      return other.or([
        other.not(other.exists(factors)),
        other.exists(factors.where('totp_factors.disabled_at', 'is', null)),
        other.exists(codes),
      ])
    })
    .select('others.id')
  return e.exists(others)
}
