// The API's operations about the audit log: reading it, a page at a time. The log itself is by what happens.

import { z } from 'zod'
import { type FilterField, noTexts, parseFilter } from '../../audit/filter.ts'
import { type Position, type RecordedEvent, readEvent, readEvents } from '../../audit/read.ts'
import { Refusal } from '../../refusal.ts'
import type { SignInParts } from '../../sign-in/parts.ts'
import { isoTime } from '../../time.ts'
import { InvalidInput } from '../input.ts'
import type { Operations } from '../operation.ts'
import { id, moment, next, queryText } from '../schemas.ts'

const tag = 'Audit log'
const reading = { method: 'get', tag, access: 'audit.read', scope: 'audit:read' } as const
const eventsPerPage = 100

const Somebody = z
  .object({ id: z.string(), email: z.string().nullable().describe('Null when the account is gone.') })
  .meta({ id: 'Somebody' })

const AuditEvent = z
  .object({
    id,
    at: moment,
    name: z.string().describe('As on the reference page of the events.'),
    actor: Somebody.nullable().describe('Who did it.'),
    subject: Somebody.nullable().describe('Whom it concerns.'),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    request_id: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
    link: z.int().nullable().describe('Its number in the chain of hashes; null until it is linked.'),
  })
  .meta({ id: 'AuditEvent' })

const Looked = z.strictObject({
  event: queryText.optional().describe('The name of an event, or of a group of them: `totp.*`.'),
  actor: queryText.optional().describe('An id, or part of an address.'),
  subject: queryText.optional().describe('An id, or part of an address.'),
  address: queryText.optional().describe('The beginning of a network address.'),
  since: z.iso.date().optional().describe('The first day, in UTC.'),
  until: z.iso.date().optional().describe('The last day, in UTC.'),
  after: queryText.optional().describe('What the page before gave as `next`.'),
})

/** Declares them. */
export function auditEventOperations(operations: Operations, { db }: SignInParts): void {
  operations.add(
    {
      ...reading,
      path: '/api/v1/audit-events',
      id: 'listAuditEvents',
      summary: 'The audit log, the newest first, a hundred at a time',
      query: Looked,
      answer: { status: 200, schema: z.object({ events: z.array(AuditEvent), next }), what: 'One page.' },
    },
    async ({ query: { after, ...texts } }) => {
      const { filter, faults } = parseFilter({ ...noTexts, ...texts })
      if (faults.length > 0) throw new InvalidInput(faults.map(faultOf))
      const wanted = { filter, order: 'newest first' as const, limit: eventsPerPage }
      const page = await readEvents(db, { ...wanted, after: after === undefined ? null : readPosition(after) })
      return { events: page.events.map(eventOf), next: page.next && `${page.next.at}.${page.next.id}` }
    },
  )

  operations.add(
    {
      ...reading,
      path: '/api/v1/audit-events/:event',
      id: 'getAuditEvent',
      summary: 'One event',
      answer: { status: 200, schema: AuditEvent, what: 'The event.' },
    },
    async ({ ids }) => {
      const event = await readEvent(db, ids.event)
      if (!event) throw new Refusal('not-found')
      return eventOf(event)
    },
  )
}

const faultOf = (parameter: FilterField) => ({ parameter, detail: 'This cannot be looked for.' })

function readPosition(text: string): Position {
  const [, at, event] = /^([0-9]{1,15})\.([0-9a-f-]{36})$/.exec(text) ?? []
  if (at === undefined || event === undefined)
    throw new InvalidInput([{ parameter: 'after', detail: 'Expected the `next` of a page.' }])
  return { at: Number(at), id: event }
}

function eventOf(event: RecordedEvent): z.input<typeof AuditEvent> {
  return {
    id: event.id,
    at: isoTime(event.at),
    name: event.name,
    actor: event.actor,
    subject: event.subject,
    address: event.address,
    user_agent: event.userAgent,
    request_id: event.requestId,
    details: { ...event.details },
    link: event.link,
  }
}
