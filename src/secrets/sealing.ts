// Encryption of columns: AES-256-GCM under a numbered key, bound to the row that it belongs to. A sealed value that is
// copied to another row, changed in one bit, or met with another key does not open (ASVS 11.3.2, 11.3.3).

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import type { MasterKey } from './master-key.ts'

/** The number of the key in use. A rotation adds the next one. */
const keyNumber = 1

/** Seals and opens column values. `boundTo` names the row and column, and must be the same for both. */
export interface Sealer {
  seal(plain: Buffer, boundTo: string): string
  /** Opens a sealed value; throws when it was not sealed by this key for this row. */
  open(sealed: string, boundTo: string): Buffer
}

/** Makes what seals and opens columns under this key. */
export function sealerFor(key: MasterKey): Sealer {
  const columns = key.derive('columns')
  return {
    seal(plain, boundTo) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', columns, nonce).setAAD(associated(keyNumber, boundTo))
      const text = Buffer.concat([cipher.update(plain), cipher.final()])
      return [
        keyNumber,
        nonce.toString('base64url'),
        text.toString('base64url'),
        cipher.getAuthTag().toString('base64url'),
      ].join('.')
    },
    open(sealed, boundTo) {
      const [number, nonce, text, tag] = sealed.split('.')
      if (Number(number) !== keyNumber || !nonce || text === undefined || !tag)
        throw new Error('A sealed value has an unknown form.')
      const decipher = createDecipheriv('aes-256-gcm', columns, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
      decipher.setAAD(associated(keyNumber, boundTo)).setAuthTag(Buffer.from(tag, 'base64url'))
      return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()])
    },
  }
}

function associated(number: number, boundTo: string): Buffer {
  return Buffer.from(`${number}:${boundTo}`)
}

const checkText = Buffer.from('countersign')
const checkBinding = 'keys.sealed_check'

/** Tells whether the database has sealed anything yet: from then on a missing key must never be replaced by a new one. */
export async function hasKeyCheck(db: Database): Promise<boolean> {
  try {
    return (await db.selectFrom('keys').select('number').limit(1).executeTakeFirst()) !== undefined
  } catch (error) {
    if (isTableMissing(error)) return false
    throw error
  }
}

/** A database that has never been migrated: SQLite says it in words, PostgreSQL with the code `undefined_table`. */
function isTableMissing(error: unknown): boolean {
  return (
    error instanceof Error && (error.message.includes('no such table') || ('code' in error && error.code === '42P01'))
  )
}

/** Proves that this is the key that the database was made with, or, on a new database, writes the proof for later starts. */
export async function confirmKey(db: Database, sealer: Sealer, now: Instant): Promise<boolean> {
  await db
    .insertInto('keys')
    .values({ number: keyNumber, sealed_check: sealer.seal(checkText, checkBinding), created_at: now })
    .onConflict((conflict) => conflict.column('number').doNothing())
    .execute()
  return isKeyOf(db, sealer)
}

/** Tells whether this is the key that the database was made with, and only reads. */
export async function isKeyOf(db: Database, sealer: Sealer): Promise<boolean> {
  const row = await db.selectFrom('keys').select('sealed_check').where('number', '=', keyNumber).executeTakeFirst()
  try {
    return row !== undefined && sealer.open(row.sealed_check, checkBinding).equals(checkText)
  } catch {
    return false
  }
}
