import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { createHashing } from '../passwords/hashing.ts'
import { parseRecoveryCode } from './code.ts'
import {
  countCodes,
  lookUpCode,
  markSaved,
  type PreparedCodes,
  prepareCodes,
  removeCodes,
  replaceCodes,
  spendCode,
} from './recovery-codes.ts'

for (const dialect of dialects) {
  describe(`recovery codes on ${dialect}`, () => {
    const hashing = createHashing(() => 0)
    let database: TestDatabase
    let userId: string
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      userId = await database.addUser()
    })
    afterEach(() => database.close())

    const inTransaction: TestDatabase['db']['transaction'] = () => database.db.transaction()
    const replace = (prepared: PreparedCodes, whose = userId) =>
      inTransaction().execute((trx) => replaceCodes(trx, whose, prepared, 1000))
    const save = (id: string, whose = userId) => inTransaction().execute((trx) => markSaved(trx, whose, id, 2000))
    const lookUp = (code: string | undefined, whose = userId) =>
      lookUpCode(database.db, hashing, whose, parseRecoveryCode(code) ?? '')
    const spend = async (code: string | undefined, whose = userId) => {
      const found = await lookUp(code, whose)
      return found !== null && (await inTransaction().execute((trx) => spendCode(trx, found, 3000)))
    }

    test('are ten different ones, shown in groups, with one salt a set', async () => {
      const one = await prepareCodes(hashing)
      const other = await prepareCodes(hashing)
      expect(new Set([...one.codes, ...other.codes]).size).toBe(20)
      expect(new Set([...one.hashes, ...other.hashes]).size).toBe(20)
      expect(one.codes[0]).toMatch(/^.{4}-.{4}-.{4}-.{4}$/)
      expect(one.salt).toHaveLength(16)
      expect(one.salt.equals(other.salt)).toBe(false)
    })

    test('do not count before they are saved', async () => {
      const prepared = await prepareCodes(hashing)
      await replace(prepared)
      expect(await lookUp(prepared.codes[0])).toBeNull()
      expect(await countCodes(database.db, userId)).toEqual({ left: 10, total: 10, madeAt: 1000, savedAt: null })
      expect(await save(prepared.id)).toBe(true)
      expect(await countCodes(database.db, userId)).toEqual({ left: 10, total: 10, madeAt: 1000, savedAt: 2000 })
      expect(await spend(prepared.codes[0])).toBe(true)
    })

    test('each works once, and all ten work', async () => {
      const prepared = await prepareCodes(hashing)
      await replace(prepared)
      await save(prepared.id)
      for (const [index, code] of prepared.codes.entries()) {
        expect(await spend(code)).toBe(true)
        expect(await spend(code)).toBe(false)
        expect((await countCodes(database.db, userId))?.left).toBe(9 - index)
      }
    })

    test('of many uses of one code at once, one is the first', async () => {
      const prepared = await prepareCodes(hashing)
      await replace(prepared)
      await save(prepared.id)
      const found = await lookUp(prepared.codes[3])
      if (!found) throw new Error('not found')
      const spent = await Promise.all(
        Array.from({ length: 20 }, () => inTransaction().execute((trx) => spendCode(trx, found, 3000))),
      )
      expect(spent.filter(Boolean)).toHaveLength(1)
      expect((await countCodes(database.db, userId))?.left).toBe(9)
    })

    test('that are wrong, or somebody else’s, are not spent', async () => {
      const [mine, theirs] = [await prepareCodes(hashing), await prepareCodes(hashing)]
      const other = await database.addUser()
      await replace(mine)
      await save(mine.id)
      await replace(theirs, other)
      await save(theirs.id, other)
      expect(await spend(theirs.codes[0])).toBe(false)
      expect(await spend('0000-0000-0000-0000')).toBe(false)
      expect((await countCodes(database.db, other))?.left).toBe(10)
    })

    test('of a new set end the old ones at once, and the old set cannot be saved any more', async () => {
      const [old, fresh] = [await prepareCodes(hashing), await prepareCodes(hashing)]
      await replace(old)
      await save(old.id)
      const found = await lookUp(old.codes[0])
      await replace(fresh)
      if (!found) throw new Error('not found')
      expect(await inTransaction().execute((trx) => spendCode(trx, found, 3000))).toBe(false)
      expect(await save(old.id)).toBe(false)
      expect(await lookUp(fresh.codes[0])).toBeNull()
      expect(await save(fresh.id)).toBe(true)
      expect(await spend(old.codes[0])).toBe(false)
      expect(await spend(fresh.codes[0])).toBe(true)
    })

    test('are saved once, and by their owner only', async () => {
      const prepared = await prepareCodes(hashing)
      await replace(prepared)
      expect(await save(prepared.id, await database.addUser())).toBe(false)
      expect(await save(prepared.id)).toBe(true)
      expect(await save(prepared.id)).toBe(false)
    })

    test('leave nothing behind when they are removed', async () => {
      const prepared = await prepareCodes(hashing)
      await replace(prepared)
      await inTransaction().execute((trx) => removeCodes(trx, userId))
      expect(await countCodes(database.db, userId)).toBeNull()
      expect(await database.db.selectFrom('recovery_codes').selectAll().execute()).toEqual([])
    })

    test('do not lie readable in the database', async () => {
      const prepared = await prepareCodes(hashing)
      await replace(prepared)
      const rows = JSON.stringify(await database.db.selectFrom('recovery_codes').selectAll().execute()).toLowerCase()
      for (const code of prepared.codes) {
        expect(rows).not.toContain(code)
        expect(rows).not.toContain(code.replaceAll('-', ''))
      }
    })
  })
}
