// What kind of fault it is that a mail server's refusal tells of, as far as its words show: for a sentence beside them.

export type MailFault = 'unreachable' | 'login' | 'recipient' | 'other'

const signs: readonly (readonly [MailFault, RegExp])[] = [
  ['login', /\b53[045]\b|invalid login|authentication|credentials/i],
  ['recipient', /\b55[0-4]\b|no such user|mailbox|recipients?\b/i],
  ['unreachable', /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|time-?out|timed out|greeting never/i],
]

/** Tells the kind of a fault; the first sign that fits. */
export function faultOf(error: string): MailFault {
  return signs.find(([, sign]) => sign.test(error))?.[0] ?? 'other'
}
