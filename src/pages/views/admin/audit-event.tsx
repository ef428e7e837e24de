/**
 * One event of the audit log, with everything that was recorded about it.
 */
import { PersonName, type ShownEvent } from '../parts/audit.tsx'
import type { Frame } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page of an event shows. */
export interface AuditEventProps {
  readonly frame: Frame
  readonly event: ShownEvent
  readonly browser: string | null
  readonly requestId: string | null
  /** The number of its link in the chain; null while it has none. */
  readonly link: number | null
  /** What else the event tells, by the names that programs know. */
  readonly details: readonly { readonly name: string; readonly value: string }[]
}

/** Shows the event as a list of facts. */
export function AuditEventView({ frame, event, browser, requestId, link, details }: AuditEventProps) {
  const { t } = frame
  const code = (text: string) => <code class="text-sm break-anywhere">{text}</code>
  return (
    <SignedInPage frame={frame} title={event.words} parent={{ href: '/admin/audit', label: t('auditLog.title') }}>
      <dl class="panel rows mt-6">
        <Fact label={t('auditEvent.time')}>{frame.formatInstant(event.at, 'second')}</Fact>
        <Fact label={t('auditEvent.name')}>{code(event.name)}</Fact>
        <Fact label={t('auditLog.actor')}>
          <PersonName frame={frame} person={event.actor} />
        </Fact>
        <Fact label={t('auditLog.subject')}>
          <PersonName frame={frame} person={event.subject} />
        </Fact>
        {event.address !== null && <Fact label={t('auditLog.address')}>{event.address}</Fact>}
        {browser !== null && browser !== '' && <Fact label={t('auditEvent.browser')}>{browser}</Fact>}
        {details.map(({ name, value }) => (
          <Fact label={code(name)}>{value}</Fact>
        ))}
        {requestId !== null && <Fact label={t('auditEvent.request')}>{code(requestId)}</Fact>}
        <Fact label={t('auditEvent.id')}>{code(event.id)}</Fact>
        <Fact label={t('auditEvent.link')}>
          {link === null ? t('auditEvent.notLinked') : t('auditEvent.linked', { link })}
        </Fact>
      </dl>
    </SignedInPage>
  )
}

interface FactProps {
  readonly label: string | ReturnType<typeof PersonName>
  readonly children?: string | ReturnType<typeof PersonName>
}

function Fact({ label, children }: FactProps) {
  return (
    <div>
      <dt class="font-medium">{label}</dt>
      <dd class="break-anywhere">{children}</dd>
    </div>
  )
}
