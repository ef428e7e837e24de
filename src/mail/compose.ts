// How a mail is put together: greeting, paragraphs, footer, the same as text and as HTML. Whatever stands in a paragraph is
// text; nothing in it becomes markup.

import type { Messages } from '../messages.ts'
import type { Instant } from '../time.ts'
import { linkPlace, type Message } from './outbox.ts'

export interface MailContext {
  messages: Messages
  serviceName: string
  serviceUrl: string
  helpContact: string | null
  to: { email: string; name: string | null }
  /** Where the request came from; null where somebody else did it. */
  caller: { address: string } | null
  now: Instant
}

/** Puts a mail together. A paragraph that is nothing but the place of the link becomes a link in HTML. */
export function compose(context: MailContext, subject: string, paragraphs: readonly string[]): Message {
  const { messages, serviceName, serviceUrl, to } = context
  const { t } = messages
  const all = [
    t(to.name ? 'mail.greetingWithName' : 'mail.greeting', { name: to.name ?? '' }),
    ...paragraphs,
    t('mail.footer', { service: serviceName, url: serviceUrl }),
  ]
  const html = all.map((text) =>
    text === linkPlace ? `<p><a href="${linkPlace}">${linkPlace}</a></p>` : `<p>${escapeHtml(text)}</p>`,
  )
  return {
    to: to.email,
    subject,
    text: `${all.join('\n\n')}\n`,
    html: `<!doctype html><html lang="${messages.locale}"><body>${html.join('')}</body></html>`,
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
