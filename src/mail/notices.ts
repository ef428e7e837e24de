// What the person is told by mail when something about their account changes (NIST 800-63B-4 §4.6, ASVS 6.3.7): what
// happened, when, from where, and what to do if it was not them. A notice never carries a secret or a link that signs in.

import type { MessageId } from '../messages.ts'
import { compose, type MailContext } from './compose.ts'
import type { Message } from './outbox.ts'

export type Notice =
  | { about: 'mfa-enabled' }
  | { about: 'mfa-disabled' }
  | { about: 'authenticator-replaced' }
  | { about: 'authenticator-renamed'; name: string }
  | { about: 'authenticator-blocked' }
  | { about: 'access-token-created'; name: string }
  | { about: 'access-token-revoked'; name: string }
  | { about: 'recovery-codes-created' }
  | { about: 'recovery-code-used'; left: number }
  | { about: 'sessions-ended' }
  | { about: 'password-changed' }
  | { about: 'enforcement-reverted' }
  | { about: 'second-factor-guessed' }
  | { about: 'test' }
  | { about: 'own-sessions-ended' }
  | { about: 'mfa-reset'; by: string }
  | { about: 'mfa-reset-on-host' }
  | { about: 'email-change-asked' }
  | { about: 'email-changed' }
  | { about: 'email-is-yours' }
  | { about: 'identity-linked'; name: string }
  | { about: 'identity-unlinked'; name: string }

/** Writes one notice as text and HTML. */
export function noticeMessage(notice: Notice, context: MailContext): Message {
  const { messages, serviceName, helpContact, to, caller, now } = context
  const { t } = messages
  const values = {
    service: serviceName,
    email: to.email,
    name: 'name' in notice ? notice.name : '',
    by: 'by' in notice ? notice.by : '',
    left: 'left' in notice ? notice.left : 0,
  }
  const when = messages.formatInstant(now, 'date-time')
  return compose(context, t(`mail.${notice.about}.subject` satisfies MessageId, values), [
    t(`mail.${notice.about}.body` satisfies MessageId, values),
    ...(caller
      ? [t('mail.when', { when, address: caller.address }), t('mail.ifNotYou')]
      : [t('mail.whenOnly', { when }), t('mail.ifNotAsked')]),
    helpContact ? t('mail.help', { contact: helpContact }) : t('mail.helpNoContact'),
  ])
}
