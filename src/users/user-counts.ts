// How many users there are. Counting takes the longer the more there are, so beyond a number that is counted in no time, the
// list of users goes by a count that is a minute old at most, and says when it was taken.

import { countUpTo, type Database } from '../database/database.ts'
import { type Clock, type Instant, isYoung, minutes } from '../time.ts'
import { conditionsOf, type UserFilter } from './user-list.ts'

/** So many are counted anew each time. */
const countedAnew = 10_000
const keptFor = minutes(1)
/** Whoever finds more than so many narrows the search rather than read on. */
const foundAtMost = 1000

export interface UserCounts {
  total: number
  /** A usable second factor, and saved recovery codes. */
  withMfa: number
  /** When they were counted, where that was not just now. */
  countedAt: Instant | null
}

/** Keeps the count of users for a process. */
export function keepUserCounts(db: Database, clock: Clock): () => Promise<UserCounts> {
  let kept: { counts: UserCounts; at: Instant } | null = null
  return async () => {
    const now = clock()
    if (kept && kept.counts.total > countedAnew && isYoung(kept.at, now, keptFor))
      return { ...kept.counts, countedAt: kept.at }
    const counts = { ...(await countUsers(db)), countedAt: null }
    kept = { counts, at: now }
    return counts
  }
}

/** Counts all users, and those whose MFA is on: a usable second factor, and saved recovery codes. */
export async function countUsers(db: Database): Promise<{ total: number; withMfa: number }> {
  const row = await db
    .selectFrom('users')
    .select((e) => [
      e.fn.countAll<number>().as('total'),
      e
        .selectFrom('users as covered')
        .innerJoin('recovery_code_sets', 'recovery_code_sets.user_id', 'covered.id')
        .where('recovery_code_sets.saved_at', 'is not', null)
        .where((covered) =>
          covered.exists(
            covered
              .selectFrom('totp_factors')
              .whereRef('totp_factors.user_id', '=', 'covered.id')
              .where('totp_factors.disabled_at', 'is', null)
              .select('totp_factors.id'),
          ),
        )
        .select((covered) => covered.fn.countAll<number>().as('n'))
        .as('with_mfa'),
    ])
    .executeTakeFirstOrThrow()
  return { total: Number(row.total), withMfa: Number(row.with_mfa) }
}

/** Counts the users whom a filter leaves, on all pages, up to a thousand; `more` says that there are more. */
export async function countFound(
  db: Database,
  filter: UserFilter,
  now: Instant,
): Promise<{ count: number; more: boolean }> {
  const found = db
    .selectFrom('users')
    .select('users.id')
    .where((user) => user.and(conditionsOf(user, filter, now)))
  const count = await countUpTo(db, found, foundAtMost + 1)
  return { count: Math.min(count, foundAtMost), more: count > foundAtMost }
}
