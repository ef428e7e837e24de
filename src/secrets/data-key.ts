// A data key: 256 random bits with a number, kept in the database only wrapped by the master key. Every use has a key of its
// own derived from it, so a value made for one purpose is worth nothing for another.

import { hkdfSync } from 'node:crypto'

export type Purpose = 'columns' | 'first-administrator' | 'known-browser' | 'audit-chain'

/** Derives keys. The data key itself cannot be read back, logged or serialised. */
export interface DataKey {
  readonly number: number
  /** Derives the 256-bit key for one purpose. */
  derive(purpose: Purpose): Buffer
}

/** Derives a 256-bit key for a use that the text names (HKDF-SHA-256, RFC 5869). */
export function deriveKey(bytes: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', bytes, Buffer.alloc(0), `countersign ${use}`, 32))
}

/** Makes a data key of 32 bytes. Throws for any other length. */
export function dataKey(number: number, bytes: Buffer): DataKey {
  if (bytes.length !== 32) throw new Error('A data key must have 32 bytes.')
  const derived = new Map<Purpose, Buffer>()
  return {
    number,
    derive(purpose) {
      const key = derived.get(purpose) ?? deriveKey(bytes, purpose)
      derived.set(purpose, key)
      return key
    },
  }
}
