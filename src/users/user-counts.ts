// How many users there are. Counting takes the longer the more there are, so beyond a number that is counted in no time, the
// list of users goes by a count that is a minute old at most, and says when it was taken.

import { sql } from 'kysely'
import { countUpTo, type Database } from '../database/database.ts'
import { type Clock, type Instant, isYoung, minutes } from '../time.ts'
import { conditionsOf, type UserFilter } from './user-list.ts'

/** So many are counted with one statement. */
const countedAtOnce = 5_000
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

/** Keeps the count of users for a process. Whoever asks while it is being counted gets that count as well. */
export function keepUserCounts(db: Database, clock: Clock): () => Promise<UserCounts> {
  let kept: { counts: UserCounts; at: Instant } | null = null
  let counting: Promise<UserCounts> | null = null
  return async () => {
    const now = clock()
    if (kept && kept.counts.total > countedAnew && isYoung(kept.at, now, keptFor))
      return { ...kept.counts, countedAt: kept.at }
    counting ??= countUsers(db)
      .then((counted) => {
        const counts = { ...counted, countedAt: null }
        kept = { counts, at: now }
        return counts
      })
      .finally(() => {
        counting = null
      })
    return counting
  }
}

/** 1 for a user of a piece that has a usable second factor and saved recovery codes, else 0. */
const isCovered = sql<number>`case when exists (select 1 from recovery_code_sets as codes where codes.user_id = piece.id and codes.saved_at is not null) and exists (select 1 from totp_factors as factor where factor.user_id = piece.id and factor.disabled_at is null) then 1 else 0 end`

/**
 * Counts all users, and those whose MFA is on: a usable second factor, and saved recovery codes. Some thousand at a time: no
 * statement takes long, and on SQLite, which does one thing at a time, others come in between.
 */
export async function countUsers(db: Database): Promise<{ total: number; withMfa: number }> {
  const counted = { total: 0, withMfa: 0 }
  for (let [after, size] = ['', countedAtOnce]; size === countedAtOnce; ) {
    const row = await db
      .selectFrom((e) =>
        e
          .selectFrom('users')
          .select('users.id')
          .where('users.id', '>', after)
          .orderBy('users.id')
          .limit(countedAtOnce)
          .as('piece'),
      )
      .select((e) => [
        e.fn.max('piece.id').as('last'),
        e.fn.countAll<number>().as('total'),
        e.fn.sum<number>(isCovered).as('with_mfa'),
      ])
      .executeTakeFirstOrThrow()
    size = Number(row.total)
    after = row.last ?? after
    counted.total += size
    counted.withMfa += Number(row.with_mfa ?? 0)
    await new Promise(setImmediate)
  }
  return counted
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
