// Tokens that are shown once and kept as a hash: sessions, sign-ins, invitations. Ids for rows.
// A token has 256 random bits, so a plain SHA-256 is enough: there is nothing to guess (ASVS 11.5.1, 63B-4 §3.1.2.2).

import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Instant } from '../time.ts'

/** Makes a token: 43 characters of base64url, 256 bits. Hand it out once and store only `hashToken` of it. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Hashes a token for storing and looking up. Accepts any string, so a forged token is simply not found. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

/** Makes an id for a row. It is a name, not a secret: knowing one opens nothing. */
export function newId(): string {
  return randomUUID()
}

let madeThisInstant = { now: 0, count: 0 }

/**
 * Makes an id that sorts behind those that this process has made before (UUID version 7, RFC 9562): for rows that may have
 * the same date and are shown in the order in which they were written.
 */
export function newOrderedId(now: Instant): string {
  madeThisInstant = { now, count: madeThisInstant.now === now ? madeThisInstant.count + 1 : 0 }
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Math.max(0, Math.trunc(now)), 0, 6)
  bytes.writeUInt16BE(0x7000 | (madeThisInstant.count & 0x0fff), 6)
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
