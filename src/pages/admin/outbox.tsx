// The outbox for whoever may read it: what waits, what failed and why, what went out; and for administrators a button to
// try again and one for a test message. The acts are in `sign-in/look-after-mail.ts`.

import type { Door, DoorContext } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { faultOf } from '../../mail/faults.ts'
import { countMails, findMail, type ListedMail, listMails, mailStates } from '../../mail/listing.ts'
import { Refusal } from '../../refusal.ts'
import { retryMail, sendTestMail } from '../../sign-in/look-after-mail.ts'
import { frameOf, type PageParts, page, setRetryAfter } from '../page-parts.ts'
import { waitValues } from '../sign-in.tsx'
import { OutboxView } from '../views/admin/outbox.tsx'
import type { Frame, Notice } from '../views/parts/frame.ts'

const path = '/admin/outbox'

/** Declares the pages of the outbox. */
export function outboxPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.permitted('mail.read', 'get', path, async (c, { account }) => showOutbox(c, parts, frameOf(c, parts, account)))

  door.permitted('settings.change', 'post', `${path}/test`, async (c, standing) => {
    const back = (await readForm(c)).text('from') === 'enforcing' ? '/admin/settings/enforce-mfa' : path
    try {
      const id = await sendTestMail(machine, standing, c.get('caller'))
      return c.redirect(`${back}?mail=${id}`, 303)
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'too-many-attempts' || error.retryAt === undefined) throw error
      const frame = frameOf(c, parts, standing.account)
      setRetryAfter(c, error.retryAt, machine.clock())
      const wait = frame.t('guess.wait', waitValues(frame, error.retryAt, machine.clock()))
      return showOutbox(c, parts, frame, { kind: 'warning', text: `${frame.t('outbox.tooManyTests')} ${wait}` })
    }
  })

  door.permitted('settings.change', 'post', `${path}/retry`, async (c, standing) => {
    const id = (await readForm(c)).text('mail')
    await retryMail(machine, standing, id, c.get('caller'))
    return c.redirect(`${path}?mail=${encodeURIComponent(id)}`, 303)
  })
}

async function showOutbox(c: DoorContext, parts: PageParts, frame: Frame, told?: Notice): Promise<Response> {
  const { db, hasMailServer } = parts.machine
  const state = mailStates.find((known) => known === c.req.query('state')) ?? null
  const after = c.req.query('after')?.replaceAll('\0', '') || null
  const { mails, next } = await listMails(db, { state, after })
  const notice = told ?? (await outcomeOf(c, parts, frame))
  const view = (
    <OutboxView
      frame={frame}
      hasServer={hasMailServer}
      counts={await countMails(db)}
      state={state}
      mails={mails.map((mail) => ({ ...mail, fault: mail.lastError === null ? null : faultOf(mail.lastError) }))}
      next={next ?? undefined}
      isLaterPage={after !== null}
      notice={notice}
    />
  )
  return page(c, view, told ? 429 : 200)
}

const faultWords = {
  unreachable: 'mailFault.unreachable',
  login: 'mailFault.login',
  recipient: 'mailFault.recipient',
  other: 'mailFault.other',
} as const

/** Tells what came of the message that was just tried, which the address names. */
export async function outcomeOf(c: DoorContext, { machine }: PageParts, frame: Frame): Promise<Notice | undefined> {
  const id = c.req.query('mail')
  const mail = id === undefined || !/^[\w-]{1,64}$/.test(id) ? null : await findMail(machine.db, id)
  return mail ? { kind: kinds[mail.state], text: outcomeWords(frame, mail) } : undefined
}

const kinds: Readonly<Record<ListedMail['state'], Notice['kind']>> = {
  sent: 'success',
  waiting: 'info',
  failing: 'error',
  'given-up': 'error',
}

function outcomeWords({ t }: Frame, { state, recipient, lastError }: ListedMail): string {
  if (state === 'sent') return t('outbox.outcome.sent', { recipient })
  if (lastError === null) return t('outbox.outcome.waiting', { recipient })
  return `${t(faultWords[faultOf(lastError)])} ${t('outbox.outcome.error', { error: lastError })}`
}
