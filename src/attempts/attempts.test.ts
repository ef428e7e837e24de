import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { uncounted } from '../measures.ts'
import { hours, minutes, seconds } from '../time.ts'
import {
  type Admission,
  type Allowance,
  admit,
  forgive,
  type Limit,
  perAccount,
  perAddress,
  purgeAttempts,
} from './attempts.ts'

for (const dialect of dialects) {
  describe(`attempts on ${dialect}`, () => {
    const start = 1_700_000_000_000
    const account = { key: 'password:account:a', allowance: perAccount }
    const address = { key: 'password:address:192.0.2.1', allowance: perAddress }
    let database: TestDatabase
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
    })
    afterEach(() => database.close())
    const counting = () => ({ db: database.db, measures: uncounted })

    /** Tries as soon as it may, over and over, and writes down each wait. */
    async function waitsOf(allowance: Allowance, attempts: number): Promise<number[]> {
      let now = start
      const waits: number[] = []
      for (let count = 0; count < attempts; count += 1) {
        const admission = await admit(counting(), [{ key: 'k', allowance }], now)
        if (!admission.admitted) throw new Error(`attempt ${count} was refused`)
        const until = admission.closedUntil ?? now
        waits.push(until - now)
        if (until > now) {
          const early = await admit(counting(), [{ key: 'k', allowance }], until - 1)
          expect(early).toEqual({ admitted: false, retryAt: Math.max(until, until - 1 + seconds(1)) })
        }
        now = until
      }
      return waits
    }

    test('an account has five, and then waits that grow from half a minute to an hour', async () => {
      const grown = [seconds(30), minutes(1), minutes(2), minutes(5), minutes(10), minutes(20), minutes(40), hours(1)]
      expect(await waitsOf(perAccount, 15)).toEqual([0, 0, 0, 0, ...grown, hours(1), hours(1), hours(1)])
    })

    test('an address, which many people may share, has thirty', async () => {
      const waits = await waitsOf(perAddress, 38)
      expect(waits.slice(0, 29)).toEqual(Array(29).fill(0))
      const grown = [seconds(30), seconds(30), minutes(1), minutes(1), minutes(2), minutes(5), minutes(15)]
      expect(waits.slice(29)).toEqual([...grown, minutes(15), minutes(15)])
    })

    test('a refused attempt adds nothing, and is told when to come back', async () => {
      for (let count = 0; count < 5; count += 1) await admit(counting(), [account], start)
      for (let count = 0; count < 10; count += 1)
        expect(await admit(counting(), [account], start + seconds(1))).toEqual({
          admitted: false,
          retryAt: start + seconds(30),
        })
      const row = await database.db.selectFrom('attempts').select('failures').executeTakeFirstOrThrow()
      expect(row.failures).toBe(5)
    })

    test('two hundred at once get no further than one after another', async () => {
      const admissions = await Promise.all(Array.from({ length: 200 }, () => admit(counting(), [account], start)))
      expect(admissions.filter(({ admitted }) => admitted)).toHaveLength(5)
      expect(await admit(counting(), [account], start + seconds(30))).toMatchObject({ admitted: true })
      expect(await admit(counting(), [account], start + seconds(30))).toMatchObject({ admitted: false })
    })

    test('what one limit refuses is not counted against the next', async () => {
      for (let count = 0; count < 30; count += 1) await admit(counting(), [address], start)
      expect(await admit(counting(), [address, account], start)).toMatchObject({ admitted: false })
      const keys = await database.db.selectFrom('attempts').select('key').execute()
      expect(keys).toEqual([{ key: address.key }])
    })

    test('of several limits the one that closes longest is told', async () => {
      for (let count = 0; count < 29; count += 1) await admit(counting(), [address], start)
      for (let count = 0; count < 5; count += 1) await admit(counting(), [account], start - minutes(1))
      expect(await admit(counting(), [address, account], start)).toEqual({
        admitted: true,
        closedUntil: start + minutes(1),
      })
    })

    test('each key counts for itself', async () => {
      for (let count = 0; count < 6; count += 1) await admit(counting(), [account], start)
      expect(await admit(counting(), [{ ...account, key: 'password:account:b' }], start)).toMatchObject({
        admitted: true,
      })
    })

    test('a right guess clears the person’s own count', async () => {
      for (let count = 0; count < 5; count += 1) await admit(counting(), [account], start)
      await forgive(database.db, [account], [])
      for (let count = 0; count < 5; count += 1)
        expect(await admit(counting(), [account], start)).toMatchObject({ admitted: true })
      expect(await admit(counting(), [account], start)).toMatchObject({ admitted: false })
    })

    test('a right guess takes only itself back from a count that is shared', async () => {
      for (let count = 0; count < 29; count += 1) await admit(counting(), [address], start)
      for (let count = 0; count < 50; count += 1) {
        expect(await admit(counting(), [address], start)).toMatchObject({ admitted: true })
        await forgive(database.db, [], [address])
      }
      expect(await admit(counting(), [address], start)).toEqual({ admitted: true, closedUntil: start + seconds(30) })
      expect(await admit(counting(), [address], start)).toMatchObject({ admitted: false })
    })

    test('a shared count that is closed by others’ failures stays closed', async () => {
      let now = start
      for (let count = 0; count < 32; count += 1) {
        const admission = await admit(counting(), [address], now)
        now = admission.admitted ? (admission.closedUntil ?? now) : now
      }
      const admission = await admit(counting(), [address], now)
      await forgive(database.db, [], [address])
      expect(admission).toMatchObject({ admitted: true })
      expect(await admit(counting(), [address], now)).toMatchObject({ admitted: false })
    })

    test('counts of passwords are forgotten a day after the last attempt; those of second factors are not', async () => {
      const second = { key: 'second-factor:account:u', allowance: perAccount }
      for (const limit of [account, second]) await admit(counting(), [limit], start)
      await purgeAttempts(database.db, start + hours(24))
      expect(await database.db.selectFrom('attempts').select('key').execute()).toHaveLength(2)
      await purgeAttempts(database.db, start + hours(24) + 1)
      expect(await database.db.selectFrom('attempts').select('key').execute()).toEqual([{ key: second.key }])
    })

    /** What counts are, written down as simply as can be: for each key, how many failures, and until when it is closed. */
    class Ledger {
      readonly counts = new Map<string, { failures: number; closedUntil: number }>()

      admit(limits: readonly Limit[], now: number): Admission['admitted'] {
        for (const { key, allowance } of limits) {
          const { failures, closedUntil } = this.counts.get(key) ?? { failures: 0, closedUntil: 0 }
          if (closedUntil > now) return false
          const over = failures + 1 - allowance.free
          const wait = allowance.waits[Math.min(over, allowance.waits.length - 1)] ?? 0
          this.counts.set(key, { failures: failures + 1, closedUntil: over < 0 ? 0 : now + wait })
        }
        return true
      }

      forgive(own: readonly Limit[], shared: readonly Limit[]): void {
        for (const { key } of own) this.counts.delete(key)
        for (const { key, allowance } of shared) {
          const count = this.counts.get(key)
          if (!count || count.failures === 0) continue
          const closedUntil = count.failures <= allowance.free ? 0 : count.closedUntil
          this.counts.set(key, { failures: count.failures - 1, closedUntil })
        }
      }
    }

    test('whatever is tried and forgiven in whatever order, the counts are those of a ledger kept by hand', async () => {
      const allowances: Allowance[] = [
        { free: 1, waits: [10] },
        { free: 2, waits: [5, 20] },
        { free: 4, waits: [1, 1, 30] },
      ]
      const limit = fc
        .record({ whose: fc.nat({ max: 2 }), kind: fc.nat({ max: 2 }) })
        .map(({ whose, kind }): Limit => ({ key: `${kind}:${whose}`, allowance: allowances[kind] ?? perAccount }))
      const limits = fc.uniqueArray(limit, { minLength: 1, maxLength: 3, selector: ({ key }) => key })
      const step = fc.record({
        later: fc.nat({ max: 12 }),
        own: limits,
        shared: limits,
        what: fc.constantFrom('admit', 'admit', 'admit', 'forgive'),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          await database.db.deleteFrom('attempts').execute()
          const ledger = new Ledger()
          let now = start
          for (const { later, own, shared, what } of steps) {
            now += later
            if (what === 'forgive') {
              await forgive(database.db, own, shared)
              ledger.forgive(own, shared)
            } else {
              expect((await admit(counting(), own, now)).admitted).toBe(ledger.admit(own, now))
            }
          }
          const rows = await database.db.selectFrom('attempts').select(['key', 'failures', 'blocked_until']).execute()
          expect(new Map(rows.map((row) => [row.key, [row.failures, row.blocked_until]]))).toEqual(
            new Map([...ledger.counts].map(([key, { failures, closedUntil }]) => [key, [failures, closedUntil]])),
          )
        }),
        { numRuns: dialect === 'sqlite' ? 100 : 15 },
      )
    })
  })
}
