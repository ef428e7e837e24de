import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { seconds } from '../time.ts'
import { type KeyRing, keyRing, openKeyRows, WrongMasterKey } from './key-ring.ts'
import { beginKeys, insertKey, readKeyRows, retireKeysBefore, setWrapped } from './key-table.ts'
import { type MasterKey, masterKey } from './master-key.ts'
import { seal, sealCheck, sealerFor } from './sealing.ts'

const secret = Buffer.from('a secret of twenty b')

for (const dialect of dialects) {
  describe(`the data keys on ${dialect}`, () => {
    let database: TestDatabase
    let master: MasterKey
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      master = masterKey(randomBytes(32))
    })
    afterEach(() => database.close())

    const rows = () => database.db.selectFrom('keys').selectAll().orderBy('number').execute()
    const ringOf = (...masters: MasterKey[]) => keyRing(async () => masters)
    const begin = (...masters: MasterKey[]) => beginKeys(database.db, masters, 1)
    const opens = (...masters: MasterKey[]) =>
      openKeyRows(database.db, async () => masters).then(
        () => true,
        (error: unknown) => {
          if (error instanceof WrongMasterKey) return false
          throw error
        },
      )
    const add = (number: number) => database.db.transaction().execute((trx) => insertKey(trx, master, number, 2))
    const retireBefore = (number: number) =>
      database.db.transaction().execute((trx) => retireKeysBefore(trx, number, 3))
    const sealWith = (ring: KeyRing, boundTo = 'x') =>
      database.db.transaction().execute((trx) => sealerFor(ring).seal(trx, secret, boundTo))

    test('begin with one that is not the master key, and stay as they are at the next start', async () => {
      await begin(master)
      const before = await rows()
      expect(before).toMatchObject([{ number: 1, created_at: 1, retired_at: null }])
      await begin(master)
      expect(await rows()).toEqual(before)
      const key = await ringOf(master).newest(database.db)
      expect(key.derive('columns')).not.toEqual(master.first.derive('columns'))
      expect(await opens(master)).toBe(true)
    })

    test('open with no other master key, which changes nothing', async () => {
      await begin(master)
      const before = await rows()
      const other = masterKey(randomBytes(32))
      await begin(other)
      expect(await opens(other)).toBe(false)
      expect(await opens()).toBe(false)
      expect(await rows()).toEqual(before)
      expect(await opens(other, master)).toBe(true)
    })

    test('of two that start at once with different master keys, one is right', async () => {
      const other = masterKey(randomBytes(32))
      await Promise.all([begin(master), begin(other)])
      expect([await opens(master), await opens(other)].filter(Boolean)).toHaveLength(1)
      expect(await rows()).toHaveLength(1)
    })

    test('of a database that was never migrated are none', async () => {
      await database.db.schema.dropTable('keys').execute()
      expect(await readKeyRows(database.db)).toEqual([])
    })

    describe('of an installation from before there were several', () => {
      /** As version 0.1.0 left it: the master key sealed everything itself. */
      beforeEach(async () => {
        const row = { number: 1, sealed_check: sealCheck(master.first), created_at: 0 }
        await database.db.insertInto('keys').values(row).execute()
      })

      test('are the master key itself, wrapped at the first start, and what it sealed opens before and after', async () => {
        const sealed = seal(master.first, secret, 'totp:u:f')
        const opened = () => sealerFor(ringOf(master)).open(database.db, sealed, 'totp:u:f')
        expect(await opened()).toEqual(secret)
        await begin(master)
        const [row] = await rows()
        expect(row?.wrapped).not.toBeNull()
        expect(await opened()).toEqual(secret)
        await begin(master)
        expect(await rows()).toEqual([row])
      })

      test('are left as they are by another master key', async () => {
        const before = await rows()
        const other = masterKey(randomBytes(32))
        expect(await opens(other)).toBe(false)
        await begin(other)
        expect(await rows()).toEqual(before)
        expect(await opens(master)).toBe(true)
      })

      test('can be read where the table has not got its new columns yet', async () => {
        for (const column of ['wrapped', 'retired_at'] as const)
          await database.db.schema.alterTable('keys').dropColumn(column).execute()
        expect(await opens(master)).toBe(true)
        expect(await opens(masterKey(randomBytes(32)))).toBe(false)
      })
    })

    test('are found as they come, without a restart, and the newest seals at once', async () => {
      await begin(master)
      const ring = ringOf(master)
      const before = await sealWith(ring)
      await add(2)
      expect(before).toMatch(/^1\./)
      expect(await sealWith(ring)).toMatch(/^2\./)
      const other = ringOf(master)
      const after = await sealWith(other)
      await add(3)
      for (const sealed of [before, after, await sealWith(other)])
        expect(await sealerFor(ring).open(database.db, sealed, 'x')).toEqual(secret)
    })

    test('that are retired seal no more, and still open', async () => {
      await begin(master)
      const ring = ringOf(master)
      const before = await sealWith(ring)
      await add(2)
      expect(await retireBefore(2)).toEqual([1])
      expect(await retireBefore(2)).toEqual([])
      expect(await sealWith(ring)).toMatch(/^2\./)
      for (const one of [ring, ringOf(master)])
        expect(await sealerFor(one).open(database.db, before, 'x')).toEqual(secret)
    })

    test('are wrapped anew only as they were read', async () => {
      await begin(master)
      const [row] = await rows()
      const wrapAnew = (from: string | null) =>
        database.db.transaction().execute((trx) => setWrapped(trx, { number: 1, from, to: 'other' }))
      for (const from of [null, 'x']) await expect(wrapAnew(from)).rejects.toThrow('somebody else')
      expect(await rows()).toEqual([row])
      await wrapAnew(row?.wrapped ?? null)
      expect(await rows()).toMatchObject([{ wrapped: 'other' }])
    })

    test('open also where the master key is replaced just while they are read', async () => {
      await begin(master)
      const [row] = await rows()
      const next = masterKey(randomBytes(32))
      const bytes = master.unwrap(1, row?.wrapped ?? '') ?? randomBytes(1)
      const key = await ringOf(master).newest(database.db)
      // The rows have been read, and the master key has not.
      const ring = keyRing(async () => {
        await database.db
          .updateTable('keys')
          .set({ wrapped: next.wrap(1, bytes) })
          .execute()
        return [next]
      })
      expect((await ring.newest(database.db)).derive('columns')).toEqual(key.derive('columns'))
    })

    test('that are in use are known to a few seconds', async () => {
      await begin(master)
      const ring = ringOf(master)
      const numbers = async (now: number) => (await ring.inUse(database.db, now)).map(({ number }) => number)
      expect(await numbers(0)).toEqual([1])
      await add(2)
      expect(await numbers(seconds(5))).toEqual([1])
      expect(await numbers(seconds(5) + 1)).toEqual([2, 1])
      await retireBefore(2)
      expect(await numbers(seconds(10))).toEqual([2, 1])
      // A clock that was set back does not make what is known last longer.
      expect(await numbers(0)).toEqual([2])
    })

    test('of which there is none by that number open nothing', async () => {
      await begin(master)
      const ring = ringOf(master)
      expect(await ring.find(database.db, 2)).toBeNull()
      for (const sealed of ['2.AAAA.AAAA.AAAA', '', 'x'])
        await expect(sealerFor(ring).open(database.db, sealed, 'x')).rejects.toThrow('names no key')
    })

    test('stay with a process whose master key was replaced, until one comes that it cannot open', async () => {
      await begin(master)
      const ring = ringOf(master)
      const sealed = await sealWith(ring)
      await ring.prove(database.db)
      const next = masterKey(randomBytes(32))
      await database.db
        .updateTable('keys')
        .set({ wrapped: next.wrap(1, randomBytes(32)) })
        .execute()
      await expect(ring.prove(database.db)).rejects.toThrow(WrongMasterKey)
      expect(await ring.inUse(database.db, 0)).toHaveLength(1)
      expect(await sealerFor(ring).open(database.db, sealed, 'x')).toEqual(secret)
      expect(await sealWith(ring)).toMatch(/^1\./)
      await database.db.transaction().execute((trx) => insertKey(trx, next, 2, 2))
      await expect(sealWith(ring)).rejects.toThrow(WrongMasterKey)
      expect(await sealerFor(ring).open(database.db, sealed, 'x')).toEqual(secret)
    })
  })
}
