// Whether an account may be used at all, in one place: for a row that was read, and as a condition for rows that are looked
// for. An account that has run out is as good as a deactivated one from that very moment; no sweeper has to come by first.

import type { ExpressionBuilder } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { Instant } from '../time.ts'

export interface Lifetime {
  deactivated_at: Instant | null
  expires_at: Instant | null
}

/** Tells whether the account may be used now: neither deactivated nor run out. */
export function isActive({ deactivated_at, expires_at }: Lifetime, now: Instant): boolean {
  return deactivated_at === null && !hasExpired({ expires_at }, now)
}

/** Tells whether the account has run out. */
export function hasExpired({ expires_at }: Pick<Lifetime, 'expires_at'>, now: Instant): boolean {
  return expires_at !== null && expires_at <= now
}

/** The same as a condition: the user of this row may use their account now. */
export function whereActive(now: Instant) {
  return (e: ExpressionBuilder<Pick<Tables, 'users'>, 'users'>) =>
    e.and([
      e('users.deactivated_at', 'is', null),
      e.or([e('users.expires_at', 'is', null), e('users.expires_at', '>', now)]),
    ])
}
