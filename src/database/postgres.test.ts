import { sql } from 'kysely'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { createDatabase } from '../../test/support/postgres.ts'
import { openProxyTo } from '../../test/support/proxy.ts'
import { dialects } from '../../test/support/service.ts'
import { readConfig } from '../config.ts'
import { openDatabaseOf } from '../open.ts'
import { changedRows, type Database } from './database.ts'
import { openPostgres } from './postgres.ts'
import { prepare } from './prepared.ts'
import { DatabaseUnavailable } from './unavailable.ts'

describe.runIf(dialects.includes('postgres'))('a connection to PostgreSQL', { timeout: 60_000 }, () => {
  let proxy: Awaited<ReturnType<typeof openProxyTo>>
  let db: Database
  let direct: Client
  let drop: () => Promise<void>
  beforeEach(async () => {
    const made = await createDatabase(inject('postgresTemplate'))
    proxy = await openProxyTo(made.url)
    db = await openPostgres(proxy.url, 2)
    direct = new Client({ connectionString: made.url })
    await direct.connect()
    direct.on('error', () => {})
    drop = made.drop
  })
  afterEach(async () => {
    proxy.flow()
    await db.destroy()
    await direct.end()
    await proxy.close()
    await drop()
  })

  const count = (key: string, through: Database = db) =>
    through.insertInto('attempts').values({ key, failures: 1, blocked_until: 0, last_at: 0 }).execute()
  const counted = async () => (await direct.query('select key from attempts order by key')).rows.map(({ key }) => key)
  const read = () => db.selectFrom('installation').select('id').execute()
  const fault = (act: Promise<unknown>) =>
    act.then(
      () => null,
      (error: unknown) => error,
    )

  test('that breaks while nobody needs it is replaced: for a look, for a transaction, and never for a write', async () => {
    // Both connections of the pool are there and idle, and nobody has noticed yet that they are dead.
    const breakUnnoticed = async () => {
      await Promise.all([read(), read()])
      proxy.cut()
    }
    await breakUnnoticed()
    expect(await read()).toEqual([{ id: 1 }])
    await breakUnnoticed()
    await db.transaction().execute((trx) => count('in a transaction', trx))
    expect(await counted()).toEqual(['in a transaction'])
    await breakUnnoticed()
    expect(await fault(count('alone'))).toBeInstanceOf(DatabaseUnavailable)
    expect(await counted()).toEqual(['in a transaction'])
  })

  test('keeps the plans of prepared queries, and of no others', async () => {
    const find = prepare((on, given: { key: string }) =>
      on.selectFrom('attempts').select('failures').where('key', '=', given.key),
    )
    await db.connection().execute(async (one) => {
      const kept = async () =>
        (await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(one)).rows
      await count('a', one)
      expect(await kept()).toEqual([])
      for (const key of ['a', 'b']) await find.first(one, { key })
      expect(await kept()).toEqual([{ statement: 'select "failures" from "attempts" where "key" = $1' }])
    })
  })

  test.each([
    ['a look', () => read()],
    ['a transaction', () => db.transaction().execute((trx) => count('in a transaction', trx))],
  ])('that breaks and cannot be replaced is told of as a database that cannot be used, by %s', async (_, act) => {
    await Promise.all([read(), read()])
    const refused = proxy.refuse()
    expect(await fault(act())).toBeInstanceOf(DatabaseUnavailable)
    await refused
    await proxy.listen()
    expect(await read()).toEqual([{ id: 1 }])
    expect(await counted()).toEqual([])
  })

  test('that breaks in the middle of a transaction takes the transaction with it, and nothing else', async () => {
    const error = await fault(
      db.transaction().execute(async (trx) => {
        await count('first', trx)
        proxy.cut()
        await count('second', trx)
      }),
    )
    expect(error).toBeInstanceOf(DatabaseUnavailable)
    expect(await counted()).toEqual([])
    expect(await read()).toEqual([{ id: 1 }])
  })

  test('whose server ends it between two statements does not end the process', async () => {
    const error = await fault(
      db.transaction().execute(async (trx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
        await direct.query('select pg_terminate_backend($1)', [rows[0]?.pid])
        await new Promise(setImmediate)
        await count('after the end', trx)
      }),
    )
    expect(error).toBeInstanceOf(DatabaseUnavailable)
    expect(await counted()).toEqual([])
    expect(await read()).toEqual([{ id: 1 }])
  })

  test('over which the answer to a write is lost does the write once, and says that it failed', async () => {
    await read()
    proxy.stall('answers')
    const writing = fault(count('once'))
    while ((await counted()).length === 0);
    proxy.cut()
    proxy.flow()
    expect(await writing).toBeInstanceOf(DatabaseUnavailable)
    expect(await counted()).toEqual(['once'])
  })

  test('over which the answer to a commit is lost has committed once, and says that it failed', async () => {
    const committing = fault(
      db.transaction().execute(async (trx) => {
        await count('once', trx)
        proxy.stall('answers')
      }),
    )
    while ((await counted()).length === 0);
    proxy.cut()
    proxy.flow()
    expect(await committing).toBeInstanceOf(DatabaseUnavailable)
    expect(await counted()).toEqual(['once'])
    expect(await read()).toEqual([{ id: 1 }])
  })

  test('that falls silent is given up after six seconds, and its answer never comes to somebody else', async () => {
    await read()
    proxy.stall()
    const began = performance.now()
    expect(await fault(sql`select 'late'`.execute(db))).toMatchObject({ message: 'Query read timeout' })
    expect(performance.now() - began).toBeLessThan(9_000)
    proxy.flow()
    expect(await read()).toEqual([{ id: 1 }])
  })

  test('waits three seconds for a lock, and five for a statement', async () => {
    await direct.query('begin; lock table attempts')
    expect(await fault(count('locked out'))).toMatchObject({ cause: { code: '55P03' } })
    await direct.query('rollback')
    expect(await fault(sql`select pg_sleep(30)`.execute(db))).toMatchObject({ cause: { code: '57014' } })
    expect(await counted()).toEqual([])
    // Both were told by the server; the connections are as good as before.
    expect(await read()).toEqual([{ id: 1 }])
    expect(proxy.made()).toBe(1)
  })

  test('that may only read says so, and is made anew: it would stay like that', async () => {
    await read()
    await sql`set default_transaction_read_only = on`.execute(db)
    expect(await read()).toEqual([{ id: 1 }])
    expect(await fault(count('read-only'))).toMatchObject({ cause: { code: '25006' } })
    expect(await fault(count('written'))).toBeNull()
    await sql`set default_transaction_read_only = on`.execute(db)
    const inTransaction = db.transaction().execute((trx) => count('in a transaction', trx))
    expect(await fault(inTransaction)).toMatchObject({ cause: { code: '25006' } })
    expect(await fault(count('written again'))).toBeNull()
    expect(await counted()).toEqual(['written', 'written again'])
  })

  test('that cannot be made is told of at once, and is made as soon as it can be', async () => {
    await proxy.refuse()
    for (const act of [read(), count('down'), db.transaction().execute((trx) => count('down', trx))])
      expect(await fault(act)).toMatchObject({ name: 'DatabaseUnavailable', cause: { code: 'ECONNREFUSED' } })
    await proxy.listen()
    expect(await read()).toEqual([{ id: 1 }])
    expect(await counted()).toEqual([])
  })

  test('is waited for five seconds when all are in use, and then as good as none', async () => {
    await direct.query('begin; lock table attempts')
    // Two hold the whole pool for three seconds each, and then two more do.
    const four = ['a', 'b', 'c', 'd'].map((key) => fault(count(key)))
    const fifth = fault(read())
    expect(await fifth).toBeInstanceOf(DatabaseUnavailable)
    for (const one of four) expect(await one).toBeInstanceOf(DatabaseUnavailable)
    await direct.query('rollback')
    expect(await read()).toEqual([{ id: 1 }])
  })

  test('has no more beside it than the settings allow', async () => {
    const connections = async (allowed: string) => {
      const config = readConfig({ DATABASE_URL: proxy.url, COUNTERSIGN_DATABASE_CONNECTIONS: allowed }, '/')
      const limited = await openDatabaseOf(config)
      const before = proxy.made()
      await Promise.all([1, 2, 3, 4].map(() => sql`select pg_sleep(0.1)`.execute(limited)))
      await limited.destroy()
      return proxy.made() - before
    }
    expect(await connections('1')).toBe(1)
    expect(await connections('3')).toBe(3)
  })

  test('tells a mistake of ours from a fault of its own', async () => {
    await count('taken')
    const error = await fault(count('taken'))
    expect(error).toMatchObject({ code: '23505' })
    expect(error).not.toBeInstanceOf(DatabaseUnavailable)
    const aborted = db.transaction().execute(async (trx) => {
      await count('taken', trx).catch(() => {})
      return 'done'
    })
    await expect(aborted).rejects.toThrow('The transaction was taken back')
    const changed = await db.updateTable('attempts').set({ failures: 2 }).where('key', '=', 'taken').executeTakeFirst()
    expect(changedRows(changed)).toBe(1)
  })
})
