import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { seconds } from '../time.ts'
import { createLease, type Lease, longestSilence } from './lease.ts'

for (const dialect of dialects) {
  describe(`the lease on ${dialect}`, () => {
    let database: TestDatabase
    let now: number
    let leases: Lease[]
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      now = 0
      leases = Array.from({ length: 3 }, () => createLease(database.db, 'work', () => now))
    })
    afterEach(() => database.close())

    /** Lets every process that lives look every two seconds, and tells who held the lease in the end. */
    async function letPass(duration: number, alive: readonly number[] = [0, 1, 2]): Promise<number[]> {
      let held: number[] = []
      for (const end = now + duration; now < end; now += seconds(2)) {
        held = []
        for (const process of alive) if (await leases[process]?.hold()) held.push(process)
      }
      return held
    }
    const row = () => database.db.selectFrom('leases').selectAll().executeTakeFirstOrThrow()

    test('is held by one of several that come at once', async () => {
      const held = await Promise.all(leases.map((lease) => lease.hold()))
      expect(held.filter(Boolean)).toHaveLength(1)
    })

    test('stays where it is while its holder answers', async () => {
      const [first] = await letPass(seconds(2))
      expect(first).toBeDefined()
      for (let minute = 0; minute < 5; minute += 1) expect(await letPass(seconds(60))).toEqual([first])
    })

    test('is taken over within ten seconds when its holder is dead, by one', async () => {
      await letPass(seconds(20))
      expect(await letPass(seconds(4), [1, 2])).toEqual([])
      const held = await letPass(seconds(6), [1, 2])
      expect(held).toHaveLength(1)
      expect(await letPass(seconds(60), [1, 2])).toEqual(held)
    })

    test('is lost by who was asleep for long, and is noticed to be', async () => {
      await letPass(seconds(20))
      const held = await letPass(seconds(20), [1, 2])
      expect(await letPass(seconds(20))).toEqual(held)
    })

    test('is taken by one of many that find its holder dead at the same moment', async () => {
      await leases[0]?.hold()
      for (const lease of leases.slice(1)) await lease.hold()
      const many = Array.from({ length: 8 }, () => createLease(database.db, 'work', () => now))
      for (const lease of many) await lease.hold()
      now += longestSilence
      const held = await Promise.all(many.map((lease) => lease.hold()))
      expect(held.filter(Boolean)).toHaveLength(1)
    })

    test('is free at once when its holder gives it away', async () => {
      await letPass(seconds(10))
      await leases[0]?.release()
      expect(await letPass(seconds(2), [1, 2])).toHaveLength(1)
      // Giving away what one does not have takes it from nobody.
      await leases[0]?.release()
      expect(await letPass(seconds(4), [1, 2])).toHaveLength(1)
    })

    test('costs one process alone no write', async () => {
      await leases[0]?.hold()
      const before = await row()
      await letPass(seconds(60), [0])
      expect(await row()).toEqual(before)
    })

    test('is not taken from who answers, however little of the time is seen', async () => {
      await leases[0]?.hold()
      for (let round = 0; round < 20; round += 1) {
        await leases[1]?.hold()
        now += longestSilence - 1
        expect(await leases[0]?.hold()).toBe(true)
        now += 1
        expect(await leases[1]?.hold()).toBe(false)
        expect(await leases[0]?.hold()).toBe(true)
      }
    })

    test('of one kind of work is not that of another', async () => {
      const other = createLease(database.db, 'other work', () => now)
      expect(await leases[0]?.hold()).toBe(true)
      expect(await other.hold()).toBe(true)
    })
  })
}
