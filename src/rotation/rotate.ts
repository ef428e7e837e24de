// The rotation of the data key, while the service runs: the next key comes, everything that an older one has sealed is sealed
// anew under it, and when nothing is left the older ones are retired. Each step can be broken off at any moment; run again,
// or run twice at once, it goes on from what it finds. Nothing is ever unreadable in between.

import { record } from '../audit/record.ts'
import { type Database, type DatabaseTransaction, waitAsLongAsItTakes } from '../database/database.ts'
import { giveWay, hasGivenWay, lockAlone } from '../database/locks.ts'
import type { DataKey } from '../secrets/data-key.ts'
import { type KeyRing, type MasterKeys, openKeyRows } from '../secrets/key-ring.ts'
import { insertKey, readKeyRows, retireKeysBefore } from '../secrets/key-table.ts'
import type { SealedColumn, SealedValue } from '../secrets/sealed-column.ts'
import { numberOf, open, seal } from '../secrets/sealing.ts'
import type { Clock } from '../time.ts'
import { sealedColumns } from './sealed-columns.ts'

export interface RotationParts {
  db: Database
  keys: KeyRing
  masterKeys: MasterKeys
  clock: Clock
  /** Waits a moment between two batches, so that others get to write as well. */
  pause: () => Promise<void>
  /** Told how many values of how many have been looked at. */
  onProgress: (done: number, of: number) => void
}

export interface Rotated {
  /** The number of the key under which everything is sealed now. */
  newest: number
  /** False where an earlier rotation was not finished, and this one went on with it. */
  isNew: boolean
  /** How many values of each kind there are under it. */
  sealed: readonly { what: string; count: number }[]
  /** What no key opens, and was left as it is. */
  unreadable: readonly { what: string; id: string }[]
}

const atOnce = 200
/** Each pass but the first finds only what was sealed while the one before went by; a tenth means that something is wrong. */
const mostPasses = 10

/** Rotates. Null when something goes on to seal under the older key, so that there was no end of it. */
export async function rotate(parts: RotationParts): Promise<Rotated | null> {
  const isNew = await begin(parts)
  for (let pass = 1; pass <= mostPasses; pass += 1) {
    const unreadable = await resealEverything(parts)
    const ended = await end(parts, unreadable)
    if (ended) return { ...ended, isNew, unreadable }
  }
  return null
}

/** Makes the next key, unless there are two in use already: then a rotation was begun, and goes on. */
async function begin({ db, masterKeys, clock }: RotationParts): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await lockAlone(trx, 'keys')
    const { rows, master } = await openKeyRows(trx, masterKeys)
    if (!master || rows.filter(({ retiredAt }) => retiredAt === null).length > 1) return false
    const now = clock()
    const key = Math.max(...rows.map(({ number }) => number)) + 1
    await insertKey(trx, master, key, now)
    await record(trx, { name: 'key.added', details: { key } }, { now, caller: null, actor: null, subject: null })
    return true
  })
}

async function resealEverything(parts: RotationParts): Promise<Rotated['unreadable']> {
  const { db, keys, onProgress } = parts
  const { number } = await keys.newest(db)
  let [of, done] = [0, 0]
  for (const column of sealedColumns) of += (await patiently(db, (trx) => column.count(trx, number))).others
  const unreadable: { what: string; id: string }[] = []
  for (const column of sealedColumns) {
    for await (const { looked, failed } of resealColumn(parts, column)) {
      done += looked
      onProgress(done, Math.max(of, done))
      unreadable.push(...failed.map((id) => ({ what: column.what, id })))
    }
  }
  return unreadable
}

/** Goes through a column, a batch at a time, and tells of each how many values it held and which of them no key opens. */
async function* resealColumn(
  { db, keys, pause }: RotationParts,
  column: SealedColumn,
): AsyncGenerator<{ looked: number; failed: string[] }> {
  let after = ''
  for (;;) {
    const newest = await keys.newest(db)
    const values = await patiently(db, (trx) => column.readOthers(trx, newest.number, after, atOnce))
    const last = values.at(-1)
    if (!last) return
    const anew = await Promise.all(values.map((value) => sealAnew(db, keys, newest, value)))
    const isDone = await putInPlace(db, column, anew)
    await pause()
    if (!isDone) continue
    after = last.id
    yield { looked: values.length, failed: anew.filter(({ sealed }) => sealed === null).map(({ was }) => was.id) }
  }
}

/** Reads what may lie behind a whole table. */
function patiently<Result>(db: Database, read: (trx: DatabaseTransaction) => Promise<Result>): Promise<Result> {
  return db.transaction().execute(async (trx) => {
    await waitAsLongAsItTakes(trx)
    return read(trx)
  })
}

interface Resealed {
  was: SealedValue
  /** Null for what no key opens. */
  sealed: string | null
}

async function sealAnew(db: Database, keys: KeyRing, newest: DataKey, was: SealedValue): Promise<Resealed> {
  const number = numberOf(was.sealed)
  const key = number === null ? null : await keys.find(db, number)
  const plain = key && openOrNull(key, was)
  return { was, sealed: plain && seal(newest, plain, was.boundTo) }
}

function openOrNull(key: DataKey, { sealed, boundTo }: SealedValue): Buffer | null {
  try {
    return open(key, sealed, boundTo)
  } catch {
    return null
  }
}

/**
 * Puts a batch in place. False when it gave way to somebody who wants the same rows: then it is done anew. What has changed
 * since it was read is left to the next pass.
 */
async function putInPlace(db: Database, column: SealedColumn, anew: readonly Resealed[]): Promise<boolean> {
  try {
    return await db.transaction().execute(async (trx) => {
      await giveWay(trx)
      for (const { was, sealed } of anew) if (sealed !== null) await column.replace(trx, was, sealed)
      return true
    })
  } catch (error) {
    if (hasGivenWay(error)) return false
    throw error
  }
}

/**
 * Retires the older keys, if nothing that can be opened is left under them. Nothing comes to be left out: whoever sealed under
 * an older key had ended before the newest one came, and whoever has begun since finds that.
 */
async function end(
  { db, clock }: RotationParts,
  unreadable: Rotated['unreadable'],
): Promise<Pick<Rotated, 'newest' | 'sealed'> | null> {
  return db.transaction().execute(async (trx) => {
    await waitAsLongAsItTakes(trx)
    const newest = Math.max(...(await readKeyRows(trx)).map(({ number }) => number))
    const sealed: { what: string; count: number }[] = []
    for (const column of sealedColumns) {
      const { all, others } = await column.count(trx, newest)
      if (others > 0 && !(await isKnownAs(unreadable, trx, column, newest, others))) return null
      sealed.push({ what: column.what, count: all - others })
    }
    const now = clock()
    const keys = await retireKeysBefore(trx, newest, now)
    const count = sealed.reduce((sum, one) => sum + one.count, 0)
    const details = { keys, newest, sealed: count, unreadable: unreadable.length }
    const about = { now, caller: null, actor: null, subject: null }
    if (keys.length > 0) await record(trx, { name: 'key.retired', details }, about)
    return { newest, sealed }
  })
}

/** Tells whether all that is left of a column are values of which it is known that no key opens them. */
async function isKnownAs(
  unreadable: Rotated['unreadable'],
  trx: DatabaseTransaction,
  column: SealedColumn,
  newest: number,
  left: number,
): Promise<boolean> {
  const ids = unreadable.filter(({ what }) => what === column.what).map(({ id }) => id)
  if (left > ids.length) return false
  return (await column.readOthers(trx, newest, '', left)).every(({ id }) => ids.includes(id))
}
