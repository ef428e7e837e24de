/**
 * The reference page of the audit events. Names and details come from the union in `src/audit/events.ts`; what each means
 * is written here, and the type makes sure that none is left out.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditEvent } from '../../src/audit/events.ts'

const meanings: Record<AuditEvent['name'], string> = {
  'sign-in.begun':
    'The password was right. `knownBrowser` tells whether this browser had signed in to the account before.',
  'sign-in.completed':
    'Everything that was owed has been proved, and there is a session. `acr`, `amr` and `proofs` say how; `asked` and `because` say what was asked and why, `since` since when it was enforced.',
  'sign-in.ended-by-wrong-codes': 'The fifth wrong guess ended a sign-in or a step-up.',
  'sign-out': 'A person signed out, or somebody signed in on top of their session in the same browser.',
  'sign-out.everyone':
    'Everyone was signed out on the host, for the reason in the details: so many sessions, sign-ins and step-ups in progress, open links, invitations and mails with a link ended. `accessTokens` says how many tokens were revoked as well, and is empty when they were left.',
  'password.refused': 'A password was not accepted. The person was told the same words for every reason.',
  'password.set': 'A user got a password, and `by` which way.',
  'password.reset-requested':
    'Somebody asked for a link to choose a new password, and what became of it. The person who asked was told the same words for every outcome.',
  'email.change-asked': 'A person asked for another address. A link went to it, and word of it to the old one.',
  'email.changed': 'The new address was confirmed by its link, and is the address of the account.',
  'attempts.blocked': 'A wrong guess used up what was free: the next may be made at `until`.',
  'second-factor.accepted': 'A code or recovery code was right, and is spent.',
  'second-factor.refused':
    'A code or recovery code was not accepted. `clockOff` is there when the code fits a moment outside the window.',
  'second-factor.guesses-told':
    'Several wrong codes followed the right password, and the person was told by mail; once a day at most.',
  'step-up.begun': 'A signed-in person was asked to confirm who they are.',
  'step-up.completed': 'They did.',
  'identity.used':
    'A provider has said who somebody is, and it was believed. `acr`, `amr` and `authTime` are what it said, as it said it.',
  'identity.refused':
    'Somebody came back from a provider, or wanted to go there, and did not get in. `because` is what they were told; `detail`, where there is one, is all that is known, for administrators.',
  'identity.linked':
    'An identity at a provider was linked to an account: `in-person`, by its `verified-email`, or with the account that was `created` for it.',
  'identity.unlinked': 'A person unlinked an identity of theirs. What came by it has ended.',
  'totp.enrolment-shown': 'A new secret was made and shown. It is not in use yet.',
  'totp.enrolment-refused': 'The code that was to confirm a new secret was wrong, or the secret had run out.',
  'totp.enrolled': 'An authenticator was confirmed: 2FA is on with it.',
  'totp.renamed': 'An authenticator got another name.',
  'totp.removed': 'Authenticators were removed, by turning 2FA off or because a new one took their place.',
  'totp.disabled-by-wrong-codes': 'An authenticator was switched off after 100 wrong codes in a row.',
  'recovery-codes.created': 'A set of ten recovery codes was made. It does not count yet.',
  'recovery-codes.saved': 'The person ticked that the codes are saved: the set counts from here.',
  'recovery-codes.used': 'A recovery code was spent; `left` remain.',
  'recovery-codes.removed': 'The recovery codes were removed because 2FA was turned off.',
  'sessions.ended': 'Other sessions of the user were ended, and how many.',
  'user.created': 'A user was added.',
  'user.name-changed': 'An administrator gave the user another name.',
  'user.role-changed': 'An administrator gave the user another role. It holds from the next request on.',
  'user.expiry-changed': 'An administrator set, moved or cleared the end of the account.',
  'user.expired': 'The account has run out, at the time in `at`. Recorded once, within minutes; no door waits for it.',
  'user.deactivated': 'An administrator deactivated the account.',
  'user.reactivated': 'An administrator made the account active again.',
  'user.deleted': 'An administrator deleted the account. Its events stay, under its id.',
  'invitation.created': 'A one-time link was made for a new user. The link itself is not recorded.',
  'invitation.revoked': 'A link that nobody had used yet was taken back.',
  'invitation.accepted': 'The link was used to choose a password.',
  'access-token.created': 'A personal access token was made. The token itself is not recorded.',
  'access-token.revoked': 'A personal access token was deleted before its end.',
  'users.exported': 'The list of users was exported; `filters` names what it was narrowed by.',
  'group.created': 'A group was created.',
  'group.renamed': 'A group got another name.',
  'group.deleted': 'A group was deleted. Its members stay.',
  'group.member-added': 'A user was added to a group.',
  'group.member-removed': 'A user was taken out of a group.',
  'mfa.reset':
    'Somebody else reset the MFA of the user, for the reason in the details: on the page, or on the host, which names no actor.',
  'mfa.link-issued':
    'A one-time link was made with which the user may set MFA up again. The link itself is not recorded.',
  'mfa.link-used': 'The link joined a sign-in in which the password was right.',
  'policy.changed': 'Enforcement was switched on (`to` is `mfa`) or off (`to` is `nothing`).',
  'policy.confirmed': 'An administrator who had signed in after the switch confirmed the enforcement: it stays.',
  'policy.reverted':
    'Nobody confirmed the enforcement in time, so it held until `heldUntil` and then no longer. Written a moment later.',
  'settings.changed': 'Another setting of the service was changed.',
  'identity-provider.created': 'An identity provider was added, switched off. `mfa` is what is said about MFA there.',
  'identity-provider.changed':
    'An identity provider was changed: `changed` names what. The secret itself is never recorded. Another issuer or client switches it off, takes its secret away and ends the sessions that came by it.',
  'identity-provider.moved': 'The button of an identity provider was moved to another place.',
  'identity-provider.tested':
    'The connection to an identity provider was tested; `faults` names what was wrong. When nothing was, it may be switched on.',
  'identity-provider.enabled': 'An identity provider was switched on: its button is on the page for signing in.',
  'identity-provider.disabled': 'It was switched off, and so many sessions that came by it ended.',
  'identity-provider.deleted':
    'It was deleted with the identities of people there, and so many sessions that came by it ended.',
  'audit.exported':
    'The audit log was exported, from its page or on the host; `filters` names what it was narrowed by.',
  'database.backed-up':
    'A backup of the database was written to a file on the host. The backup itself does not hold this event.',
  'database.copied': 'Everything was copied from another database into this one, as it was: a move.',
  'database.restored':
    'A backup made at `madeAt` was put into this database, and what may have been used since was ended or voided: so many of each. Without `madeAt`, the operator has said that it was put back in another way. What happened after the backup was made is not in the log.',
  'mail.test-sent': 'An administrator sent a test mail to their own address.',
  'mail.retried': 'An administrator had a message tried again that was refused or given up.',
  'key.added': 'A rotation began: there is a new data key, under which everything is sealed from then on.',
  'key.retired':
    'A rotation ended: nothing is left under the older `keys`. So many values are `sealed` under the `newest`; `unreadable` are those that no key opens, and were left as they are.',
  'key.master-replaced': 'The secret key was replaced: so many data keys are wrapped with the new one.',
  'request.refused': 'Somebody who is signed in tried something that they may not do.',
}

export interface EventShape {
  name: string
  /** The type of the details, as the source has it. */
  details: string
}

/** Reads the events and their details from the source of the union: without comments, the short names of others written out. */
export function readEvents(source: string): EventShape[] {
  const union = source.slice(source.indexOf('export type AuditEvent')).replace(/\/\*\*.*?\*\//gs, '')
  const others = [...source.matchAll(/export type (\w+) = ('.*)/g)]
  const text = others.reduce((so, [, name, is = '']) => so.replace(new RegExp(`\\b${name}\\b`, 'g'), is), union)
  return [...text.matchAll(/\{\s*name: '([^']+)';?\s*details: (Record<string, never>|\{[^}]*\})/g)].map(
    ([, name = '', details = '']) => ({ name, details: details.startsWith('Record') ? '' : details }),
  )
}

/** Tells which events some source outside of `src/audit` records; the others are declared for later. */
function recorded(root: string): (name: string) => boolean {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file) && !file.startsWith('audit'))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
  return (name) => sources.some((source) => source.includes(`name: '${name}'`))
}

const opening = `# Audit events

Every event that can be recorded. An event is written in the transaction of what it records: if it cannot be written, what
it records does not happen. No event holds a secret: no password, code, token, link or key.

Beside its name and its details, each event has the time (milliseconds since 1970), the actor (who did it, or nothing while nobody
is known), the subject (whose account it concerns), the caller's network address and browser, and the number of the request,
which is also in the response's \`X-Request-Id\` header and in the log.

Events are rows of the table \`audit_events\`, in the columns \`at\`, \`name\`, \`actor_id\`, \`subject_id\`, \`address\`, \`user_agent\`,
\`request_id\` and \`details\` (JSON). The page \`/admin/audit\` shows and exports them. Nothing changes or deletes them. Each gets a
link in a chain of hashes soon after, in the table \`audit_links\`; \`linked_at\` marks those that have one.

`

/** Writes the page. `root` is the folder of the repository. Throws when an event has no words here. */
export function eventsPage(root: string): string {
  const isRecorded = recorded(root)
  const rows = readEvents(readFileSync(join(root, 'src/audit/events.ts'), 'utf8')).map(({ name, details }) => {
    const meaning = meanings[name as AuditEvent['name']]
    if (!meaning) throw new Error(`${name} has no words in scripts/docs/events.ts`)
    const kept = isRecorded(name) ? meaning : `${meaning} Declared, but recorded by nothing yet.`
    return `| \`${name}\` | ${details === '' ? '' : `\`${details.slice(1, -1).trim().replace(/\s+/g, ' ').replaceAll('|', '\\|')}\``} | ${kept} |`
  })
  return `${opening}| Event | Details | When |\n|---|---|---|\n${rows.join('\n')}\n`
}
