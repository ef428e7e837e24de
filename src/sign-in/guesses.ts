// Which counts a guess is charged to. Every way of guessing a password shares the password's counts; every way of
// guessing a second factor (code or recovery code, sign-in or step-up) shares the second factor's.

import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { type Limit, perAccount, perAddress, perMailbox } from '../attempts/attempts.ts'

/** Counts of the person's own, cleared by a success, and counts shared with others, which are not. */
export interface GuessLimits {
  own: readonly Limit[]
  shared: readonly Limit[]
}

/** A password guess: charged to the known browser alone, or else to the address and the account (whether or not it exists). */
export function passwordLimits({
  emailKey,
  browser,
  address,
}: {
  emailKey: string
  browser: string | null
  address: string
}): GuessLimits {
  if (browser !== null) return { own: [{ key: `password:browser:${browser}`, allowance: perAccount }], shared: [] }
  return {
    own: [{ key: `password:account:${digest(emailKey)}`, allowance: perAccount }],
    shared: [{ key: `guess:address:${network(address)}`, allowance: perAddress }],
  }
}

/** A second-factor guess: charged to the known browser alone, or else to the account and, with every other guess made there, to the address. */
export function secondFactorLimits({
  userId,
  browser,
  address,
}: {
  userId: string
  browser: string | null
  address: string
}): GuessLimits {
  if (browser !== null) return { own: [{ key: `second-factor:browser:${browser}`, allowance: perAccount }], shared: [] }
  return {
    own: [{ key: secondFactorCount(userId), allowance: perAccount }],
    shared: [{ key: `guess:address:${network(address)}`, allowance: perAddress }],
  }
}

/** A mail that anybody may have sent: charged to the address that asks, then to the account, whether or not it exists. */
export function resetMailLimits({ emailKey, address }: { emailKey: string; address: string }): readonly Limit[] {
  return [
    { key: `reset-mail:address:${network(address)}`, allowance: perAddress },
    { key: `reset-mail:account:${digest(emailKey)}`, allowance: perMailbox },
  ]
}

/** The name of an account's own count of second-factor guesses. */
export function secondFactorCount(userId: string): string {
  return `second-factor:account:${userId}`
}

/** A mail to an address that somebody signed in has typed: charged to their account, and to the address. */
export function changeEmailLimits({ userId, emailKey }: { userId: string; emailKey: string }): readonly Limit[] {
  return [
    { key: `change-email:account:${userId}`, allowance: perMailbox },
    { key: `change-email:mailbox:${digest(emailKey)}`, allowance: perMailbox },
  ]
}

/** A mail to an address that whoever invites has typed: charged to the address, also when the account was made anew. */
export function invitationLimits(emailKey: string): readonly Limit[] {
  return [{ key: `invitation:mailbox:${digest(emailKey)}`, allowance: perMailbox }]
}

/** In which order to count: the address first, so that a blocked address adds nothing to its victim's count. */
export function inOrder({ own, shared }: GuessLimits): readonly Limit[] {
  return [...shared, ...own]
}

/** An address as part of a count's name: anybody may type one, of any length. */
function digest(emailKey: string): string {
  return createHash('sha256').update(emailKey).digest('base64url')
}

/** Whoever has one IPv6 address has the whole /64. */
function network(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return `${[...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
