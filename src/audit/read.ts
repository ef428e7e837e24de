// Reads the audit log: a page at a time by position, never by number, so that the newest page costs what the oldest does and
// events that come in between move nothing.

import { type SelectQueryBuilder, sql } from 'kysely'
import type { Database } from '../database/database.ts'
import { escapePattern } from '../database/patterns.ts'
import type { Tables } from '../database/tables.ts'
import type { Instant } from '../time.ts'
import type { Filter } from './filter.ts'

/** Somebody that an event names. The address is null when the account is gone. */
export interface Named {
  id: string
  email: string | null
}

export interface RecordedEvent {
  id: string
  at: Instant
  name: string
  actor: Named | null
  subject: Named | null
  address: string | null
  userAgent: string | null
  requestId: string | null
  details: Readonly<Record<string, unknown>>
  /** The number of its link in the chain; null while it has none. */
  link: number | null
}

/** Where a page begins: behind the event with this date and id. */
export interface Position {
  at: Instant
  id: string
}

export interface Wanted {
  filter: Filter
  order: 'newest first' | 'oldest first'
  after: Position | null
  limit: number
}

/** Reads one page, and where the next one begins; null when there is none. */
export async function readEvents(
  db: Database,
  { filter, order, after, limit }: Wanted,
): Promise<{ events: RecordedEvent[]; next: Position | null }> {
  const direction = order === 'newest first' ? 'desc' : 'asc'
  let query = events(db)
    .orderBy('audit_events.at', direction)
    .orderBy('audit_events.id', direction)
    .limit(limit + 1)
  if (after) {
    const side = direction === 'desc' ? '<' : '>'
    query = query.where((e) =>
      e.and([
        e('audit_events.at', direction === 'desc' ? '<=' : '>=', after.at),
        e.or([e('audit_events.at', side, after.at), e('audit_events.id', side, after.id)]),
      ]),
    )
  }
  const rows = await narrow(query, filter).execute()
  const page = rows.slice(0, limit).map(recorded)
  const last = page.at(-1)
  return { events: page, next: rows.length > limit && last ? { at: last.at, id: last.id } : null }
}

/** Reads one event; null when there is none of that id. */
export async function readEvent(db: Database, id: string): Promise<RecordedEvent | null> {
  const row = await events(db).where('audit_events.id', '=', id).executeTakeFirst()
  return row ? recorded(row) : null
}

function events(db: Database) {
  return db
    .selectFrom('audit_events')
    .leftJoin('users as actors', 'actors.id', 'audit_events.actor_id')
    .leftJoin('users as subjects', 'subjects.id', 'audit_events.subject_id')
    .leftJoin('audit_links', 'audit_links.event_id', 'audit_events.id')
    .selectAll('audit_events')
    .select(['actors.email as actor_email', 'subjects.email as subject_email', 'audit_links.sequence as link'])
}

type Query<Row> = SelectQueryBuilder<Tables & Record<'actors' | 'subjects', Tables['users']>, 'audit_events', Row>

function narrow<Row>(query: Query<Row>, filter: Filter): Query<Row> {
  let narrowed = query
  const { event, actor, subject, address, since, before } = filter
  if (event && 'name' in event) narrowed = narrowed.where('audit_events.name', '=', event.name)
  // A group may have a name of its own: `sign-out` is all there is of it.
  if (event && 'group' in event)
    narrowed = narrowed.where((e) =>
      e.or([
        e('audit_events.name', '=', event.group),
        // The name of a group has been read as letters, digits and dashes: there is no pattern in it.
        e('audit_events.name', 'like', `${event.group}.%`),
      ]),
    )
  if (actor !== null) narrowed = narrowed.where(isPerson('actor_id', actor))
  if (subject !== null) narrowed = narrowed.where(isPerson('subject_id', subject))
  if (address !== null) {
    const pattern = `${escapePattern(address.toLowerCase())}%`
    narrowed = narrowed.where(sql<boolean>`lower(audit_events.address) like ${pattern} escape '\\'`)
  }
  if (since !== null) narrowed = narrowed.where('audit_events.at', '>=', since)
  if (before !== null) narrowed = narrowed.where('audit_events.at', '<', before)
  return narrowed
}

/** By the whole id, also of an account that is gone, or by a part of the address. */
function isPerson(column: 'actor_id' | 'subject_id', text: string) {
  const pattern = `%${escapePattern(text.toLowerCase())}%`
  const id = sql.ref(`audit_events.${column}`)
  return sql<boolean>`(${id} = ${text} or ${id} in (select users.id from users where users.email_key like ${pattern} escape '\\'))`
}

type Row = Awaited<ReturnType<ReturnType<typeof events>['execute']>>[number]

function recorded(row: Row): RecordedEvent {
  return {
    id: row.id,
    at: row.at,
    name: row.name,
    actor: row.actor_id === null ? null : { id: row.actor_id, email: row.actor_email },
    subject: row.subject_id === null ? null : { id: row.subject_id, email: row.subject_email },
    address: row.address,
    userAgent: row.user_agent,
    requestId: row.request_id,
    details: readDetails(row.details),
    link: row.link,
  }
}

/** Somebody may have written to the table by hand; what is no object is shown as it is, and is no reason to show nothing. */
function readDetails(text: string): Record<string, unknown> {
  try {
    const details: unknown = JSON.parse(text)
    if (typeof details === 'object' && details !== null && !Array.isArray(details)) return { ...details }
  } catch {
    // Shown below.
  }
  return { unreadable: text }
}
