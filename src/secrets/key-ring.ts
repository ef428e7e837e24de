// The data keys, as a process knows them. What is newest is asked of the database each time it matters; a key of a number
// that is not known yet is read, so a process learns of a rotation when it meets it. Where another key has come to stand under
// a number, as in a database that was put back from a backup below a running process, all are read anew. What was derived from
// a retired key can still be opened and verified, and nothing more is made with it.

import type { Database } from '../database/database.ts'
import { type Instant, seconds } from '../time.ts'
import { type DataKey, dataKey } from './data-key.ts'
import { type KeyRow, readKeyRows } from './key-table.ts'
import type { MasterKey } from './master-key.ts'
import { opensCheck } from './sealing.ts'

export interface KeyRing {
  /** The newest key, by what the database says at this moment. */
  newest(db: Database): Promise<DataKey>
  /** The key of this number, a retired one too; null when there is none. */
  find(db: Database, number: number): Promise<DataKey | null>
  /** The keys that are not retired, the newest first, as of some seconds ago at most. */
  inUse(db: Database, now: Instant): Promise<readonly [DataKey, ...DataKey[]]>
  /** Throws `WrongMasterKey` when the master key at hand was replaced, though this process may go on for a while without the new one. */
  prove(db: Database): Promise<void>
}

/** The master keys that may have wrapped the data keys: more than one only while it is being replaced. */
export type MasterKeys = () => Promise<readonly MasterKey[]>

/** No master key at hand has wrapped the data keys of this database. For a process that runs, nothing can be sealed or opened until it has the right one. */
export class WrongMasterKey extends Error {
  constructor() {
    super('The data keys do not open with the secret key that this process has. Restart it with the one in use now.')
  }
}

/** How old `inUse` may be. */
const longestAge = seconds(5)

/**
 * Makes the ring of a process. It reads nothing until it is asked, and unwraps only what it does not know: while the master
 * key is being replaced, a process that has only the old one goes on with the data keys that it has.
 */
export function keyRing(masterKeys: MasterKeys): KeyRing {
  let known = new Map<number, { key: DataKey; check: string }>()
  let used: { keys: readonly [DataKey, ...DataKey[]]; at: Instant } | null = null
  const readAll = async (db: Database) => {
    const { rows, keys } = await openKeyRows(db, masterKeys)
    const checks = new Map(rows.map(({ number, sealedCheck }) => [number, sealedCheck]))
    known = new Map(keys.map((key) => [key.number, { key, check: checks.get(key.number) ?? '' }]))
  }
  const find = async (db: Database, number: number) => {
    if (!known.has(number)) await readAll(db)
    return known.get(number)?.key ?? null
  }
  const active = async (db: Database) => {
    const rows = await keysInUse(db)
    if (rows.some(({ number, sealed_check }) => known.get(number)?.check !== sealed_check)) await readAll(db)
    const keys = rows.map(({ number }) => known.get(number)?.key)
    const [newest, ...older] = keys.filter((key) => key !== undefined)
    if (!newest) throw new Error('There is no data key in use.')
    return [newest, ...older] as const
  }
  return {
    find,
    newest: async (db) => (await active(db))[0],
    async inUse(db, now) {
      if (!used || Math.abs(now - used.at) > longestAge) used = { keys: await active(db), at: now }
      return used.keys
    },
    prove: async (db) => void (await openKeyRows(db, masterKeys)),
  }
}

function keysInUse(db: Database): Promise<{ number: number; sealed_check: string }[]> {
  return db
    .selectFrom('keys')
    .select(['number', 'sealed_check'])
    .where('retired_at', 'is', null)
    .orderBy('number', 'desc')
    .execute()
}

/** Reads the rows and unwraps their keys, in the order of their numbers. Throws `WrongMasterKey`. */
export async function openKeyRows(
  db: Database,
  masterKeys: MasterKeys,
): Promise<{ rows: KeyRow[]; keys: DataKey[]; master: MasterKey | null }> {
  // Twice, because the master key may be replaced between the two questions.
  for (const _ of ['first', 'again']) {
    const rows = await readKeyRows(db)
    if (rows.length === 0) return { rows, keys: [], master: null }
    for (const master of await masterKeys()) {
      const keys = unwrapAll(rows, master)
      if (keys) return { rows, keys, master }
    }
  }
  throw new WrongMasterKey()
}

/** Unwraps the keys of all rows; null when one of them was not wrapped by this master key. */
export function unwrapAll(rows: readonly KeyRow[], master: MasterKey): DataKey[] | null {
  const keys = rows.map((row) => unwrap(row, master))
  return keys.every((key) => key !== null) ? keys : null
}

function unwrap({ number, wrapped, sealedCheck }: KeyRow, master: MasterKey): DataKey | null {
  // The one key of an installation that has not started since data keys have rows.
  if (wrapped === null) return number === 1 && opensCheck(master.first, sealedCheck) ? master.first : null
  const bytes = master.unwrap(number, wrapped)
  return bytes && dataKey(number, bytes)
}
