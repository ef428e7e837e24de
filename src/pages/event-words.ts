// What each audit event is called on the pages, in the order in which they are offered. The type makes sure that no event
// is left without words.

import type { AuditEvent } from '../audit/events.ts'
import type { MessageId } from '../messages.ts'

type EventName = AuditEvent['name']
/** What stands before the full stop: events that belong together. */
type GroupName = EventName extends infer Name ? (Name extends `${infer Group}.${string}` ? Group : Name) : never

const eventWords: Readonly<Record<EventName, MessageId>> = {
  'sign-in.begun': 'event.sign-in.begun',
  'sign-in.completed': 'event.sign-in.completed',
  'sign-in.ended-by-wrong-codes': 'event.sign-in.ended-by-wrong-codes',
  'sign-out': 'event.sign-out',
  'sign-out.everyone': 'event.sign-out.everyone',
  'password.refused': 'event.password.refused',
  'password.set': 'event.password.set',
  'password.reset-requested': 'event.password.reset-requested',
  'email.change-asked': 'event.email.change-asked',
  'email.changed': 'event.email.changed',
  'attempts.blocked': 'event.attempts.blocked',
  'second-factor.accepted': 'event.second-factor.accepted',
  'second-factor.refused': 'event.second-factor.refused',
  'second-factor.guesses-told': 'event.second-factor.guesses-told',
  'step-up.begun': 'event.step-up.begun',
  'step-up.completed': 'event.step-up.completed',
  'identity.used': 'event.identity.used',
  'identity.refused': 'event.identity.refused',
  'identity.linked': 'event.identity.linked',
  'identity.unlinked': 'event.identity.unlinked',
  'totp.enrolment-shown': 'event.totp.enrolment-shown',
  'totp.enrolment-refused': 'event.totp.enrolment-refused',
  'totp.enrolled': 'event.totp.enrolled',
  'totp.renamed': 'event.totp.renamed',
  'totp.removed': 'event.totp.removed',
  'totp.disabled-by-wrong-codes': 'event.totp.disabled-by-wrong-codes',
  'recovery-codes.created': 'event.recovery-codes.created',
  'recovery-codes.saved': 'event.recovery-codes.saved',
  'recovery-codes.used': 'event.recovery-codes.used',
  'recovery-codes.removed': 'event.recovery-codes.removed',
  'sessions.ended': 'event.sessions.ended',
  'user.created': 'event.user.created',
  'user.name-changed': 'event.user.name-changed',
  'user.role-changed': 'event.user.role-changed',
  'user.expiry-changed': 'event.user.expiry-changed',
  'user.expired': 'event.user.expired',
  'user.deactivated': 'event.user.deactivated',
  'user.reactivated': 'event.user.reactivated',
  'user.deleted': 'event.user.deleted',
  'invitation.created': 'event.invitation.created',
  'invitation.revoked': 'event.invitation.revoked',
  'invitation.accepted': 'event.invitation.accepted',
  'access-token.created': 'event.access-token.created',
  'access-token.revoked': 'event.access-token.revoked',
  'users.exported': 'event.users.exported',
  'group.created': 'event.group.created',
  'group.renamed': 'event.group.renamed',
  'group.deleted': 'event.group.deleted',
  'group.member-added': 'event.group.member-added',
  'group.member-removed': 'event.group.member-removed',
  'mfa.reset': 'event.mfa.reset',
  'mfa.link-issued': 'event.mfa.link-issued',
  'mfa.link-used': 'event.mfa.link-used',
  'policy.changed': 'event.policy.changed',
  'policy.confirmed': 'event.policy.confirmed',
  'policy.reverted': 'event.policy.reverted',
  'settings.changed': 'event.settings.changed',
  'identity-provider.created': 'event.identity-provider.created',
  'identity-provider.changed': 'event.identity-provider.changed',
  'identity-provider.moved': 'event.identity-provider.moved',
  'identity-provider.tested': 'event.identity-provider.tested',
  'identity-provider.enabled': 'event.identity-provider.enabled',
  'identity-provider.disabled': 'event.identity-provider.disabled',
  'identity-provider.deleted': 'event.identity-provider.deleted',
  'mail.test-sent': 'event.mail.test-sent',
  'mail.retried': 'event.mail.retried',
  'key.added': 'event.key.added',
  'key.retired': 'event.key.retired',
  'key.master-replaced': 'event.key.master-replaced',
  'request.refused': 'event.request.refused',
  'audit.exported': 'event.audit.exported',
  'database.backed-up': 'event.database.backed-up',
  'database.copied': 'event.database.copied',
  'database.restored': 'event.database.restored',
}

const groupWords: Readonly<Record<GroupName, MessageId>> = {
  'sign-in': 'eventGroup.sign-in',
  'sign-out': 'eventGroup.sign-out',
  password: 'eventGroup.password',
  email: 'eventGroup.email',
  attempts: 'eventGroup.attempts',
  'second-factor': 'eventGroup.second-factor',
  'step-up': 'eventGroup.step-up',
  identity: 'eventGroup.identity',
  totp: 'eventGroup.totp',
  'recovery-codes': 'eventGroup.recovery-codes',
  sessions: 'eventGroup.sessions',
  user: 'eventGroup.user',
  invitation: 'eventGroup.invitation',
  'access-token': 'eventGroup.access-token',
  users: 'eventGroup.users',
  group: 'eventGroup.group',
  mfa: 'eventGroup.mfa',
  policy: 'eventGroup.policy',
  settings: 'eventGroup.settings',
  'identity-provider': 'eventGroup.identity-provider',
  mail: 'eventGroup.mail',
  key: 'eventGroup.key',
  request: 'eventGroup.request',
  audit: 'eventGroup.audit',
  database: 'eventGroup.database',
}

/** Gives the message that names an event; null for one that this version does not know. */
export function eventMessage(name: string): MessageId | null {
  return Object.hasOwn(eventWords, name) ? eventWords[name as EventName] : null
}

/** Lists the groups with their events, as choices: the whole group (`totp.*`), or one event of it. */
export const eventChoices: readonly {
  group: string
  label: MessageId
  events: { name: string; label: MessageId }[]
}[] = Object.entries(groupWords).map(([group, label]) => ({
  group: `${group}.*`,
  label,
  events: Object.entries(eventWords)
    .filter(([name]) => name === group || name.startsWith(`${group}.`))
    .map(([name, message]) => ({ name, label: message })),
}))

/** Tells whether this can be chosen. */
export function isEventChoice(value: string): boolean {
  return eventMessage(value) !== null || eventChoices.some(({ group }) => group === value)
}
