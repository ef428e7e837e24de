// The audit log for whoever may read it: the list with its filters, one event, and the export. Filters that cannot be
// looked for are told beside their field, and then nothing is looked for.

import { type ExportFormat, exportFormats } from '../audit/export.ts'
import { type FilterField, type FilterTexts, filterFields, parseFilter } from '../audit/filter.ts'
import { type Named, type Position, type RecordedEvent, readEvent, readEvents } from '../audit/read.ts'
import type { Role } from '../database/tables.ts'
import type { Door, DoorContext } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import type { MessageId } from '../messages.ts'
import { Refusal } from '../refusal.ts'
import { exportAudit } from '../sign-in/export-audit.ts'
import { isoDay } from '../time.ts'
import { may } from '../users/roles.ts'
import { eventChoices, eventMessage, isEventChoice } from './event-words.ts'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { sendText } from './send-text.ts'
import { AuditEventView } from './views/admin/audit-event.tsx'
import { AuditLogView } from './views/admin/audit-log.tsx'
import type { ShownEvent, ShownPerson } from './views/parts/audit.tsx'
import type { Frame, Problems } from './views/parts/frame.ts'

const eventsPerPage = 50

/** Declares the pages of the audit log. */
export function auditPages(door: Door, parts: PageParts): void {
  const { db } = parts.machine

  door.permitted('audit.read', 'get', '/admin/audit', async (c, { account }) => {
    const texts = textsFrom((name) => c.req.query(name) ?? '')
    return showLog(c, parts, { frame: frameOf(c, parts, account), texts, people: peopleAt(account.user.role) })
  })

  // Sent by a form, because it leaves an event behind.
  door.permitted('audit.read', 'post', '/admin/audit/export', async (c, standing) => {
    const form = await readForm(c)
    const texts = textsFrom(form.text)
    const { filter, faults } = readFilter(texts)
    const format = exportFormats.find((known) => known === form.text('format'))
    if (faults.length > 0 || !format) {
      const { account } = standing
      return showLog(c, parts, { frame: frameOf(c, parts, account), texts, people: peopleAt(account.user.role) })
    }
    const pieces = await exportAudit(parts.machine, standing, { filter, format }, c.get('caller'))
    const day = isoDay(parts.machine.clock())
    return sendText(pieces, { type: types[format], fileName: `audit-${day}.${format}` })
  })

  door.permitted('audit.read', 'get', '/admin/audit/:event', async (c, { account }) => {
    const id = c.req.param('event') ?? ''
    const event = /^[\w-]{1,64}$/.test(id) ? await readEvent(db, id) : null
    if (!event) throw new Refusal('not-found')
    const frame = frameOf(c, parts, account)
    const shown = show(frame, event, peopleAt(account.user.role))
    return page(
      c,
      <AuditEventView
        frame={frame}
        event={shown}
        browser={event.userAgent}
        requestId={event.requestId}
        link={event.link}
        details={Object.entries(event.details).map(([name, value]) => ({ name, value: inWords(value) }))}
      />,
    )
  })
}

/** Where a person's page is, for whoever may open it; null where there is none. */
type PeopleAt = ((id: string) => string) | null

function peopleAt(role: Role): PeopleAt {
  return may(role, 'users.read') ? (id) => `/admin/users/${encodeURIComponent(id)}` : null
}

function textsFrom(read: (name: string) => string): FilterTexts {
  return Object.fromEntries(filterFields.map((field) => [field, read(field)])) as Record<FilterField, string>
}

/** Reads the filter; an event that cannot be chosen is a fault as well. */
function readFilter(texts: FilterTexts): ReturnType<typeof parseFilter> {
  const read = parseFilter(texts)
  const event = texts.event.trim()
  return event === '' || isEventChoice(event) || read.faults.includes('event')
    ? read
    : { ...read, faults: ['event', ...read.faults] }
}

const problemWords: Readonly<Record<FilterField, MessageId>> = {
  event: 'problem.choice',
  actor: 'problem.search',
  subject: 'problem.search',
  address: 'problem.search',
  since: 'problem.day',
  until: 'problem.untilDay',
}

async function showLog(
  c: DoorContext,
  parts: PageParts,
  { frame, texts, people }: { frame: Frame; texts: FilterTexts; people: PeopleAt },
): Promise<Response> {
  const { filter, faults } = readFilter(texts)
  const problems: Problems<FilterField> = Object.fromEntries(
    faults.map((field) => [field, frame.t(problemWords[field])]),
  )
  const after = parsePosition(c.req.query('after') ?? '')
  const { events, next } =
    faults.length > 0
      ? { events: [], next: null }
      : await readEvents(parts.machine.db, { filter, order: 'newest first', after, limit: eventsPerPage })
  const view = (
    <AuditLogView
      frame={frame}
      events={events.map((event) => show(frame, event, people))}
      choices={eventChoices.map(({ group, label, events: names }) => ({
        label: frame.t(label),
        options: [
          ...(names.length > 1
            ? [{ value: group, label: frame.t('auditLog.wholeGroup', { group: frame.t(label) }) }]
            : []),
          ...names.map(({ name, label: message }) => ({ value: name, label: frame.t(message) })),
        ],
      }))}
      values={texts}
      problems={problems}
      isNarrowed={filterFields.some((field) => texts[field].trim() !== '')}
      next={next === null ? undefined : writePosition(next)}
      isLaterPage={after !== null}
    />
  )
  return page(c, view, faults.length > 0 ? 422 : 200)
}

function show(frame: Frame, event: RecordedEvent, people: PeopleAt): ShownEvent {
  const words = eventMessage(event.name)
  const person = (named: Named | null): ShownPerson | null =>
    named && {
      name: named.email ?? named.id,
      isGone: named.email === null,
      href: named.email === null || people === null ? null : people(named.id),
    }
  return {
    id: event.id,
    at: event.at,
    name: event.name,
    words: words === null ? event.name : frame.t(words),
    actor: person(event.actor),
    subject: person(event.subject),
    address: event.address,
  }
}

function inWords(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(inWords).join(', ')
  return JSON.stringify(value) ?? ''
}

function writePosition({ at, id }: Position): string {
  return `${at}_${id}`
}

/** Reads where a page begins; anything that we did not write begins at the newest. */
function parsePosition(text: string): Position | null {
  const [, at = '', id = ''] = /^(-?[0-9]{1,15})_([\w-]{1,64})$/.exec(text) ?? []
  return at === '' ? null : { at: Number(at), id }
}

const types: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl; charset=utf-8',
}
