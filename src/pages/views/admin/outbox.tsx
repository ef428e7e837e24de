/**
 * The outbox: every message that waits, failed or went out, newest first; never what it says.
 */
import type { Frame, Notice } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { Paging } from '../parts/paging.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { type MailStateName, MailTable, mailStateWords, type ShownMail } from './outbox-table.tsx'

/** Holds what the outbox shows. */
export interface OutboxProps {
  readonly frame: Frame
  readonly hasServer: boolean
  readonly counts: Readonly<Record<MailStateName, number>>
  /** What the list is narrowed to; null for everything. */
  readonly state: MailStateName | null
  readonly mails: readonly ShownMail[]
  readonly next?: string | undefined
  readonly isLaterPage: boolean
  readonly notice?: Notice | undefined
}

/** Shows the outbox; posts to `/admin/outbox/test` and `/admin/outbox/retry`. */
export function OutboxView({ frame, hasServer, counts, state, mails, notice, ...paging }: OutboxProps) {
  const { t } = frame
  const mayChange = frame.user?.permissions.includes('settings.change') ?? false
  return (
    <SignedInPage
      frame={frame}
      title={t('outbox.title')}
      lead={t('outbox.lead')}
      width="wide"
      notice={notice}
      action={mayChange && hasServer && <TestMailForm frame={frame} from="outbox" />}
    >
      {!hasServer && (
        <NoticeBox kind="warning" class="mt-6" quiet>
          <h2 class="font-semibold">{t('enforcePreview.noMailServer')}</h2>
          <p class="mt-1">{t('outbox.noServer')}</p>
        </NoticeBox>
      )}
      <Filter frame={frame} counts={counts} state={state} />
      {mails.length === 0 ? (
        <p class="panel mt-6 p-7 text-soft">{t('outbox.none')}</p>
      ) : (
        <MailTable frame={frame} mails={mails} mayChange={mayChange} />
      )}
      <Paging
        frame={frame}
        path="/admin/outbox"
        query={state === null ? {} : { state }}
        next={paging.next}
        isLaterPage={paging.isLaterPage}
        words={{ pages: 'outbox.pages', first: 'outbox.newest', next: 'outbox.older' }}
      />
    </SignedInPage>
  )
}

/** Shows the button that sends a test message to oneself; `from` names the page that is to tell what came of it. */
export function TestMailForm({ frame, from }: { readonly frame: Frame; readonly from: 'outbox' | 'enforcing' }) {
  return (
    <form method="post" action="/admin/outbox/test">
      <input type="hidden" name="from" value={from} />
      <button type="submit" class="btn">
        {frame.t('outbox.test')}
      </button>
    </form>
  )
}

function Filter({ frame: { t }, counts, state }: Pick<OutboxProps, 'frame' | 'counts' | 'state'>) {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const choices = [
    { is: null, href: '/admin/outbox', label: t('outbox.filter.all', { count: all }) },
    ...(Object.keys(mailStateWords) as MailStateName[]).map((is) => ({
      is,
      href: `/admin/outbox?state=${is}`,
      label: t('outbox.filter.state', { state: t(mailStateWords[is].label), count: counts[is] }),
    })),
  ]
  return (
    <nav aria-label={t('outbox.filter')} class="mt-6">
      <ul class="flex flex-wrap gap-2">
        {choices.map(({ is, href, label }) => (
          <li>
            <a
              href={href}
              class={`btn btn-sm ${is === state ? 'btn-primary' : ''}`}
              aria-current={is === state ? 'page' : undefined}
            >
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
