/**
 * The audit log: filters, the events, newest first, and the export of what is shown. On a narrow screen the event keeps its
 * column and the rest moves under it.
 */

import { PersonName, type ShownEvent } from '../parts/audit.tsx'
import { ProblemSummary } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { Icon } from '../parts/icon.tsx'
import { Paging } from '../parts/paging.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { AuditFilter, type AuditFilterProps, filterOrder } from './audit-filter.tsx'

/** Holds what the log shows. */
export interface AuditLogProps extends AuditFilterProps {
  readonly events: readonly ShownEvent[]
  /** Where the next page starts; absent on the last one. */
  readonly next?: string | undefined
  readonly isLaterPage: boolean
}

/** Shows the log; filtering and paging are links and a GET form, exporting is a form of its own. */
export function AuditLogView({ frame, events, problems, ...props }: AuditLogProps) {
  const { t } = frame
  const hasProblem = filterOrder.some((name) => problems[name] !== undefined)
  return (
    <SignedInPage
      frame={frame}
      title={t('auditLog.title')}
      lead={t('auditLog.lead')}
      width="wide"
      hasProblem={hasProblem}
    >
      <ProblemSummary frame={frame} problems={problems} order={filterOrder} />
      <AuditFilter frame={frame} problems={problems} {...props} />
      {events.length > 0 && <EventsTable frame={frame} events={events} />}
      {events.length === 0 && !hasProblem && <p class="panel mt-6 p-7 text-soft">{t('auditLog.none')}</p>}
      <Paging
        frame={frame}
        path="/admin/audit"
        query={Object.fromEntries(
          filterOrder.map((name) => [name, props.values[name]]).filter(([, value]) => value !== ''),
        )}
        next={props.next}
        isLaterPage={props.isLaterPage}
        words={{ pages: 'auditLog.pages', first: 'auditLog.newest', next: 'auditLog.older' }}
      />
      {events.length > 0 && <ExportForm frame={frame} {...props} />}
    </SignedInPage>
  )
}

function EventsTable({ frame, events }: Pick<AuditLogProps, 'frame' | 'events'>) {
  const { t } = frame
  return (
    <div class="panel mt-6">
      <table class="data-table">
        <caption class="sr-only">{t('auditLog.caption')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('auditLog.event')}</th>
            <th scope="col" class="hidden sm:table-cell">
              {t('auditLog.actor')}
            </th>
            <th scope="col" class="hidden md:table-cell">
              {t('auditLog.subject')}
            </th>
            <th scope="col" class="hidden lg:table-cell">
              {t('auditLog.address')}
            </th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <EventRow frame={frame} event={event} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function EventRow({ frame, event }: { readonly frame: Frame; readonly event: ShownEvent }) {
  const { t } = frame
  return (
    <tr>
      <th scope="row">
        <a href={`/admin/audit/${event.id}`} class="link-plain inline-block min-h-6 font-medium break-anywhere">
          {event.words}
        </a>
        <time class="block text-sm text-soft" datetime={new Date(event.at).toISOString()}>
          {frame.formatInstant(event.at, 'second')}
        </time>
        <span class="mt-1 block text-sm text-soft sm:hidden">
          {t('auditLog.actor')}: <PersonName frame={frame} person={event.actor} />
        </span>
        {event.subject !== null && event.subject.name !== event.actor?.name && (
          <span class="mt-1 block text-sm text-soft md:hidden">
            {t('auditLog.subject')}: <PersonName frame={frame} person={event.subject} />
          </span>
        )}
        {event.address !== null && (
          <span class="mt-1 block text-sm text-soft break-anywhere lg:hidden">
            {t('auditLog.address')}: {event.address}
          </span>
        )}
      </th>
      <td class="hidden sm:table-cell">
        <PersonName frame={frame} person={event.actor} />
      </td>
      <td class="hidden md:table-cell">
        <PersonName frame={frame} person={event.subject} />
      </td>
      <td class="hidden break-anywhere lg:table-cell">{event.address}</td>
    </tr>
  )
}

function ExportForm({ frame: { t }, values }: Pick<AuditLogProps, 'frame' | 'values'>) {
  return (
    <section aria-labelledby="export" class="mt-10">
      <h2 id="export" class="text-lg font-semibold">
        {t('auditLog.export')}
      </h2>
      <p class="mt-1 max-w-prose text-soft">{t('auditLog.exportLead')}</p>
      <form method="post" action="/admin/audit/export" class="form-buttons mt-4">
        {filterOrder.map((name) => (
          <input type="hidden" name={name} value={values[name]} />
        ))}
        <button type="submit" name="format" value="csv" class="btn">
          <Icon name="download" class="size-4" />
          {t('auditLog.csv')}
        </button>
        <button type="submit" name="format" value="jsonl" class="btn">
          <Icon name="download" class="size-4" />
          {t('auditLog.jsonLines')}
        </button>
      </form>
    </section>
  )
}
