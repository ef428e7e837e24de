import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { createHashing } from './hashing.ts'
import { checkPassword, findPasswordOwner, setPassword } from './passwords.ts'

for (const dialect of dialects) {
  describe(`passwords on ${dialect}`, () => {
    const hashing = createHashing(() => 0)
    let database: TestDatabase
    let userId: string
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      userId = await database.addUser()
    })
    afterEach(() => database.close())

    const set = async (password: string, now: number) => {
      const hash = await hashing.hashPassword(password)
      await database.db.transaction().execute((trx) => setPassword(trx, userId, hash, now))
    }
    const check = async (password: string, key = 'user1@example.org') =>
      checkPassword(hashing, await findPasswordOwner(database.db, key, 10), password)

    test('are right for their owner, and the newest alone', async () => {
      await set('the first password', 5)
      await set('the second password', 7)
      expect(await check('the first password')).toEqual({ ok: false, because: 'wrong' })
      expect(await check('the second password')).toMatchObject({
        ok: true,
        owner: { id: userId, active: true, passwordChangedAt: 7 },
      })
    })

    test('that cannot be right are told apart for the audit log', async () => {
      expect(await check('anything', 'nobody@example.org')).toEqual({ ok: false, because: 'no-such-user' })
      expect(await check('anything')).toEqual({ ok: false, because: 'no-password' })
      await set('a password', 5)
      await database.db.updateTable('users').set({ deactivated_at: 6 }).execute()
      expect(await check('another password')).toEqual({ ok: false, because: 'wrong' })
      expect(await check('a password')).toEqual({ ok: false, because: 'deactivated' })
      await database.db.updateTable('users').set({ deactivated_at: null, expires_at: 10 }).execute()
      expect(await check('a password')).toEqual({ ok: false, because: 'deactivated' })
      await database.db.updateTable('users').set({ expires_at: 11 }).execute()
      expect(await check('a password')).toMatchObject({ ok: true })
    })

    test('cost one hash each, whatever the account', async () => {
      await set('a password', 5)
      await database.addUser()
      const asked: (string | null)[] = []
      const counting: typeof hashing = {
        ...hashing,
        verifyPassword: (stored, password) => {
          asked.push(stored)
          return hashing.verifyPassword(stored, password)
        },
      }
      for (const key of ['user1@example.org', 'user2@example.org', 'nobody@example.org'])
        await checkPassword(counting, await findPasswordOwner(database.db, key, 10), 'wrong')
      expect(asked).toEqual([expect.stringMatching(/^\$argon2id/), null, null])
    })
  })
}
