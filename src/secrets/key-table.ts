// The rows of the data keys. Whoever adds one or wraps them anew does so alone, while nobody seals: what is being sealed under
// a key is there before the next one comes. Rows are never deleted: a retired key still opens.

import { randomBytes } from 'node:crypto'
import { changedRows, type Database, type DatabaseTransaction, hasTable } from '../database/database.ts'
import { lockAlone } from '../database/locks.ts'
import type { Instant } from '../time.ts'
import { dataKey } from './data-key.ts'
import type { MasterKey } from './master-key.ts'
import { opensCheck, sealCheck } from './sealing.ts'

export interface KeyRow {
  number: number
  /** Null for the first key of an installation that has not started since keys are wrapped. */
  wrapped: string | null
  sealedCheck: string
  retiredAt: Instant | null
}

/** Reads every row, in the order of the numbers; none from a database that has never been migrated. Also reads the table of older versions. */
export async function readKeyRows(db: Database): Promise<KeyRow[]> {
  if (!(await hasTable(db, 'keys'))) return []
  const rows = await db.selectFrom('keys').selectAll().orderBy('number').execute()
  return rows.map(({ number, wrapped, sealed_check, retired_at }) => ({
    number,
    wrapped: wrapped ?? null,
    sealedCheck: sealed_check,
    retiredAt: retired_at ?? null,
  }))
}

/**
 * Makes the first data key of a new database, or wraps the one of an older version: the master key itself. Of several that
 * do so at once, one is right; whoever has another master key changes nothing.
 */
export async function beginKeys(db: Database, masters: readonly MasterKey[], now: Instant): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockAlone(trx, 'keys')
    const [row] = await readKeyRows(trx)
    const [newest] = masters
    if (!row && newest) return insertKey(trx, newest, 1, now)
    const master = row?.wrapped === null ? masters.find(({ first }) => opensCheck(first, row.sealedCheck)) : undefined
    if (master) await setWrapped(trx, { number: 1, from: null, to: master.wrapFirst() })
  })
}

/** Makes the data key of this number. The caller works alone on the keys, and has the master key that wraps the others. */
export async function insertKey(
  trx: DatabaseTransaction,
  master: MasterKey,
  number: number,
  now: Instant,
): Promise<void> {
  const bytes = randomBytes(32)
  await trx
    .insertInto('keys')
    .values({
      number,
      wrapped: master.wrap(number, bytes),
      sealed_check: sealCheck(dataKey(number, bytes)),
      created_at: now,
    })
    .execute()
}

/** Puts another wrapping in place of the one that was read. Throws when that is not there any more. */
export async function setWrapped(
  trx: DatabaseTransaction,
  { number, from, to }: { number: number; from: string | null; to: string },
): Promise<void> {
  const changed = await trx
    .updateTable('keys')
    .set({ wrapped: to })
    .where('number', '=', number)
    .where('wrapped', from === null ? 'is' : '=', from)
    .executeTakeFirst()
  if (changedRows(changed) !== 1) throw new Error(`Data key ${number} was changed by somebody else meanwhile.`)
}

/** Retires every key before this one, and tells which those were. */
export async function retireKeysBefore(trx: DatabaseTransaction, number: number, now: Instant): Promise<number[]> {
  const retired = await trx
    .updateTable('keys')
    .set({ retired_at: now })
    .where('number', '<', number)
    .where('retired_at', 'is', null)
    .returning('number')
    .execute()
  return retired.map((row) => row.number).sort((one, other) => one - other)
}
