// Figures that are read from the database when somebody scrapes. Each count ends at a limit, the outcome is kept for some
// seconds and read by one scrape at a time, and a database that does not answer in time is told as such: however often
// somebody scrapes, the database hardly notices, and the scrape itself never fails.

import { countUnlinked } from '../audit/chain.ts'
import type { Database } from '../database/database.ts'
import { type OutboxFigures, readOutboxFigures } from '../mail/health.ts'
import { countSessions } from '../sessions/sessions.ts'
import { type Clock, type Duration, type Instant, isYoung, seconds, within } from '../time.ts'

export interface DatabaseFigures {
  sessions: number
  unlinkedEvents: number
  outbox: OutboxFigures
}

/** So long the figures are good. */
export const figuresLast = seconds(5)
/** No count goes beyond this. */
export const mostCounted = 100_000

/** Makes the reader. It gives null where the database cannot be read, or not within `patience`. */
export function createFiguresReader(
  db: Database,
  clock: Clock,
  patience: Duration = seconds(2),
): () => Promise<DatabaseFigures | null> {
  let kept: { at: Instant; figures: Promise<DatabaseFigures | null> } | null = null
  return async () => {
    const now = clock()
    if (kept === null || !isYoung(kept.at, now, figuresLast))
      kept = { at: now, figures: within(patience, read(db, now), null).catch(() => null) }
    return kept.figures
  }
}

async function read(db: Database, now: Instant): Promise<DatabaseFigures> {
  return {
    sessions: await countSessions(db, now, mostCounted),
    unlinkedEvents: await countUnlinked(db, mostCounted),
    outbox: await readOutboxFigures(db, mostCounted),
  }
}
