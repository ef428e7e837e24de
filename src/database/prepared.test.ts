import { CompiledQuery } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { prepare } from './prepared.ts'

for (const dialect of dialects) {
  describe(`prepared queries on ${dialect}`, () => {
    let database: TestDatabase
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
    })
    afterEach(() => database.close())

    let built = 0
    const add = prepare((db, given: { key: string; failures: number }) => {
      built += 1
      const { key, failures } = given
      return db.insertInto('attempts').values({ key, failures, blocked_until: 0, last_at: 7 })
    })
    const find = prepare((db, given: { key: string }) =>
      db.selectFrom('attempts').select(['key', 'failures', 'last_at']).where('key', '=', given.key),
    )
    const raise = prepare((db, given: { key: string; failures: number }) =>
      db.updateTable('attempts').set({ failures: given.failures }).where('key', '=', given.key).returning('failures'),
    )
    const remove = prepare((db, given: { key: string }) => db.deleteFrom('attempts').where('key', '=', given.key))

    test('are built once and asked with other values each time', async () => {
      const before = built
      for (const [failures, key] of ['a', 'b', "c' or ''='"].entries())
        expect(await add.changed(database.db, { key, failures })).toBe(1)
      expect(built - before).toBe(1)
      expect(await find.first(database.db, { key: 'b' })).toEqual({ key: 'b', failures: 1, last_at: 7 })
      expect(await find.all(database.db, { key: "c' or ''='" })).toHaveLength(1)
      expect(await find.first(database.db, { key: 'd' })).toBeNull()
      expect(await raise.first(database.db, { key: 'a', failures: 9 })).toEqual({ failures: 9 })
      expect(await remove.changed(database.db, { key: 'd' })).toBe(0)
      expect(await remove.changed(database.db, { key: 'a' })).toBe(1)
    })

    test('belong to the transaction that asks them', async () => {
      const undone = database.db.transaction().execute(async (trx) => {
        await add.changed(trx, { key: 'a', failures: 1 })
        expect(await find.first(trx, { key: 'a' })).not.toBeNull()
        throw new Error('taken back')
      })
      await expect(undone).rejects.toThrow('taken back')
      expect(await find.first(database.db, { key: 'a' })).toBeNull()
    })

    test('are built anew for a plugin, which may change them', async () => {
      const seen: string[] = []
      const watched = database.db.withPlugin({
        transformQuery: ({ node }) => {
          seen.push(node.kind)
          return node
        },
        transformResult: async ({ result }) => result,
      })
      await add.changed(watched, { key: 'a', failures: 1 })
      await find.first(watched, { key: 'a' })
      expect(seen).toEqual(['InsertQueryNode', 'SelectQueryNode'])
    })

    test('nothing can be computed with a value that is to come', async () => {
      const late = prepare((db, given: { now: number }) =>
        db
          .selectFrom('attempts')
          .select('key')
          .where('last_at', '<', given.now - 1),
      )
      await expect(late.all(database.db, { now: 5 })).rejects.toThrow('"now" has no value yet')
    })

    test('give what the same query gives that is not prepared', async () => {
      await add.changed(database.db, { key: 'a', failures: 3 })
      const plain = await database.db.selectFrom('attempts').select(['key', 'failures', 'last_at']).execute()
      expect(await find.all(database.db, { key: 'a' })).toEqual(plain)
      const raw = CompiledQuery.raw("select key, failures, last_at from attempts where key = 'a'")
      expect((await database.db.executeQuery(raw)).rows).toEqual(plain)
    })
  })
}
