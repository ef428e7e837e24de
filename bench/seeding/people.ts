// The people of the benchmark: everything about number n follows from n, so that the driver can sign in as anybody whom the
// seeding has written without either keeping a list.

import { createHash } from 'node:crypto'
import { hotp, stepAt } from '../../src/totp/otp.ts'

/** Everybody's password. The hash is made once and stands in every row: what it costs to check is the same. */
export const password = 'four words nobody would guess'

/** The key that the secrets of this database are sealed with. */
export const secretKey = Buffer.from(digest('the key of the benchmark'))

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Ids that lie as scattered as random ones. */
export function idOf(kind: 'user' | 'factor' | 'codes' | 'session' | 'event', n: number): string {
  return digest(`${kind} ${n}`)
    .toString('hex', 0, 16)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

export function emailOf(n: number): string {
  return `person-${String(n).padStart(7, '0')}@example.org`
}

/** The token of somebody's session, as their browser has it. */
export function sessionTokenOf(n: number): string {
  return digest(`session token ${n}`).toString('base64url')
}

export function totpSecretOf(n: number): Buffer {
  return digest(`secret ${n}`).subarray(0, 20)
}

/** What somebody's authenticator app shows at this time. */
export function codeOf(n: number, now: number): string {
  return hotp(totpSecretOf(n), stepAt(now))
}

/** Where somebody calls from: every person has an address of their own. */
export function addressOf(n: number): string {
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`
}

/**
 * Goes through all people once in an order that jumps about, as people come, so that no page of the database is found warm
 * only because the one before was read.
 */
export function scattered(users: number): (turn: number) => number {
  let stride = Math.max(1, Math.round(users * 0.618))
  while (commonDivisor(stride, users) !== 1) stride += 1
  return (turn) => (turn * stride) % users
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}
