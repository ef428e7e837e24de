// Goes through the whole chain and says what does not fit. It changes nothing. What it cannot know is said in SECURITY.md:
// events that are not linked yet, an end that was cut off unless its head was noted elsewhere, and whoever has the key.

import type { Database } from '../database/database.ts'
import type { AuditEventsTable } from '../database/tables.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import { type Instant, minutes } from '../time.ts'
import { type Head, linkHash, noHead } from './chain.ts'

export type Finding =
  /** The event, its place or its link is not what was linked. */
  | { kind: 'changed'; sequence: number; event: string }
  /** The link is there, its event is not. */
  | { kind: 'removed'; sequence: number; event: string }
  /** Links are missing between two numbers. */
  | { kind: 'gap'; after: number; before: number }
  /** The event's mark and its link do not go together. */
  | { kind: 'mark'; event: string }
  /** The event is dated before what had been linked in earlier runs: it was put in, or a clock was set back. */
  | { kind: 'backdated'; sequence: number; event: string }
  /** The chain does not hold the head that was expected: it was cut off or made anew. */
  | { kind: 'head'; sequence: number }

export interface Verification {
  /** How many links were looked at. */
  links: number
  /** When the first and the last of them were made. */
  linked: { first: Instant; last: Instant } | null
  head: Head
  /** Events that no link vouches for yet. */
  pending: number
  /** How much was found in all. */
  found: number
  /** The first of it. */
  findings: readonly Finding[]
}

export interface VerifyOptions {
  expected?: Head | null
  /** Told now and then how many links of how many have been looked at. */
  onProgress?: (done: number, of: number) => void
}

const atOnce = 1000
const mostFindings = 100
/** How far apart the clocks of several processes may be. */
const tolerance = minutes(10)

/** Verifies every link, event and mark. */
export async function verifyChain(db: Database, keys: KeyRing, options: VerifyOptions = {}): Promise<Verification> {
  const { expected = null, onProgress } = options
  const findings: Finding[] = []
  let found = 0
  const report = (finding: Finding) => {
    found += 1
    if (findings.length < mostFindings) findings.push(finding)
  }
  const walk = walker(expected, report)
  const total = await count(db.selectFrom('audit_links').select((e) => e.fn.countAll<number>().as('n')))
  let behind: number | null = null
  for (;;) {
    const rows: LinkRow[] = await readLinks(db, behind)
    for (const row of rows) walk.take(row, await chainKey(db, keys, row.key_number))
    behind = rows.at(-1)?.sequence ?? behind
    onProgress?.(walk.links(), Math.max(total, walk.links()))
    if (rows.length < atOnce) break
  }
  if (expected && !walk.metExpected()) report({ kind: 'head', sequence: expected.sequence })
  const astray = await eventsWithWrongMark(db, mostFindings)
  for (const { id } of astray) report({ kind: 'mark', event: id })
  const pending = await count(
    db
      .selectFrom('audit_events')
      .select((e) => e.fn.countAll<number>().as('n'))
      .where('linked_at', 'is', null),
  )
  return { links: walk.links(), linked: walk.linked(), head: walk.at(), pending, found, findings }
}

async function chainKey(db: Database, keys: KeyRing, number: number): Promise<Buffer | null> {
  return (await keys.find(db, number))?.derive('audit-chain') ?? null
}

type LinkRow = Awaited<ReturnType<typeof readLinks>>[number]

/** From the very first one on, whatever its number: a link that nobody looks at vouches for an event that was put in. */
async function readLinks(db: Database, behind: number | null) {
  let query = db
    .selectFrom('audit_links')
    .leftJoin('audit_events', 'audit_events.id', 'audit_links.event_id')
    .selectAll('audit_events')
    .select([
      'audit_links.sequence',
      'audit_links.event_id',
      'audit_links.hash',
      'audit_links.key_number',
      'audit_links.linked_at as made_at',
    ])
    .orderBy('audit_links.sequence')
    .limit(atOnce)
  if (behind !== null) query = query.where('audit_links.sequence', '>', behind)
  return query.execute()
}

/** Takes one link after the other. What follows a fault is judged by what stands there, so that each fault is found by itself. */
function walker(expected: Head | null, report: (finding: Finding) => void) {
  let head = noHead
  let keyNumber = 0
  let links = 0
  let metExpected = false
  let linked: { first: Instant; last: Instant } | null = null
  /** The last link of the run before, and of the one that this link belongs to. */
  let runs: { before: Dated | null; current: Dated | null } = { before: null, current: null }
  return {
    at: () => head,
    links: () => links,
    linked: () => linked,
    metExpected: () => metExpected,
    /** The key is null where there is none of the number that the link names. */
    take(row: LinkRow, chainKey: Buffer | null) {
      const { sequence, hash, made_at: madeAt, event_id: id } = row
      links += 1
      // We count from 1: whatever stands before that is not ours, and says nothing about what follows.
      if (sequence < 1) return report({ kind: 'changed', sequence, event: id })
      const isNext = sequence === head.sequence + 1
      if (!isNext) report({ kind: 'gap', after: head.sequence, before: sequence })
      const event = eventIn(row)
      if (!event) report({ kind: 'removed', sequence, event: id })
      else {
        // Behind a gap there is nothing to tell by; the gap is fault enough.
        const link = { sequence, previous: head.hash, linkedAt: madeAt, event }
        // A link goes on with the key of the one before, or with a newer one: whoever has got hold of an older key makes none.
        const isRight = chainKey !== null && row.key_number >= keyNumber && linkHash(chainKey, link) === hash
        if (isRight) keyNumber = row.key_number
        if (isNext && !isRight) report({ kind: 'changed', sequence, event: id })
        if (runs.current && runs.current.madeAt !== madeAt) runs = { before: runs.current, current: null }
        if (isBackdated(event.at, runs.before)) report({ kind: 'backdated', sequence, event: id })
        runs = { ...runs, current: { madeAt, at: event.at } }
      }
      if (expected?.sequence === sequence && expected.hash === hash) metExpected = true
      head = { sequence, hash }
      linked = { first: linked?.first ?? madeAt, last: madeAt }
    },
  }
}

interface Dated {
  madeAt: Instant
  at: Instant
}

/** An event of that date was there when the run before was made, and would have been linked by it, before its last one. */
function isBackdated(at: Instant, before: Dated | null): boolean {
  return before !== null && at < before.madeAt - tolerance && at < before.at
}

function eventIn(row: LinkRow): AuditEventsTable | null {
  const { id, at, name, details } = row
  return id === null || at === null || name === null || details === null ? null : { ...row, id, at, name, details }
}

/** Events that say they are linked and are not, and events that are linked and do not say so. */
function eventsWithWrongMark(db: Database, limit: number): Promise<{ id: string }[]> {
  return db
    .selectFrom('audit_events')
    .leftJoin('audit_links', 'audit_links.event_id', 'audit_events.id')
    .select('audit_events.id')
    .where((e) =>
      e.or([
        e.and([e('audit_events.linked_at', 'is not', null), e('audit_links.event_id', 'is', null)]),
        e.and([e('audit_events.linked_at', 'is', null), e('audit_links.event_id', 'is not', null)]),
      ]),
    )
    .orderBy('audit_events.at')
    .limit(limit)
    .execute()
}

async function count(query: { executeTakeFirstOrThrow(): Promise<{ n: number }> }): Promise<number> {
  return Number((await query.executeTakeFirstOrThrow()).n)
}
