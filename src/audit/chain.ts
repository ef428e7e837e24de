// The chain over audit events: each link is an HMAC over the link before it and the whole of one event, under a key that is
// not in the database. Events are written without it and linked afterwards, so that no sign-in waits for another; what
// decides whether an event is due is that it has no link, never its date. Each event is linked once.

import { createHmac } from 'node:crypto'
import type { Insertable } from 'kysely'
import { changedRows, countUpTo, type Database, type DatabaseTransaction } from '../database/database.ts'
import type { AuditEventsTable, AuditLinksTable } from '../database/tables.ts'
import type { DataKey } from '../secrets/data-key.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { Instant } from '../time.ts'

/** The end of the chain: noted elsewhere, it shows later whether the chain has been cut off or made anew. */
export interface Head {
  sequence: number
  hash: string
}

/** Stands before the first link. */
export const noHead: Head = { sequence: 0, hash: '' }

export interface Linker {
  /** Links what is not linked yet, and tells how many events that were and where the chain ends now. */
  link(now: Instant): Promise<{ linked: number; head: Head }>
  /** Looks where the chain ends, without extending it: for a process that leaves that to another, and may come to do it. */
  look(): Promise<void>
}

/** How many events go into one transaction. */
const atOnce = 500

/**
 * Makes what extends the chain. It remembers where it ended: when that link is gone or another one stands in its place,
 * it refuses to go on, so that the running service never vouches for a chain that somebody has cut. `onLinked` is told of
 * every event that it has linked, once it is committed: over all processes, each event is told once.
 */
export function createLinker(
  db: Database,
  keys: KeyRing,
  onLinked: (events: readonly AuditEventsTable[]) => void = () => {},
): Linker {
  let remembered = noHead
  return {
    async link(now) {
      let linked = 0
      for (;;) {
        const batch = await linkBatch(db, { keys, remembered, now })
        remembered = batch.head
        linked += batch.events.length
        onLinked(batch.events)
        if (batch.events.length < atOnce) return { linked, head: remembered }
      }
    },
    async look() {
      await mustHold(db, remembered)
      remembered = await readHead(db)
    },
  }
}

/** Thrown inside the transaction to take it back: another process has extended the chain meanwhile. */
class Outrun extends Error {}

async function linkBatch(
  db: Database,
  { keys, remembered, now }: { keys: KeyRing; remembered: Head; now: Instant },
): Promise<{ events: readonly AuditEventsTable[]; head: Head }> {
  try {
    return await db.transaction().execute(async (trx) => {
      await mustHold(trx, remembered)
      const head = await readHead(trx)
      const events = await unlinkedEvents(trx)
      if (events.length === 0) return { events, head }
      // Asked after the head was read: no link is made with an older key than the one before it.
      const links = chain(await keys.newest(trx), { head, events, now })
      const inserted = await trx
        .insertInto('audit_links')
        .values(links)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      // The guarded write: of several that link at the same time, one finds every number free.
      if (changedRows(inserted) !== links.length) throw new Outrun()
      const ids = events.map(({ id }) => id)
      await trx.updateTable('audit_events').set({ linked_at: now }).where('id', 'in', ids).execute()
      const { sequence, hash } = links.at(-1) ?? head
      return { events, head: { sequence, hash } }
    })
  } catch (error) {
    if (error instanceof Outrun) return { events: [], head: remembered }
    throw error
  }
}

function unlinkedEvents(trx: DatabaseTransaction): Promise<AuditEventsTable[]> {
  return (
    trx
      .selectFrom('audit_events')
      .leftJoin('audit_links', 'audit_links.event_id', 'audit_events.id')
      .selectAll('audit_events')
      .where('audit_events.linked_at', 'is', null)
      // An event that has a link and lost its mark has been tampered with; verifying finds it, and nothing waits for it.
      .where('audit_links.event_id', 'is', null)
      .orderBy('audit_events.at')
      .orderBy('audit_events.id')
      .limit(atOnce)
      .execute()
  )
}

function chain(
  key: DataKey,
  { head, events, now }: { head: Head; events: readonly AuditEventsTable[]; now: Instant },
): Insertable<AuditLinksTable>[] {
  const chainKey = key.derive('audit-chain')
  let previous = head
  return events.map((event) => {
    const sequence = previous.sequence + 1
    const hash = linkHash(chainKey, { sequence, previous: previous.hash, linkedAt: now, event })
    previous = { sequence, hash }
    return { sequence, event_id: event.id, linked_at: now, hash, key_number: key.number }
  })
}

/** Computes what a link must say. JSON with a fixed order keeps every value apart from its neighbour, and nothing from the empty text. */
export function linkHash(
  chainKey: Buffer,
  link: { sequence: number; previous: string; linkedAt: Instant; event: AuditEventsTable },
): string {
  const { event } = link
  const text = JSON.stringify([
    link.sequence,
    link.previous,
    link.linkedAt,
    event.id,
    event.at,
    event.name,
    event.actor_id,
    event.subject_id,
    event.address,
    event.user_agent,
    event.request_id,
    event.details,
  ])
  return createHmac('sha256', chainKey).update(text).digest('base64url')
}

async function mustHold(trx: Database, { sequence, hash }: Head): Promise<void> {
  if (sequence === 0) return
  const link = await trx.selectFrom('audit_links').select('hash').where('sequence', '=', sequence).executeTakeFirst()
  if (link?.hash !== hash)
    throw new Error(`The audit chain no longer holds link ${sequence} as it was seen last. Nothing more is linked.`)
}

/** Reads where the chain ends. */
export async function readHead(db: Database): Promise<Head> {
  const last = await db
    .selectFrom('audit_links')
    .select(['sequence', 'hash'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last ?? noHead
}

/** Writes a head as one word, to be noted elsewhere. */
export function writeHead({ sequence, hash }: Head): string {
  return `${sequence}:${hash}`
}

/** Reads a head that was noted; null for anything else. */
export function parseHead(text: string): Head | null {
  const [, sequence = '', hash = ''] = /^([1-9][0-9]{0,14}):([\w-]{43})$/.exec(text.trim()) ?? []
  return sequence === '' ? null : { sequence: Number(sequence), hash }
}

/** Counts events that have no link yet, up to `most`. */
export function countUnlinked(db: Database, most: number): Promise<number> {
  return countUpTo(db, db.selectFrom('audit_events').select('id').where('linked_at', 'is', null), most)
}
