// Encryption of columns under a numbered data key, bound to the row that a value belongs to. A sealed value that is copied to
// another row, changed in one bit, or met with another key does not open. New values are sealed under the newest key there
// is; the number in a value says which key opens it.

import type { Database, DatabaseTransaction } from '../database/database.ts'
import { lockShared } from '../database/locks.ts'
import type { DataKey } from './data-key.ts'
import { decrypt, encrypt } from './encryption.ts'
import type { KeyRing } from './key-ring.ts'

/** Seals and opens column values. `boundTo` names the row and column, and must be the same for both. */
export interface Sealer {
  /** Seals a value, as part of the transaction that writes it. */
  seal(trx: DatabaseTransaction, plain: Buffer, boundTo: string): Promise<string>
  /** Opens a sealed value; throws when it was not sealed by a key of this installation for this row. */
  open(db: Database, sealed: string, boundTo: string): Promise<Buffer>
}

/** Makes what seals and opens columns with these keys. */
export function sealerFor(keys: KeyRing): Sealer {
  return {
    async seal(trx, plain, boundTo) {
      // The newest key stays the newest until this transaction has ended.
      await lockShared(trx, 'keys')
      return seal(await keys.newest(trx), plain, boundTo)
    },
    async open(db, sealed, boundTo) {
      const number = numberOf(sealed)
      const key = number === null ? null : await keys.find(db, number)
      if (!key) throw new Error('A sealed value names no key that there is.')
      return open(key, sealed, boundTo)
    },
  }
}

/** Seals a value under this key. */
export function seal(key: DataKey, plain: Buffer, boundTo: string): string {
  return `${key.number}.${encrypt(key.derive('columns'), plain, `${key.number}:${boundTo}`)}`
}

/** Opens a value that this key has sealed; throws for any other. */
export function open(key: DataKey, sealed: string, boundTo: string): Buffer {
  if (numberOf(sealed) !== key.number) throw new Error('A sealed value was sealed by another key.')
  return decrypt(key.derive('columns'), sealed.slice(sealed.indexOf('.') + 1), `${key.number}:${boundTo}`)
}

/** Reads which key has sealed a value; null for what has no such form. */
export function numberOf(sealed: string): number | null {
  const [, number = ''] = /^([1-9][0-9]{0,8})\./.exec(sealed) ?? []
  return number === '' ? null : Number(number)
}

const checkText = Buffer.from('countersign')
const checkBinding = 'keys.sealed_check'

/** Seals the text by which a key is recognised. */
export function sealCheck(key: DataKey): string {
  return seal(key, checkText, checkBinding)
}

/** Tells whether it was this key that sealed that text. */
export function opensCheck(key: DataKey, sealedCheck: string): boolean {
  try {
    return open(key, sealedCheck, checkBinding).equals(checkText)
  } catch {
    return false
  }
}
