import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { everyTable, putRowIntoEveryTable } from '../../test/support/every-table.ts'
import { createDatabase } from '../../test/support/postgres.ts'
import { type Dialect, dialects } from '../../test/support/service.ts'
import { readTables, type TableName } from '../../test/support/tables.ts'
import { type Database, openDatabase } from '../database/database.ts'
import { migrate, newestMigration, schemaState } from '../database/migrate.ts'
import { writeBackup } from './backup.ts'
import { layoutAt } from './layout.ts'
import { openAsCurrent, restore } from './restore.ts'
import { copyTables, differences, tallyTables } from './rows.ts'

const quiet = () => {}
const now = 1_800_000_000_000

describe('the layout', () => {
  test('has every table that there is, parents before children', async () => {
    const names = (await layoutAt(newestMigration)).map(({ name }) => name)
    expect([...names].sort()).toEqual([...everyTable].sort())
    for (const [child, parent] of [
      ['sessions', 'users'],
      ['sign_ins', 'sessions'],
      ['recovery_codes', 'recovery_code_sets'],
      ['group_members', 'groups'],
    ] as const)
      expect(names.indexOf(parent)).toBeLessThan(names.indexOf(child))
  })

  test('is that of an older version where that is asked for', async () => {
    const names = (await layoutAt('001-foundation')).map(({ name }) => name)
    expect(names).toContain('users')
    expect(names).not.toContain('groups')
  })
})

for (const dialect of dialects) {
  describe(`copies of a database on ${dialect}`, { timeout: 60_000 }, () => {
    let folder: string
    let opened: Database[]
    let drops: (() => Promise<void>)[]
    beforeEach(async () => {
      ;[opened, drops] = [[], []]
      folder = await mkdtemp(join(tmpdir(), 'countersign-copying-'))
    })
    afterEach(async () => {
      for (const db of opened) await db.destroy()
      for (const drop of drops) await drop()
      await rm(folder, { recursive: true })
    })

    async function open(on: Dialect = dialect): Promise<Database> {
      const made = on === 'postgres' ? await createDatabase() : null
      if (made) drops.push(made.drop)
      const file = join(folder, `${randomBytes(4).toString('hex')}.sqlite`)
      const db = await openDatabase(made ? { postgres: made.url } : { sqliteFile: file })
      opened.push(db)
      return db
    }
    const file = () => join(folder, 'backup.sqlite')
    const backUp = (db: Database, onCopying = quiet) =>
      writeBackup(db, { file: file(), overwrite: false, clock: () => now, onCopying, onChecking: quiet })
    async function restoreInto(target: Database, clock = () => now) {
      const backup = await openAsCurrent(file(), folder, quiet)
      try {
        return await restore(backup, target, { clock, onProgress: quiet })
      } finally {
        await backup.close()
      }
    }

    test('have every row of every table, and no other', async () => {
      const db = await open()
      await migrate(db)
      await putRowIntoEveryTable(db)
      const before = await readTables(db)
      for (const [name, rows] of Object.entries(before)) expect(rows.length, name).toBeGreaterThan(0)
      const { tables } = await backUp(db)
      expect(tables.map(({ table, rows }) => [table, rows]).sort()).toEqual(
        Object.entries(before)
          .map(([name, rows]) => [name, rows.length])
          .sort(),
      )
      const backup = await openAsCurrent(file(), folder, quiet)
      expect(await readTables(backup.db)).toEqual(before)
      await backup.close()
      const target = await open()
      expect((await restoreInto(target)).tables).toEqual(tables)
    })

    test('are of one moment, whatever is written meanwhile', async () => {
      const db = await open()
      await migrate(db)
      await putRowIntoEveryTable(db)
      const before = await readTables(db)
      const other = dialect === 'sqlite' ? await openAgain(db) : db
      let written: Promise<unknown> | null = null
      await backUp(db, () => {
        written ??= other
          .insertInto('outbox')
          .values({ ...mail, id: 'later' })
          .execute()
      })
      await written
      expect(await db.selectFrom('outbox').select('id').execute()).toHaveLength(2)
      const backup = await openAsCurrent(file(), folder, quiet)
      expect(await readTables(backup.db)).toEqual(before)
      await backup.close()
    })

    test('have pages of rows in them, whatever their key', async () => {
      const db = await open()
      await migrate(db)
      await putRowIntoEveryTable(db)
      const many = Array.from({ length: 2500 }, (_, at) => at)
      await db.deleteFrom('recovery_codes').execute()
      // As PostgreSQL sorts them in most languages, and SQLite does not.
      const hashes = many.map((at) => `${at % 2 === 0 ? 'a' : 'B'}${at} é\u{1f511}`)
      const [set] = await db.selectFrom('recovery_code_sets').select('id').execute()
      for (let at = 0; at < many.length; at += 500)
        await db
          .insertInto('recovery_codes')
          .values(hashes.slice(at, at + 500).map((hash) => ({ set_id: set?.id ?? '', hash })))
          .execute()
      await backUp(db)
      const backup = await openAsCurrent(file(), folder, quiet)
      const copied = await backup.db.selectFrom('recovery_codes').select('hash').execute()
      expect(copied.map(({ hash }) => hash).sort()).toEqual([...hashes].sort())
      await backup.close()
    })

    test('of an older version are brought up to date when they are restored, and left as they were', async () => {
      const db = await open()
      await migrate(db, '001-foundation')
      await sql`insert into users (id, email, email_key, role, created_at) values ('u', 'A@b', 'a@b', 'member', 1)`.execute(
        db,
      )
      await backUp(db)
      const target = await open()
      await restoreInto(target)
      expect(await schemaState(target)).toBe('current')
      expect(await target.selectFrom('users').selectAll().execute()).toMatchObject([{ id: 'u', mfa_reset_at: null }])
      const kept = await openDatabase({ sqliteFile: file(), to: 'read' })
      expect(await schemaState(kept)).toBe('older')
      await kept.destroy()
      expect((await readdir(folder)).filter((name) => name.startsWith('restoring-'))).toEqual([])
    })

    test('go into an empty database only, and not into the past', async () => {
      const db = await open()
      await migrate(db)
      await putRowIntoEveryTable(db)
      await db.updateTable('audit_events').set({ at: now }).execute()
      await backUp(db)
      const target = await open()
      await expect(restoreInto(target, () => now - 61_000)).rejects.toThrow('Set the clock first')
      expect(await schemaState(target)).toBe('empty')
      // Made ready and never used, as a restore leaves it that was stopped.
      await migrate(target)
      await target.insertInto('attempts').values({ key: 'x', failures: 1, blocked_until: 0, last_at: 1 }).execute()
      await expect(restoreInto(target)).rejects.toThrow(
        'The database is not empty: there is something in its table attempts.',
      )
      await target.deleteFrom('attempts').execute()
      await restoreInto(target)
      await expect(restoreInto(target)).rejects.toThrow('The database is not empty')
    })

    test('change only where something may have been used since, when they are restored', async () => {
      // A new table does not compile until it says here what becomes of it.
      const becomes: Record<TableName, 'as it was' | 'empty' | 'other'> = {
        installation: 'other', // the set-up link of the first administrator hangs on it
        brand_logos: 'as it was',
        keys: 'as it was',
        users: 'as it was',
        policies: 'as it was',
        invitations: 'empty',
        one_time_links: 'empty',
        password_reset_requests: 'empty',
        groups: 'as it was',
        group_members: 'as it was',
        personal_access_tokens: 'empty',
        sessions: 'empty',
        sign_ins: 'empty',
        attempts: 'as it was',
        totp_factors: 'other', // steps are spent
        totp_enrolments: 'empty',
        recovery_code_sets: 'empty',
        recovery_codes: 'empty',
        audit_events: 'other', // the restore itself
        audit_links: 'as it was',
        outbox: 'other', // given up
        identity_providers: 'as it was',
        identities: 'as it was',
        provider_round_trips: 'empty',
        seen_assertions: 'as it was',
        leases: 'as it was', // nobody answers for it, and another process takes over
      }
      const db = await open()
      await migrate(db)
      await putRowIntoEveryTable(db)
      const before = await readTables(db)
      await backUp(db)
      const target = await open()
      await restoreInto(target)
      const after = await readTables(target)
      const found = Object.fromEntries(
        everyTable.map((name) => {
          const isSame = JSON.stringify(after[name]) === JSON.stringify(before[name])
          return [name, isSame ? 'as it was' : after[name].length === 0 ? 'empty' : 'other']
        }),
      )
      expect(found).toEqual(becomes)
      expect(after.totp_factors).toMatchObject([{ last_step: now / 30_000 + 1, failures: 2 }])
      expect(after.outbox).toMatchObject([{ sealed_link: null, sent_at: null, tries: 12 }])
    })

    test('are the same only if every value is', async () => {
      const [one, other] = [await open(), await open('sqlite')]
      for (const db of [one, other]) await migrate(db)
      const layout = await layoutAt(newestMigration)
      const seeds = layout.filter(({ hasRowsOfItsOwn }) => hasRowsOfItsOwn)
      for (const { name } of seeds) await sql`delete from ${sql.table(name)}`.execute(other)
      await putRowIntoEveryTable(one)
      const copied = await copyTables(one, other, layout, quiet)
      expect(differences(copied, await tallyTables(one, layout, quiet))).toEqual([])
      expect(differences(copied, await tallyTables(other, layout, quiet))).toEqual([])
      await other.updateTable('users').set({ last_sign_in_at: 17 }).execute()
      await other.deleteFrom('outbox').execute()
      expect(differences(copied, await tallyTables(other, layout, quiet)).sort()).toEqual(['outbox', 'users'])
    })

    async function openAgain(db: Database): Promise<Database> {
      const { rows } = await sql<{ file: string }>`select file from pragma_database_list where name = 'main'`.execute(
        db,
      )
      const again = await openDatabase({ sqliteFile: rows[0]?.file ?? '' })
      opened.push(again)
      return again
    }
  })
}

const mail = { recipient: 'x', subject: 'x', body_text: '', body_html: '', created_at: 1, next_try_at: 1, tries: 0 }
