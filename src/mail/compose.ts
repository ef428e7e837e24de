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

/** Read by the light of any mail program: its own colours, our spacing; a link breaks rather than widen a phone. */
const styles = {
  body: 'margin:0;padding:24px 16px;font-family:system-ui,-apple-system,Roboto,Arial,sans-serif;font-size:16px;line-height:1.5',
  text: 'max-width:560px;margin:0 auto 16px',
  link: 'max-width:560px;margin:0 auto 16px;overflow-wrap:anywhere;word-break:break-all;font-weight:bold',
  footer: 'max-width:560px;margin:24px auto 0;padding-top:16px;border-top:1px solid #8888;font-size:14px',
}

const head =
  '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>'

/** Puts a mail together. A paragraph that is nothing but the place of the link becomes a link in HTML. */
export function compose(context: MailContext, subject: string, paragraphs: readonly string[]): Message {
  const { messages, serviceName, serviceUrl, to } = context
  const { t } = messages
  const greeting = t(to.name ? 'mail.greetingWithName' : 'mail.greeting', { name: to.name ?? '' })
  const footer = t('mail.footer', { service: serviceName, url: serviceUrl })
  const html = [
    ...[greeting, ...paragraphs].map((text) =>
      text === linkPlace
        ? `<p style="${styles.link}"><a href="${linkPlace}">${linkPlace}</a></p>`
        : `<p style="${styles.text}">${escapeHtml(text)}</p>`,
    ),
    `<p style="${styles.footer}">${escapeHtml(footer)}</p>`,
  ]
  return {
    to: to.email,
    subject,
    text: `${[greeting, ...paragraphs, footer].join('\n\n')}\n`,
    html: `<!doctype html><html lang="${messages.locale}">${head}<body style="${styles.body}">${html.join('')}</body></html>`,
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
