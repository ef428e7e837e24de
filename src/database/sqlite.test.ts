import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { openSqlite } from './sqlite.ts'
import { DatabaseUnavailable, isLocked } from './unavailable.ts'

describe('a SQLite file', { timeout: 60_000 }, () => {
  let folder: string
  let db: Database
  /** Another process, as far as SQLite can tell. */
  let other: DatabaseSync
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-sqlite-'))
    const file = join(folder, 'test.sqlite')
    db = openSqlite(file)
    await migrate(db)
    other = new DatabaseSync(file)
  })
  afterEach(async () => {
    other.close()
    await db.destroy()
    await rm(folder, { recursive: true })
  })

  const count = (key: string, through: Database = db) =>
    through.insertInto('attempts').values({ key, failures: 1, blocked_until: 0, last_at: 0 }).execute()
  const counted = () =>
    other
      .prepare('select key from attempts order by key')
      .all()
      .map(({ key }) => key)
  const read = () => db.selectFrom('installation').select('id').execute()
  const fault = (act: Promise<unknown>) =>
    act.then(
      () => null,
      (error: unknown) => error,
    )
  const soon = () => new Promise((resolve) => setTimeout(resolve, 20))

  test('that another process is writing to is waited for, and meanwhile read', async () => {
    other.exec('begin immediate')
    let written = 0
    const writing = [
      count('alone').then(() => (written += 1)),
      db
        .transaction()
        .execute((trx) => count('in a transaction', trx))
        .then(() => (written += 1)),
    ]
    // More than one try of those who wait.
    for (let looks = 0; looks < 5; looks += 1) {
      expect(await read()).toHaveLength(1)
      await soon()
    }
    expect(written).toBe(0)
    other.exec('rollback')
    await Promise.all(writing)
    expect(counted()).toEqual(['alone', 'in a transaction'])
  })

  test('that stays locked is given up after five seconds, having changed nothing', async () => {
    other.exec('begin immediate')
    const began = performance.now()
    const faults = await Promise.all([
      fault(count('alone')),
      fault(db.transaction().execute((trx) => count('in a transaction', trx))),
    ])
    expect(performance.now() - began).toBeGreaterThan(4_500)
    for (const error of faults) {
      expect(error).toBeInstanceOf(DatabaseUnavailable)
      expect(isLocked(error)).toBe(true)
    }
    other.exec('rollback')
    expect(counted()).toEqual([])
    await count('afterwards')
    expect(counted()).toEqual(['afterwards'])
  })

  test('lets nobody into a transaction that is waiting for something else', async () => {
    let go = () => {}
    const waiting = new Promise<void>((resolve) => {
      go = resolve
    })
    const transaction = db.transaction().execute(async (trx) => {
      await count('inside', trx)
      await waiting
      throw new Error('taken back')
    })
    const outside = count('outside')
    await soon()
    go()
    await expect(transaction).rejects.toThrow('taken back')
    await outside
    expect(counted()).toEqual(['outside'])
  })

  test('that is full is a fault of its own, also when it ends a transaction by itself', async () => {
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db)
    await sql`pragma max_page_count = ${sql.lit(rows[0]?.page_count ?? 0)}`.execute(db)
    const large = 'x'.repeat(100_000)
    expect(await fault(count(large))).toBeInstanceOf(DatabaseUnavailable)
    const inside = db.transaction().execute(async (trx) => {
      await count('small', trx)
      await count(large, trx)
    })
    expect(await fault(inside)).toMatchObject({ name: 'DatabaseUnavailable', cause: { errcode: 13 } })
    await sql`pragma max_page_count = 1000000`.execute(db)
    await count('afterwards')
    expect(counted()).toEqual(['afterwards'])
  })

  test('that may only be read says so, and may be written to again', async () => {
    await sql`pragma query_only = on`.execute(db)
    expect(await fault(count('alone'))).toBeInstanceOf(DatabaseUnavailable)
    expect(await fault(db.transaction().execute((trx) => count('inside', trx)))).toBeInstanceOf(DatabaseUnavailable)
    expect(await read()).toHaveLength(1)
    await sql`pragma query_only = off`.execute(db)
    await count('afterwards')
    expect(counted()).toEqual(['afterwards'])
  })

  test('tells a mistake of ours from a fault of its own', async () => {
    await count('taken')
    const error = await fault(count('taken'))
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(DatabaseUnavailable)
  })
})
