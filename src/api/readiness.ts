// Is this process ready to sign people in? It is when the database lets itself be written to, and lets the tables be read that
// a sign-in needs, and when the newest data key opens. Looking changes nothing. Asked by many, it looks once a second, and
// answers in time whatever the database does.

import { type Database, writeTheSame } from '../database/database.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { SignInParts } from '../sign-in/parts.ts'
import { type Instant, isYoung, seconds, within } from '../time.ts'

/** A balancer that asks does not wait for long. */
const answerWithin = seconds(2)
/** An answer is good for others who ask at the same time. */
const goodFor = seconds(1)

/** Makes the question; each process asks for itself. */
export function createReadiness({
  db,
  keys,
  clock,
}: Pick<SignInParts, 'db' | 'keys' | 'clock'>): () => Promise<boolean> {
  let looking: Promise<boolean> | null = null
  let answer: { is: boolean; at: Instant } | null = null

  async function look(): Promise<boolean> {
    const is = await lookInto(db, keys).then(
      () => true,
      () => false,
    )
    looking = null
    answer = { is, at: clock() }
    return is
  }
  return async () => {
    if (answer && isYoung(answer.at, clock(), goodFor)) return answer.is
    looking ??= look()
    return within(answerWithin, looking, false)
  }
}

async function lookInto(db: Database, keys: KeyRing): Promise<void> {
  await db
    .selectFrom('installation')
    .select((e) =>
      (
        [
          'policies',
          'attempts',
          'users',
          'sign_ins',
          'sessions',
          'totp_factors',
          'recovery_codes',
          'audit_events',
          'outbox',
        ] as const
      ).map((table) => e.exists(e.selectFrom(table).select(e.lit(1).as('one'))).as(table)),
    )
    .execute()
  // Where the newest data key does not open, nobody signs in through this process.
  await keys.newest(db)
  await writeTheSame(db)
}
