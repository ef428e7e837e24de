/**
 * The messages of the outbox as a table: to whom, how it stands, when, and what the server said. On a narrow screen the
 * message keeps its column and the rest moves under it.
 */
import type { MessageId } from '../../../messages.ts'
import type { Frame } from '../parts/frame.ts'

/** Names how a message stands. */
export type MailStateName = 'waiting' | 'failing' | 'given-up' | 'sent'

/** Describes one message. */
export interface ShownMail {
  readonly id: string
  readonly recipient: string
  readonly subject: string
  readonly state: MailStateName
  readonly tries: number
  readonly createdAt: number
  readonly sentAt: number | null
  readonly nextTryAt: number | null
  readonly lastError: string | null
  readonly fault: 'unreachable' | 'login' | 'recipient' | 'other' | null
  readonly mayRetry: boolean
}

/** What each state is called, and how it looks. */
export const mailStateWords: Record<MailStateName, { readonly label: MessageId; readonly tone: string }> = {
  waiting: { label: 'outbox.state.waiting', tone: 'tag-plain' },
  failing: { label: 'outbox.state.failing', tone: 'tag-warning' },
  'given-up': { label: 'outbox.state.givenUp', tone: 'tag-bad' },
  sent: { label: 'outbox.state.sent', tone: 'tag-good' },
}

const faultWords: Record<NonNullable<ShownMail['fault']>, MessageId> = {
  unreachable: 'mailFault.unreachable',
  login: 'mailFault.login',
  recipient: 'mailFault.recipient',
  other: 'mailFault.other',
}

interface MailTableProps {
  readonly frame: Frame
  readonly mails: readonly ShownMail[]
  readonly mayChange: boolean
}

/** Shows the table; whoever may gets a button to try again. */
export function MailTable({ frame, mails, mayChange }: MailTableProps) {
  const { t } = frame
  return (
    <div class="panel mt-6">
      <table class="data-table">
        <caption class="sr-only">{t('outbox.caption')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('outbox.message')}</th>
            <th scope="col" class="hidden sm:table-cell">
              {t('outbox.state')}
            </th>
            <th scope="col" class="hidden md:table-cell">
              {t('outbox.times')}
            </th>
          </tr>
        </thead>
        <tbody>
          {mails.map((mail) => (
            <MailRow frame={frame} mail={mail} mayChange={mayChange} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface MailRowProps {
  readonly frame: Frame
  readonly mail: ShownMail
  readonly mayChange: boolean
}

function MailRow({ frame, mail, mayChange }: MailRowProps) {
  const { t } = frame
  const tag = <span class={`tag ${mailStateWords[mail.state].tone}`}>{t(mailStateWords[mail.state].label)}</span>
  return (
    <tr>
      <th scope="row">
        <span class="block font-medium break-anywhere">{mail.subject}</span>
        <span class="block text-sm text-soft break-anywhere">{t('outbox.to', { recipient: mail.recipient })}</span>
        <span class="mt-2 block sm:hidden">{tag}</span>
        <span class="mt-1 block text-sm text-soft md:hidden">{timesOf(frame, mail)}</span>
        {mail.fault !== null && (
          <span class="mt-2 block max-w-prose text-sm break-anywhere">
            {t(faultWords[mail.fault])} {t('outbox.outcome.error', { error: mail.lastError ?? '' })}
          </span>
        )}
        {mayChange && mail.mayRetry && <RetryForm frame={frame} mail={mail} />}
      </th>
      <td class="hidden sm:table-cell">{tag}</td>
      <td class="hidden text-sm md:table-cell">{timesOf(frame, mail)}</td>
    </tr>
  )
}

function RetryForm({ frame: { t }, mail }: Omit<MailRowProps, 'mayChange'>) {
  return (
    <form method="post" action="/admin/outbox/retry" class="mt-3">
      <input type="hidden" name="mail" value={mail.id} />
      <button
        type="submit"
        class="btn btn-sm"
        aria-label={t('outbox.retryNamed', { subject: mail.subject, recipient: mail.recipient })}
      >
        {t('outbox.retry')}
      </button>
    </form>
  )
}

function timesOf({ t, formatInstant }: Frame, { createdAt, sentAt, nextTryAt, tries }: ShownMail): string {
  return [
    t('outbox.writtenAt', { time: formatInstant(createdAt, 'date-time') }),
    ...(tries > 0 && sentAt === null ? [t('outbox.tries', { count: tries })] : []),
    ...(sentAt === null ? [] : [t('outbox.sentAt', { time: formatInstant(sentAt, 'date-time') })]),
    ...(nextTryAt === null ? [] : [t('outbox.nextTryAt', { time: formatInstant(nextTryAt, 'date-time') })]),
  ].join(' ')
}
