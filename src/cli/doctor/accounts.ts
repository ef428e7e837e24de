// Checks of what the service looks after: that somebody can administer it, and that its audit events are being linked.

import type { Database } from '../../database/database.ts'
import { type Instant, minutes } from '../../time.ts'
import { whereActive } from '../../users/state.ts'
import { fail, lengthOf, ok, type Result, warn } from './check.ts'

/** Checks that somebody is left who can administer the service. */
export async function checkAdministrators(db: Database, now: Instant): Promise<Result> {
  const about = 'Administrators'
  const { n } = await db
    .selectFrom('users')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('role', '=', 'administrator')
    .where('password_hash', 'is not', null)
    .where(whereActive(now))
    .executeTakeFirstOrThrow()
  const count = Number(n)
  if (count === 0)
    return fail(
      about,
      'Nobody can administer the service.',
      'Use the link that the service prints at its start, or run: countersign user add EMAIL --role administrator',
    )
  return count === 1
    ? warn(
        about,
        'One person alone can administer the service.',
        'Have a second administrator, for when the first one is away.',
      )
    : ok(about, `${count} can sign in.`)
}

/** Checks that audit events get their links. */
export async function checkAuditChain(db: Database, now: Instant): Promise<Result> {
  const about = 'Audit chain'
  const { oldest, waiting } = await db
    .selectFrom('audit_events')
    .select((e) => [e.fn.min('at').as('oldest'), e.fn.countAll<number>().as('waiting')])
    .where('linked_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (Number(waiting) === 0) return ok(about, 'Every event has its link. Whether it holds, verify-audit tells.')
  const says = `${waiting} without a link, the oldest for ${lengthOf(Math.max(0, now - oldest))}.`
  return now - oldest > minutes(5)
    ? warn(about, says, 'Look whether the service runs and what its log says, or run: countersign verify-audit')
    : ok(about, says)
}
