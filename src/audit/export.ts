// Writes the audit log out, as a table for people (CSV) or line by line for programs (JSON lines). Oldest first, a page at
// a time: the memory it takes does not grow with the log.

import { csvLine } from '../csv.ts'
import type { Database } from '../database/database.ts'
import { type Instant, isoTime } from '../time.ts'
import type { Filter } from './filter.ts'
import { type Position, type RecordedEvent, readEvents } from './read.ts'

export const exportFormats = ['csv', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]

const atOnce = 500

const columns: readonly [heading: string, cell: (event: RecordedEvent) => string | number | null][] = [
  ['time', ({ at }) => isoTime(at)],
  ['event', ({ name }) => name],
  ['actor_id', ({ actor }) => actor?.id ?? null],
  ['actor_email', ({ actor }) => actor?.email ?? null],
  ['subject_id', ({ subject }) => subject?.id ?? null],
  ['subject_email', ({ subject }) => subject?.email ?? null],
  ['address', ({ address }) => address],
  ['user_agent', ({ userAgent }) => userAgent],
  ['request_id', ({ requestId }) => requestId],
  ['details', ({ details }) => JSON.stringify(details)],
  ['id', ({ id }) => id],
  ['link', ({ link }) => link],
]

/** Yields the text of the export in pieces, up to the events of `until`. `onProgress` is told how many events are done. */
export async function* exportEvents(
  db: Database,
  { filter, format, until }: { filter: Filter; format: ExportFormat; until: Instant },
  onProgress: (done: number) => void = () => {},
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(columns.map(([heading]) => heading))
  const write = format === 'csv' ? csvOf : jsonOf
  const before = Math.min(filter.before ?? Number.POSITIVE_INFINITY, until + 1)
  let after: Position | null = null
  let done = 0
  do {
    const page: Awaited<ReturnType<typeof readEvents>> = await readEvents(db, {
      filter: { ...filter, before },
      order: 'oldest first',
      after,
      limit: atOnce,
    })
    if (page.events.length > 0) yield page.events.map(write).join('')
    done += page.events.length
    onProgress(done)
    after = page.next
  } while (after)
}

function csvOf(event: RecordedEvent): string {
  return csvLine(columns.map(([, cell]) => cell(event)))
}

function jsonOf({ at, ...event }: RecordedEvent): string {
  return `${JSON.stringify({ time: isoTime(at), ...event })}\n`
}
