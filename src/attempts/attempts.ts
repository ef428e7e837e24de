// Guesses left. An attempt is counted in the database before the guess is checked, by one guarded write, so two hundred
// parallel guesses get no further than the limit, a restart forgets nothing, and every way of guessing shares the count.

import { sql } from 'kysely'
import type { Database } from '../database/database.ts'
import { type Prepared, prepare } from '../database/prepared.ts'
import type { Measures } from '../measures.ts'
import { type Duration, hours, type Instant, minutes, seconds } from '../time.ts'

/** How many failures are free and how long to wait after each further one. The last wait repeats. */
export interface Allowance {
  free: number
  waits: readonly Duration[]
}

/** For one account, or one known browser of it: 5 tries, then 30 s … 1 h (design §6, NIST 800-63B-4 §3.2.2). */
export const perAccount: Allowance = {
  free: 5,
  waits: [seconds(30), minutes(1), minutes(2), minutes(5), minutes(10), minutes(20), minutes(40), hours(1)],
}

/** For one network address, which many people may share. */
export const perAddress: Allowance = {
  free: 30,
  waits: [seconds(30), seconds(30), minutes(1), minutes(1), minutes(2), minutes(5), minutes(15)],
}

/** For mails that anybody can have sent to one account: 3 at once, then one an hour. */
export const perMailbox: Allowance = { free: 3, waits: [hours(1)] }

export interface Limit {
  /** Begins with the kind of limit and a colon; what follows says whose count it is. */
  key: string
  allowance: Allowance
}

/**
 * Either one attempt was counted against every limit, or none may be made before `retryAt`. `closedUntil` says that
 * this attempt was the last one free: unless it is forgiven, the next must wait until then.
 */
export type Admission = { admitted: true; closedUntil: Instant | null } | { admitted: false; retryAt: Instant }

/**
 * Counts one attempt against each limit, in the order given, and says whether the guess may be checked. Call `forgive`
 * when the guess was right. Counted attempts are committed at once and stay, whatever becomes of the request; or with the
 * transaction, where it is given one, which then must be over before the guess is checked.
 */
export async function admit(
  { db, measures }: { db: Database; measures: Measures },
  limits: readonly Limit[],
  now: Instant,
): Promise<Admission> {
  // One commit for all of them: each is a wait for the disk.
  return limits.length > 1 && !db.isTransaction
    ? db.transaction().execute((trx) => countEach({ db: trx, measures }, limits, now))
    : countEach({ db, measures }, limits, now)
}

async function countEach(
  { db, measures }: { db: Database; measures: Measures },
  limits: readonly Limit[],
  now: Instant,
): Promise<Admission> {
  let closedUntil = 0
  for (const { key, allowance } of limits) {
    const { free, waits } = allowance
    const closesAt = free > 1 ? 0 : now + (waits[0] ?? 0)
    const counted = await countingFor(allowance).first(db, { key, closesAt, now })
    if (!counted) {
      measures.attemptRefused(key.slice(0, key.indexOf(':')))
      return { admitted: false, retryAt: await retryAt(db, key, now) }
    }
    closedUntil = Math.max(closedUntil, counted.blocked_until)
  }
  return { admitted: true, closedUntil: closedUntil > now ? closedUntil : null }
}

type Counting = Prepared<{ key: string; closesAt: Instant; now: Instant }, { blocked_until: Instant }>

const counting = new Map<Allowance, Counting>()

/** The one write that counts an attempt, for each allowance that there is. */
function countingFor(allowance: Allowance): Counting {
  const known = counting.get(allowance)
  if (known) return known
  const made: Counting = prepare((db, { key, closesAt, now }) =>
    db
      .insertInto('attempts')
      .values({ key, failures: 1, blocked_until: closesAt, last_at: now })
      .onConflict((conflict) =>
        conflict
          .column('key')
          .doUpdateSet({
            failures: sql<number>`attempts.failures + 1`,
            blocked_until: blockedUntil(allowance, now),
            last_at: now,
          })
          .where('attempts.blocked_until', '<=', now),
      )
      .returning('blocked_until'),
  )
  counting.set(allowance, made)
  return made
}

/** Reads when the door opens again. It may just have opened, or been forgiven: then try again in a moment. */
async function retryAt(db: Database, key: string, now: Instant): Promise<Instant> {
  const row = await db.selectFrom('attempts').select('blocked_until').where('key', '=', key).executeTakeFirst()
  return Math.max(row?.blocked_until ?? 0, now + seconds(1))
}

/** Works out, in the database, until when the attempt that is being counted closes the door behind it. */
function blockedUntil({ free, waits }: Allowance, now: Instant) {
  const after = (wait: Duration) => sql`cast(${now} as bigint) + ${sql.lit(wait)}`
  const longest = waits.at(-1) ?? 0
  const cases = waits.map(
    (wait, index) => sql`when attempts.failures + 1 = ${sql.lit(free + index)} then ${after(wait)}`,
  )
  return sql<number>`case when attempts.failures + 1 < ${sql.lit(free)} then 0 ${sql.join(cases, sql` `)} else ${after(longest)} end`
}

/**
 * Takes back after a right guess: a limit of the person's own is cleared; one shared with others (an address) loses only
 * the attempt just counted, or else whoever has an account could wipe the count of their own guessing at others'. In the
 * order in which `admit` counts, so that no two transactions ever wait for one another.
 */
export async function forgive(db: Database, own: readonly Limit[], shared: readonly Limit[]): Promise<void> {
  for (const { key, allowance } of shared) await takingBack.changed(db, { key, free: allowance.free })
  for (const { key } of own) await clearing.changed(db, { key })
}

const clearing = prepare((db, given: { key: string }) => db.deleteFrom('attempts').where('key', '=', given.key))

const takingBack = prepare((db, given: { key: string; free: number }) =>
  db
    .updateTable('attempts')
    .set({
      failures: sql<number>`failures - 1`,
      blocked_until: sql<number>`case when failures <= ${given.free} then 0 else blocked_until end`,
    })
    .where('key', '=', given.key)
    .where('failures', '>', 0),
)

/** Forgets one count, because what was guessed at is gone. */
export async function forget(db: Database, key: string): Promise<void> {
  await db.deleteFrom('attempts').where('key', '=', key).execute()
}

/** Forgets counts of passwords that nobody has added to for a day. Counts of second factors run on until a success. */
export async function purgeAttempts(db: Database, now: Instant): Promise<void> {
  await db
    .deleteFrom('attempts')
    .where('last_at', '<', now - hours(24))
    .where('key', 'not like', 'second-factor:%')
    .execute()
}
