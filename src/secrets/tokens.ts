// Tokens that are shown once and kept as a hash: sessions, sign-ins, invitations. Ids for rows.
// A token has 256 random bits, so a plain SHA-256 is enough: there is nothing to guess (ASVS 11.5.1, 63B-4 §3.1.2.2).

import { createHash, randomBytes, randomUUID } from 'node:crypto'

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
