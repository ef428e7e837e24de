import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../test/support/postgres.ts'
import { dialects } from '../test/support/service.ts'
import { readConfig } from './config.ts'
import type { Database } from './database/database.ts'
import { CannotOpen, openDatabaseOf, openForCommand, openForService, proveKeyTo } from './open.ts'
import { replaceMasterKey } from './rotation/replace-master-key.ts'
import { rotate } from './rotation/rotate.ts'
import { WrongMasterKey } from './secrets/key-ring.ts'
import { masterKey, parseMasterKey } from './secrets/master-key.ts'

const now = 1_800_000_000_000
const text = () => randomBytes(32).toString('base64')

for (const dialect of dialects) {
  describe(`opening a database on ${dialect}`, { timeout: 60_000 }, () => {
    let data: string
    let postgres: TestDatabase | null
    /** The right key, as it stands in its file. */
    let right: string
    beforeEach(async () => {
      data = join(await mkdtemp(join(tmpdir(), 'countersign-open-')), 'data')
      await mkdir(data, { mode: 0o700 })
      postgres = dialect === 'postgres' ? await createDatabase() : null
      await using(async (db) => {
        await openForService(config(), db, () => now)
      })
      right = (await readFile(keyFile(), 'utf8')).trim()
      // Two data keys, one of them retired: each of them must open.
      await using(async (db) => {
        const keys = await openForService(config(), db, () => now)
        const masterKeys = async () => [keyOf(right)]
        await rotate({ db, keys, masterKeys, clock: () => now, pause: async () => {}, onProgress: () => {} })
      })
    })
    afterEach(async () => {
      await postgres?.drop()
      await rm(join(data, '..'), { recursive: true })
    })

    const keyFile = () => join(data, 'secret.key')
    const keyOf = (written: string) => masterKey(parseMasterKey(written) ?? randomBytes(1))
    const config = (more: Record<string, string> = {}) =>
      readConfig({ COUNTERSIGN_DATA: data, ...(postgres ? { DATABASE_URL: postgres.url } : {}), ...more }, '/')
    async function using<Result>(act: (db: Database) => Promise<Result>): Promise<Result> {
      const db = await openDatabaseOf(config())
      return act(db).finally(() => db.destroy())
    }
    /** Every file of the data folder, byte for byte, and every row where the database is elsewhere. */
    async function everything(): Promise<unknown[]> {
      const found: unknown[] = []
      for (const name of (await readdir(data)).sort())
        found.push(name, (await readFile(join(data, name))).toString('base64'))
      if (!postgres) return found
      return using(async (db) => {
        const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
        for (const { name } of tables.toSorted((one, other) => (one.name < other.name ? -1 : 1)))
          found.push(name, await sql`select * from ${sql.table(name)} order by 1`.execute(db).then(({ rows }) => rows))
        return found
      })
    }
    const serve = (more?: Record<string, string>) => using((db) => openForService(config(more), db, () => now + 1))

    test.each<[string, string, () => Promise<Record<string, string> | undefined>]>([
      ['another key as a setting', 'This is not the secret key', async () => ({ COUNTERSIGN_SECRET_KEY: text() })],
      ['another key in the file', 'This is not the secret key', async () => void (await writeFile(keyFile(), text()))],
      ['no key', 'The secret key is missing', () => rename(keyFile(), join(data, 'kept')).then(() => undefined)],
      [
        'a file without a key in it',
        'does not hold a secret key',
        async () => void (await writeFile(keyFile(), 'oops')),
      ],
      [
        'only a new key that was never put to use',
        'This is not the secret key',
        async () => {
          await rename(keyFile(), join(data, 'kept'))
          await writeFile(`${keyFile()}.new`, text())
          return undefined
        },
      ],
      [
        'another key, and another new one',
        'This is not the secret key',
        async () => ({ COUNTERSIGN_SECRET_KEY: text(), COUNTERSIGN_NEW_SECRET_KEY: text() }),
      ],
      [
        'a key that opens only one of the data keys',
        'This is not the secret key',
        async () => {
          const wrapped = keyOf(text()).wrap(1, randomBytes(32))
          await using((db) => db.updateTable('keys').set({ wrapped }).where('number', '=', 1).execute())
          return undefined
        },
      ],
      [
        'another key, where there is an update to be made',
        'This is not the secret key',
        async () => {
          await using((db) => sql`delete from kysely_migration`.execute(db))
          return { COUNTERSIGN_SECRET_KEY: text() }
        },
      ],
    ])('with %s is refused, and not a byte is written', async (_, says, prepare) => {
      const more = await prepare()
      const before = await everything()
      const refused = expect(serve(more)).rejects
      await refused.toThrow(CannotOpen)
      await expect(serve(more)).rejects.toThrow(says)
      await expect(openForCommand(config(more))).rejects.toThrow(says)
      await expect(openForCommand(config(more), { mayBeOlder: true })).rejects.toThrow(says)
      await expect(using((db) => proveKeyTo(config(more), db))).rejects.toThrow(CannotOpen)
      expect(await everything()).toEqual(before)
    })

    test('with the right key writes nothing either, where nothing is to be brought up to date', async () => {
      const before = await everything()
      await serve()
      await serve({ COUNTERSIGN_SECRET_KEY: right })
      await serve({ COUNTERSIGN_SECRET_KEY: text(), COUNTERSIGN_NEW_SECRET_KEY: right })
      await serve({ COUNTERSIGN_SECRET_KEY: right, COUNTERSIGN_NEW_SECRET_KEY: text() })
      expect(await everything()).toEqual(before)
    })

    test('takes the newer file while the key is being replaced, also below a process that runs', async () => {
      await using(async (db) => {
        const keys = await openForService(config(), db, () => now)
        const next = text()
        await writeFile(`${keyFile()}.new`, next, { mode: 0o600 })
        await replaceMasterKey({ db, masterKeys: async () => [keyOf(right)], clock: () => now }, keyOf(next))
        await keys.prove(db)
        await rename(`${keyFile()}.new`, keyFile())
        await keys.prove(db)
        expect(await keys.find(db, 1)).not.toBeNull()
      })
      await serve()
    })

    test('leaves a process that has lost its key with the data keys that it knows, and with no other', async () => {
      await using(async (db) => {
        const keys = await openForService(config(), db, () => now)
        await rename(keyFile(), join(data, 'kept'))
        expect((await keys.newest(db)).number).toBe(2)
        await expect(keys.prove(db)).rejects.toThrow(WrongMasterKey)
        await expect(keys.find(db, 3)).rejects.toThrow(WrongMasterKey)
      })
    })

    test.skipIf(process.getuid?.() === 0)('says that the key file cannot be read', async () => {
      await chmod(keyFile(), 0o000)
      await expect(serve()).rejects.toThrow('permission denied')
    })
  })
}
