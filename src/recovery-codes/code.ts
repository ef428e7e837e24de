// What a recovery code looks like: 16 characters of Crockford's base32, 80 bits, in groups of four. Reading is
// forgiving: case, spaces and dashes do not matter, and letters that look like digits are taken for them.

import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const codeLength = 16

/** Makes a code, ungrouped. The alphabet has 32 characters, so every 5 random bits give one without bias. */
export function newCode(): string {
  return Array.from(randomBytes(codeLength), (byte) => alphabet.charAt(byte & 31)).join('')
}

/** Writes a code for reading: `abcd-efgh-jkmn-pqrs`. */
export function groupCode(code: string): string {
  return code.match(/.{1,4}/g)?.join('-') ?? code
}

/** Reads a typed code; null when it cannot be one. */
export function parseRecoveryCode(typed: unknown): string | null {
  if (typeof typed !== 'string' || typed.length > 100) return null
  const code = typed
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{Pd}\u2212\u00ad_.]/gu, '')
    .replaceAll('o', '0')
    .replace(/[il]/g, '1')
  return code.length === codeLength && [...code].every((character) => alphabet.includes(character)) ? code : null
}
