// Mails that bring a one-time link: what it does, how long it works, and that it can be ignored. The link itself is not
// here: it is sealed beside the message and put in when the mail goes out.

import type { MessageId } from '../messages.ts'
import type { Instant } from '../time.ts'
import { compose, type MailContext } from './compose.ts'
import { linkPlace, type Message } from './outbox.ts'

/** What the link is for. */
export type LinkMail = 'reset-password' | 'invitation' | 'change-email'

/** Writes the mail as text and HTML, with `linkPlace` where the link goes. */
export function linkMessage(about: LinkMail, expiresAt: Instant, context: MailContext): Message {
  const { messages, serviceName, helpContact, to, caller, now } = context
  const { t } = messages
  const when = messages.formatInstant(now, 'date-time')
  const values = { service: serviceName, email: to.email }
  return compose(context, t(`mail.${about}.subject` satisfies MessageId, values), [
    t(`mail.${about}.body` satisfies MessageId, values),
    linkPlace,
    t('mail.linkExpires', { when: messages.formatInstant(expiresAt, 'date-time') }),
    t(`mail.${about}.ignore` satisfies MessageId, values),
    caller ? t('mail.when', { when, address: caller.address }) : t('mail.whenOnly', { when }),
    helpContact ? t('mail.help', { contact: helpContact }) : t('mail.helpNoContact'),
  ])
}
