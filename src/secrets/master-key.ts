// The one secret kept outside the database: 256 bits, from `COUNTERSIGN_SECRET_KEY` or from a file that only its owner
// may read. It wraps the data keys and does nothing else, so it can be replaced without touching what they have sealed.

import { type DataKey, dataKey, deriveKey } from './data-key.ts'
import { decrypt, encrypt } from './encryption.ts'

/** Wraps data keys. The master key itself cannot be read back, logged or serialised. */
export interface MasterKey {
  /** Wraps the bytes of a data key for its row. */
  wrap(number: number, bytes: Buffer): string
  /** Unwraps them again; null when this is not the key that wrapped them, for this number. */
  unwrap(number: number, wrapped: string): Buffer | null
  /** Data key 1 as it was before data keys had rows: the master key's own bytes. */
  readonly first: DataKey
  /** Wraps that one, under this very key. */
  wrapFirst(): string
}

/** Takes 32 bytes as the master key. Throws for any other length. */
export function masterKey(bytes: Buffer): MasterKey {
  if (bytes.length !== 32) throw new Error('The secret key must have 32 bytes.')
  const wrapping = deriveKey(bytes, 'data-keys')
  const rowOf = (number: number) => `keys.wrapped:${number}`
  const wrap = (number: number, plain: Buffer) => encrypt(wrapping, plain, rowOf(number))
  return {
    wrap,
    unwrap(number, wrapped) {
      try {
        return decrypt(wrapping, wrapped, rowOf(number))
      } catch {
        return null
      }
    },
    first: dataKey(1, bytes),
    wrapFirst: () => wrap(1, bytes),
  }
}

/** Reads a key written as 64 hexadecimal digits or as base64 of 32 bytes; null when it is neither. */
export function parseMasterKey(text: string): Buffer | null {
  const trimmed = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return null
  const bytes = Buffer.from(trimmed, 'base64')
  return bytes.length === 32 ? bytes : null
}
