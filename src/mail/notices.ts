// What the person is told by mail when something about their account changes (NIST 800-63B-4 §4.6, ASVS 6.3.7): what
// happened, when, from where, and what to do if it was not them. A notice never carries a secret or a link that signs in.

import type { MessageId, Messages } from '../messages.ts'
import type { Instant } from '../time.ts'
import type { Message } from './outbox.ts'

export type Notice =
  | { about: 'mfa-enabled' }
  | { about: 'mfa-disabled' }
  | { about: 'authenticator-replaced' }
  | { about: 'authenticator-renamed'; name: string }
  | { about: 'authenticator-blocked' }
  | { about: 'recovery-codes-created' }
  | { about: 'recovery-code-used'; left: number }
  | { about: 'sessions-ended' }

export interface NoticeContext {
  messages: Messages
  serviceName: string
  serviceUrl: string
  helpContact: string | null
  to: { email: string; name: string | null }
  /** Where the request came from; null where somebody else did it. */
  caller: { address: string } | null
  now: Instant
}

/** Writes one notice as text and HTML. */
export function noticeMessage(
  notice: Notice,
  { messages, serviceName, serviceUrl, helpContact, to, caller, now }: NoticeContext,
): Message {
  const { t } = messages
  const values = {
    service: serviceName,
    email: to.email,
    name: 'name' in notice ? notice.name : '',
    left: 'left' in notice ? notice.left : 0,
  }
  const when = messages.formatInstant(now, 'date-time')
  const subject = t(`mail.${notice.about}.subject` satisfies MessageId, values)
  const paragraphs = [
    t(to.name ? 'mail.greetingWithName' : 'mail.greeting', { name: to.name ?? '' }),
    t(`mail.${notice.about}.body` satisfies MessageId, values),
    ...(caller
      ? [t('mail.when', { when, address: caller.address }), t('mail.ifNotYou')]
      : [t('mail.whenOnly', { when }), t('mail.ifNotAsked')]),
    helpContact ? t('mail.help', { contact: helpContact }) : t('mail.helpNoContact'),
    t('mail.footer', { service: serviceName, url: serviceUrl }),
  ]
  return {
    to: to.email,
    subject,
    text: `${paragraphs.join('\n\n')}\n`,
    html: `<!doctype html><html lang="${messages.locale}"><body>${paragraphs.map((p) => `<p>${escapeHtml(p)}</p>`).join('')}</body></html>`,
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
