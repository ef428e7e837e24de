// Recovery codes: ten a set, shown once, kept as argon2id with one salt a set. They count from the moment the person says
// they are saved. Each is spent by one guarded write. A new set ends the old one at once.

import { randomBytes } from 'node:crypto'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { type Hashing, hashCost } from '../passwords/hashing.ts'
import type { Waiter } from '../passwords/queue.ts'
import { newId } from '../secrets/tokens.ts'
import type { Instant } from '../time.ts'
import { groupCode, newCode } from './code.ts'

export const codesPerSet = 10

/** A set that has been made and not stored yet: hashing ten codes takes its time, and no transaction waits for it. */
export interface PreparedCodes {
  id: string
  /** For showing, once. */
  codes: readonly string[]
  salt: Buffer
  hashes: readonly string[]
}

const cost = { memoryKib: hashCost.memoryCost, passes: hashCost.timeCost }

/** Makes ten codes and their hashes. */
export async function prepareCodes(hashing: Hashing, waiter?: Waiter): Promise<PreparedCodes> {
  const salt = randomBytes(16)
  const codes = Array.from({ length: codesPerSet }, newCode)
  const hashes = await Promise.all(
    codes.map(async (code) => (await hashing.hashRecoveryCode(code, salt, cost, waiter)).toString('base64url')),
  )
  return { id: newId(), codes: codes.map(groupCode), salt, hashes }
}

/** Stores a prepared set in place of the old one, not counting yet. */
export async function replaceCodes(
  trx: DatabaseTransaction,
  userId: string,
  prepared: PreparedCodes,
  now: Instant,
): Promise<void> {
  await removeCodes(trx, userId)
  await trx
    .insertInto('recovery_code_sets')
    .values({
      id: prepared.id,
      user_id: userId,
      salt: prepared.salt.toString('base64url'),
      memory_kib: cost.memoryKib,
      passes: cost.passes,
      created_at: now,
    })
    .execute()
  await trx
    .insertInto('recovery_codes')
    .values(prepared.hashes.map((hash) => ({ set_id: prepared.id, hash })))
    .execute()
}

/** Makes the set count; false when it is not the user's current one, or counts already. */
export async function markSaved(
  trx: DatabaseTransaction,
  userId: string,
  setId: string,
  now: Instant,
): Promise<boolean> {
  const saved = await trx
    .updateTable('recovery_code_sets')
    .set({ saved_at: now })
    .where('id', '=', setId)
    .where('user_id', '=', userId)
    .where('saved_at', 'is', null)
    .executeTakeFirst()
  return changedRows(saved) === 1
}

/** A code that has been looked up by its hash and may be spent. */
export interface FoundCode {
  setId: string
  hash: string
}

/** Hashes the typed code with the user's salt. Null when the user has no set that counts. Costs one hash; spends nothing. */
export async function lookUpCode(
  db: Database,
  hashing: Hashing,
  userId: string,
  code: string,
  waiter?: Waiter,
): Promise<FoundCode | null> {
  const set = await db
    .selectFrom('recovery_code_sets')
    .select(['id', 'salt', 'memory_kib', 'passes'])
    .where('user_id', '=', userId)
    .where('saved_at', 'is not', null)
    .executeTakeFirst()
  if (!set) return null
  const cost = { memoryKib: set.memory_kib, passes: set.passes }
  const hash = await hashing.hashRecoveryCode(code, Buffer.from(set.salt, 'base64url'), cost, waiter)
  return { setId: set.id, hash: hash.toString('base64url') }
}

/** Spends a code: one caller, once, gets true. A code that is not in the set is refused in the same way. */
export async function spendCode(trx: DatabaseTransaction, { setId, hash }: FoundCode, now: Instant): Promise<boolean> {
  const spent = await trx
    .updateTable('recovery_codes')
    .set({ used_at: now })
    .where('set_id', '=', setId)
    .where('hash', '=', hash)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return changedRows(spent) === 1
}

export interface CodeCount {
  left: number
  total: number
  madeAt: Instant
  savedAt: Instant | null
}

/** Counts what is left of the user's set; null when there is none. */
export async function countCodes(db: Database, userId: string): Promise<CodeCount | null> {
  const row = await db
    .selectFrom('recovery_code_sets')
    .innerJoin('recovery_codes', 'recovery_codes.set_id', 'recovery_code_sets.id')
    .where('user_id', '=', userId)
    .groupBy(['recovery_code_sets.id', 'created_at', 'saved_at'])
    .select((e) => [
      'created_at',
      'saved_at',
      e.fn.countAll<number>().as('total'),
      e.fn.count<number>('used_at').as('used'),
    ])
    .executeTakeFirst()
  if (!row) return null
  return {
    left: Number(row.total) - Number(row.used),
    total: Number(row.total),
    madeAt: row.created_at,
    savedAt: row.saved_at,
  }
}

/** Removes the user's set, whatever its state. */
export async function removeCodes(trx: DatabaseTransaction, userId: string): Promise<void> {
  await trx.deleteFrom('recovery_code_sets').where('user_id', '=', userId).execute()
}

/** Removes the sets of everybody, and tells how many there were. */
export async function removeAllCodes(trx: DatabaseTransaction): Promise<number> {
  return changedRows(await trx.deleteFrom('recovery_code_sets').executeTakeFirst())
}
