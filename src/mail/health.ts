// Whether mail goes out, as far as the outbox tells: when the last one was taken, and what the server said to the last one
// that was not.

import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import { longestTries } from './outbox.ts'

export interface MailHealth {
  lastSentAt: Instant | null
  /** What went wrong with the newest message that has failed and is not sent yet. */
  lastError: string | null
}

/** Reads the outbox for signs of life. */
export async function readMailHealth(db: Database): Promise<MailHealth> {
  const sent = await db
    .selectFrom('outbox')
    .select((e) => e.fn.max('sent_at').as('at'))
    .executeTakeFirst()
  const failing = await db
    .selectFrom('outbox')
    .select('last_error')
    .where('sent_at', 'is', null)
    .where('last_error', 'is not', null)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return { lastSentAt: sent?.at ? Number(sent.at) : null, lastError: failing?.last_error ?? null }
}

export interface OutboxFigures {
  waiting: number
  givenUp: number
  /** When the oldest message that waits was written; null where none waits. */
  oldestAt: Instant | null
}

/** Counts what is not sent, looking at no more than `most` messages. */
export async function readOutboxFigures(db: Database, most: number): Promise<OutboxFigures> {
  const unsent = db.selectFrom('outbox').select(['tries', 'created_at']).where('sent_at', 'is', null).limit(most)
  const found = await db
    .selectFrom(unsent.as('unsent'))
    .select((e) => [
      e.fn.countAll().filterWhere('tries', '<', longestTries).as('waiting'),
      e.fn.countAll().filterWhere('tries', '>=', longestTries).as('givenUp'),
      e.fn.min('created_at').filterWhere('tries', '<', longestTries).as('oldestAt'),
    ])
    .executeTakeFirstOrThrow()
  const oldestAt = found.oldestAt === null ? null : Number(found.oldestAt)
  return { waiting: Number(found.waiting), givenUp: Number(found.givenUp), oldestAt }
}
