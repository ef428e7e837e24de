// PostgreSQL behind PgBouncer in transaction mode, as many operators run it.

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { Browser, codeAt, wrongCode } from '../support/browser.ts'
import { addPerson, addProtectedPerson, signIn } from '../support/people.ts'
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts'
import { createDatabase } from '../support/postgres.ts'
import { dialects, startService } from '../support/service.ts'

describe.runIf(dialects.includes('postgres'))('behind PgBouncer in transaction mode', { timeout: 90_000 }, () => {
  let bouncer: PgBouncer
  beforeAll(async () => {
    bouncer = await startPgBouncer(inject('postgresUrl'))
  }, 60_000)
  afterAll(() => bouncer.stop())
  const start = () => startService({ dialect: 'postgres', through: bouncer.through })

  test('several that migrate at once do it once, and leave no lock behind', async () => {
    const { url, drop } = await createDatabase()
    const handles = await Promise.all(
      Array.from({ length: 6 }, () => openDatabase({ postgres: bouncer.through(url), connections: 2 })),
    )
    try {
      await Promise.all(handles.map((db) => migrate(db)))
      const [db] = handles
      if (!db) throw new Error('There is none.')
      expect(await db.selectFrom('installation').select('id').execute()).toEqual([{ id: 1 }])
      const { rows } = await sql`select pid from pg_locks where locktype = 'advisory'`.execute(db)
      expect(rows).toEqual([])
    } finally {
      await Promise.all(handles.map((db) => db.destroy()))
      await drop()
    }
  })

  test('people sign in with two factors, and are told of a wrong code', async () => {
    const running = await start()
    try {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const wrong = { code: wrongCode(key, running.time.now) }
      expect((await browser.send('/sign-in/verification-code', wrong)).status).toBe(422)
      const right = { code: codeAt(key, running.time.now) }
      expect((await browser.send('/sign-in/verification-code', right)).at).toBe('/my-profile')
      await running.deliver()
      expect(running.mails.length).toBeGreaterThan(0)
    } finally {
      await running.stop()
    }
  })

  test('of fifty who use one code at once, one gets in', async () => {
    const running = await start()
    try {
      const { person, key } = await addProtectedPerson(running)
      const seats = Array.from({ length: 4 }, () => new Browser(running))
      for (const seat of seats) await signIn(seat, person)
      const code = codeAt(key, running.time.now)
      const before = await running.db.selectFrom('sessions').select('id').execute()
      const tries = Array.from({ length: 50 }, (_, number) =>
        seats[number % seats.length]?.send('/sign-in/verification-code', { code }),
      )
      await Promise.all(tries)
      const after = await running.db.selectFrom('sessions').select('id').execute()
      expect(after.length - before.length).toBe(1)
    } finally {
      await running.stop()
    }
  })

  test('of fifty wrong passwords at once, five are looked at', async () => {
    const running = await start()
    try {
      const ada = await addPerson(running)
      const tries = Array.from({ length: 50 }, () =>
        new Browser(running).send('/sign-in', { email: ada.email, password: 'not the right words' }),
      )
      const statuses = (await Promise.all(tries)).map(({ status }) => status)
      expect(statuses.filter((status) => status === 422)).toHaveLength(5)
      expect(statuses.filter((status) => status === 429)).toHaveLength(45)
    } finally {
      await running.stop()
    }
  })

  test('a transaction has the limits of time that PgBouncer does not hand on, and nobody else has them', async () => {
    const running = await start()
    try {
      const limits = sql<{ name: string; setting: string }>`
        select name, setting from pg_settings
        where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') order by name`
      const inside = await running.db.transaction().execute((trx) => limits.execute(trx))
      expect(inside.rows.map(({ setting }) => setting)).toEqual(['10000', '3000', '5000'])
      expect((await limits.execute(running.db)).rows.map(({ setting }) => setting)).toEqual(['0', '0', '0'])
    } finally {
      await running.stop()
    }
  })
})
