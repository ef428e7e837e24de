// Whether mail goes out, as far as the outbox tells: when the last one was taken, and what the server said to the last one
// that was not.

import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'

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
