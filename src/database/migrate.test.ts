import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '../../test/support/postgres.ts'
import { dialects } from '../../test/support/service.ts'
import { type Database, type DatabaseAt, openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import * as foundation from './migrations/001-foundation.ts'

for (const dialect of dialects) {
  describe(`migrating on ${dialect}`, { timeout: 60_000 }, () => {
    let at: DatabaseAt
    let remove: () => Promise<void>
    let opened: Database[]
    beforeEach(async () => {
      opened = []
      if (dialect === 'postgres') {
        const { url, drop } = await createDatabase()
        at = { postgres: url }
        remove = drop
      } else {
        const folder = await mkdtemp(join(tmpdir(), 'countersign-migrate-'))
        at = { sqliteFile: join(folder, 'test.sqlite') }
        remove = () => rm(folder, { recursive: true })
      }
    })
    afterEach(async () => {
      for (const db of opened) await db.destroy()
      await remove()
    })

    const open = async () => {
      const db = await openDatabase(at)
      opened.push(db)
      return db
    }
    const columns = async (db: Database) =>
      (await db.introspection.getTables())
        .flatMap((table) =>
          table.columns.map((column) => `${table.name}.${column.name} ${column.dataType.toLowerCase()}`),
        )
        .sort()
    const installations = (db: Database) => db.selectFrom('installation').selectAll().execute()

    test('makes an empty database ready: one installation that requires nothing', async () => {
      const db = await open()
      await migrate(db)
      expect(await installations(db)).toMatchObject([
        { id: 1, first_administrator_at: null, policy_version: 1, help_contact: null },
      ])
      expect(await db.selectFrom('policies').select(['id', 'requires']).execute()).toEqual([
        { id: 'everyone', requires: 'nothing' },
      ])
    })

    test('a second time changes nothing', async () => {
      const db = await open()
      await migrate(db)
      const before = { installations: await installations(db), columns: await columns(db) }
      await db.updateTable('policies').set({ requires: 'mfa' }).execute()
      await migrate(db)
      await migrate(await open())
      expect({ installations: await installations(db), columns: await columns(db) }).toEqual(before)
      expect(await db.selectFrom('policies').select('requires').execute()).toEqual([{ requires: 'mfa' }])
    })

    test('several processes at once do it once', async () => {
      await Promise.all(Array.from({ length: 4 }, migrateInProcess))
      expect(await installations(await open())).toHaveLength(1)
    })

    test('goes on after a migration that was broken off halfway', async () => {
      const whole = await open()
      // What a crash may leave: the first tables, without the note that the migration has run.
      for (let statements = 1; ; statements += 7) {
        await dropEverything(whole)
        let left = statements
        const breaking = whole.withPlugin({
          transformQuery: ({ node }) => {
            left -= 1
            if (left < 0) throw new Error('the power went out')
            return node
          },
          transformResult: async ({ result }) => result,
        })
        const brokenOff = await foundation.up(breaking as never).then(
          () => false,
          () => true,
        )
        await migrate(whole)
        expect(await installations(whole)).toHaveLength(1)
        if (!brokenOff) break
      }
    })

    test('a failure says which migration it was', async () => {
      const db = await open()
      // Something else stands where a table is to be.
      await sql`create table sessions (x text)`.execute(db)
      await expect(migrate(db)).rejects.toThrow('001-foundation')
    })

    test('what belongs to a user goes with the user', async () => {
      const db = await open()
      await migrate(db)
      const user = { id: 'u', email: 'a', email_key: 'a', role: 'member', theme: 'system', created_at: 1 } as const
      await db.insertInto('users').values(user).execute()
      const set = { id: 's', user_id: 'u', salt: 'x', memory_kib: 1, passes: 1, created_at: 1 }
      await db.insertInto('recovery_code_sets').values(set).execute()
      await db.insertInto('recovery_codes').values({ set_id: 's', hash: 'h' }).execute()
      await db.deleteFrom('users').execute()
      expect(await db.selectFrom('recovery_code_sets').selectAll().execute()).toEqual([])
      expect(await db.selectFrom('recovery_codes').selectAll().execute()).toEqual([])
    })

    /** In processes, because one thread with two connections to SQLite would wait for itself. */
    async function migrateInProcess() {
      const script = `
        const { openDatabase } = await import('${import.meta.dirname}/database.ts')
        const { migrate } = await import('${import.meta.dirname}/migrate.ts')
        const db = await openDatabase(JSON.parse(process.argv[1]))
        await migrate(db)
        await db.destroy()`
      await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(at)])
    }

    async function dropEverything(db: Database) {
      const tables = (await db.introspection.getTables({ withInternalKyselyTables: true })).map(({ name }) => name)
      if (dialect === 'postgres') {
        for (const table of tables) await sql`drop table ${sql.id(table)} cascade`.execute(db)
        return
      }
      await sql`pragma foreign_keys = off`.execute(db)
      for (const table of tables) await sql`drop table ${sql.id(table)}`.execute(db)
      await sql`pragma foreign_keys = on`.execute(db)
    }
  })
}
