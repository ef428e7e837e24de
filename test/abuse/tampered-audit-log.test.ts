// Somebody who can write to the database, and has not the key, changes what the audit log says. Whatever they do to events
// that are linked, verifying finds it.

import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLinker, linkHash, parseHead, readHead, writeHead } from '../../src/audit/chain.ts'
import { record } from '../../src/audit/record.ts'
import { type Finding, verifyChain } from '../../src/audit/verify.ts'
import { dataKey } from '../../src/secrets/data-key.ts'
import type { KeyRing } from '../../src/secrets/key-ring.ts'
import { hours, minutes } from '../../src/time.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { openKeys, strangeKeys } from '../support/keys.ts'
import { dialects } from '../support/service.ts'

const begin = Date.parse('2026-11-24T09:00:00Z')

for (const dialect of dialects) {
  describe(`the audit log on ${dialect}`, () => {
    let database: TestDatabase
    let keys: KeyRing
    let now: number
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      keys = await openKeys(database.db)
      now = begin
    })
    afterEach(() => database.close())

    async function happen(count: number) {
      for (let done = 0; done < count; done += 1) {
        now += minutes(1)
        const caller = { address: `192.0.2.${done}`, userAgent: 'Browser', requestId: 'f'.repeat(16) }
        const about = { now, caller, actor: `actor-${done}`, subject: `subject-${done}` }
        await database.db
          .transaction()
          .execute((trx) => record(trx, { name: 'sign-in.begun', details: { knownBrowser: false } }, about))
      }
    }
    const link = () => createLinker(database.db, keys).link(now)
    const verify = (expected = '') => verifyChain(database.db, keys, { expected: parseHead(expected) })
    const kinds = async (expected?: string) => (await verify(expected)).findings.map(({ kind }) => kind)
    const eventAt = async (sequence: number) => {
      const query = database.db.selectFrom('audit_links').select('event_id').where('sequence', '=', sequence)
      return (await query.executeTakeFirstOrThrow()).event_id
    }
    const head = async () => writeHead(await readHead(database.db))
    const run = (statement: ReturnType<typeof sql>) => statement.execute(database.db)

    async function tenLinked() {
      await happen(10)
      await link()
      return head()
    }

    test('that nobody touched is found as it was linked', async () => {
      const noted = await tenLinked()
      expect(await verify(noted)).toEqual({
        links: 10,
        linked: { first: now, last: now },
        head: parseHead(noted),
        pending: 0,
        found: 0,
        findings: [],
      })
      await happen(3)
      expect(await verify(noted)).toMatchObject({ links: 10, pending: 3, found: 0 })
      await link()
      expect(await verify(noted)).toMatchObject({ links: 13, pending: 0, found: 0 })
    })

    test('that is empty has nothing to find', async () => {
      expect(await verify()).toEqual({
        links: 0,
        linked: null,
        head: { sequence: 0, hash: '' },
        pending: 0,
        found: 0,
        findings: [],
      })
    })

    test.each([
      ['at', '1'],
      ['name', "'sign-out'"],
      ['actor_id', "'somebody-else'"],
      ['actor_id', 'null'],
      ['subject_id', "'somebody-else'"],
      ['subject_id', "''"],
      ['address', "'203.0.113.1'"],
      ['user_agent', "'Another'"],
      ['request_id', 'null'],
      ['details', `'{"knownBrowser":true}'`],
    ])('tells of an event whose %s becomes %s', async (column, value) => {
      await tenLinked()
      await run(sql`update audit_events set ${sql.ref(column)} = ${sql.raw(value)} where id = ${await eventAt(4)}`)
      expect((await verify()).findings).toEqual([{ kind: 'changed', sequence: 4, event: await eventAt(4) }])
    })

    test('tells of an event that got another id', async () => {
      await tenLinked()
      const id = await eventAt(4)
      await run(sql`update audit_events set id = 'another' where id = ${id}`)
      expect((await verify()).findings).toEqual([
        { kind: 'removed', sequence: 4, event: id },
        { kind: 'mark', event: 'another' },
      ])
    })

    test.each([1, 5, 10])('tells of event %i that was removed', async (sequence) => {
      const noted = await tenLinked()
      const id = await eventAt(sequence)
      await run(sql`delete from audit_events where id = ${id}`)
      expect((await verify(noted)).findings).toEqual([{ kind: 'removed', sequence, event: id }])
    })

    test.each([1, 5])('tells of event %i that was removed together with its link', async (sequence) => {
      const noted = await tenLinked()
      await run(sql`delete from audit_events where id = ${await eventAt(sequence)}`)
      await run(sql`delete from audit_links where sequence = ${sequence}`)
      expect((await verify(noted)).findings).toEqual([{ kind: 'gap', after: sequence - 1, before: sequence + 1 }])
    })

    test('tells of a gap that was closed by counting anew', async () => {
      await tenLinked()
      await run(sql`delete from audit_events where id = ${await eventAt(5)}`)
      await run(sql`delete from audit_links where sequence = 5`)
      for (let sequence = 6; sequence <= 10; sequence += 1)
        await run(sql`update audit_links set sequence = ${sequence - 1} where sequence = ${sequence}`)
      expect(await kinds()).toEqual(Array(5).fill('changed'))
    })

    test('cannot tell by itself that its end was cut off, but by a head that was noted', async () => {
      const noted = await tenLinked()
      await run(sql`delete from audit_events where id = ${await eventAt(10)}`)
      await run(sql`delete from audit_links where sequence = 10`)
      expect(await kinds()).toEqual([])
      expect(await kinds(noted)).toEqual(['head'])
    })

    test('tells that links were cut off whose events stayed', async () => {
      await tenLinked()
      const id = await eventAt(10)
      await run(sql`delete from audit_links where sequence = 10`)
      expect((await verify()).findings).toEqual([{ kind: 'mark', event: id }])
    })

    test('cannot tell by itself that it was made anew by a service that was started again, but by a head', async () => {
      const noted = await tenLinked()
      await run(sql`update audit_events set actor_id = 'somebody-else' where id = ${await eventAt(3)}`)
      await run(sql`delete from audit_links`)
      await run(sql`update audit_events set linked_at = null`)
      now += hours(1)
      await link()
      expect(await kinds()).toEqual([])
      expect(await kinds(noted)).toEqual(['head'])
    })

    test('is not made anew by the service that runs', async () => {
      const linker = createLinker(database.db, keys)
      await happen(10)
      await linker.link(now)
      await run(sql`delete from audit_links`)
      await run(sql`update audit_events set linked_at = null`)
      await expect(linker.link(now)).rejects.toThrow('no longer holds link 10')
      expect(await verify()).toMatchObject({ links: 0, pending: 10 })
    })

    test('tells of events that were swapped, and of links that were', async () => {
      await tenLinked()
      const [third, eighth] = [await eventAt(3), await eventAt(8)]
      await run(sql`update audit_events set id = 'x' where id = ${third}`)
      await run(sql`update audit_events set id = ${third} where id = ${eighth}`)
      await run(sql`update audit_events set id = ${eighth} where id = 'x'`)
      expect((await verify()).findings).toEqual([
        { kind: 'changed', sequence: 3, event: third },
        { kind: 'changed', sequence: 8, event: eighth },
      ])
    })

    test('tells of links that point at each other’s events', async () => {
      await tenLinked()
      const [third, eighth] = [await eventAt(3), await eventAt(8)]
      await run(sql`update audit_links set event_id = 'x' where sequence = 3`)
      await run(sql`update audit_links set event_id = ${third} where sequence = 8`)
      await run(sql`update audit_links set event_id = ${eighth} where sequence = 3`)
      expect(await kinds()).toEqual(['changed', 'changed'])
    })

    test('tells of a link whose own date was changed', async () => {
      await tenLinked()
      await run(sql`update audit_links set linked_at = linked_at + 1 where sequence = 7`)
      expect(await kinds()).toEqual(['changed'])
    })

    const put = (id: string, at: number, linkedAt: number | null) =>
      database.db
        .insertInto('audit_events')
        .values({ id, at, name: 'sign-in.begun', details: '{}', linked_at: linkedAt })
        .execute()

    test('tells of an event that was put in as if it were linked', async () => {
      await tenLinked()
      await put('forged', begin + minutes(3), now)
      expect((await verify()).findings).toEqual([{ kind: 'mark', event: 'forged' }])
    })

    test('tells of an event that was put in with a link of somebody who has not the key', async () => {
      await tenLinked()
      await put('forged', begin + minutes(3), now)
      const event = await database.db
        .selectFrom('audit_events')
        .selectAll()
        .where('id', '=', 'forged')
        .executeTakeFirstOrThrow()
      const { hash: previous } = await readHead(database.db)
      const wrong = dataKey(1, randomBytes(32)).derive('audit-chain')
      const hash = linkHash(wrong, { sequence: 11, previous, linkedAt: now, event })
      await database.db
        .insertInto('audit_links')
        .values({ sequence: 11, event_id: 'forged', linked_at: now, hash })
        .execute()
      expect((await verify()).findings).toEqual([{ kind: 'changed', sequence: 11, event: 'forged' }])
    })

    test('tells of events that were put in with links that stand before the first one', async () => {
      const noted = await tenLinked()
      const numbers = [-7, -1, 0]
      for (const sequence of numbers) {
        const id = `forged-${sequence}`
        const event = { id, at: begin, name: 'sign-out', details: '{}', linked_at: now }
        await database.db.insertInto('audit_events').values(event).execute()
        const forged = { sequence, event_id: id, linked_at: now, hash: 'h'.repeat(43) }
        await database.db.insertInto('audit_links').values(forged).execute()
      }
      const expected = numbers.map((sequence) => ({ kind: 'changed', sequence, event: `forged-${sequence}` }))
      expect(await verify(noted)).toMatchObject({ links: 13, head: parseHead(noted), found: 3, findings: expected })
    })

    test('tells of an event that was put in between others and linked by the service itself', async () => {
      await tenLinked()
      await happen(30)
      await link()
      await happen(2)
      await put('forged', begin + minutes(3), null)
      await link()
      expect((await verify()).findings).toEqual([{ kind: 'backdated', sequence: 41, event: 'forged' }])
    })

    test('takes no event for put in that was written late, after a pause, or on another machine', async () => {
      await tenLinked()
      // A slow transaction, and a clock that is a little behind.
      await put('late', now - minutes(5), null)
      await link()
      await happen(1)
      now += hours(30)
      await link()
      // A backlog that several processes share out.
      await happen(1200)
      now += hours(1)
      await Promise.all([link(), link().then(() => link())])
      await link()
      expect(await verify()).toMatchObject({ pending: 0, found: 0, links: 1212 })
    })

    test('tells of a mark that was taken away, and links nothing twice for it', async () => {
      await tenLinked()
      const id = await eventAt(2)
      await run(sql`update audit_events set linked_at = null where id = ${id}`)
      expect(await link()).toMatchObject({ linked: 0 })
      expect((await verify()).findings).toEqual([{ kind: 'mark', event: id }])
    })

    test('tells of everything, with another key', async () => {
      await tenLinked()
      const other = await verifyChain(database.db, strangeKeys(dataKey(1, randomBytes(32))))
      expect(other).toMatchObject({ links: 10, found: 10 })
    })

    test('tells how many faults there are, and names the first hundred', async () => {
      await happen(150)
      await link()
      await run(sql`update audit_events set name = 'sign-out'`)
      const { found, findings } = await verify()
      expect(found).toBe(150)
      expect(findings).toHaveLength(100)
      expect(findings.every((finding: Finding) => finding.kind === 'changed')).toBe(true)
    })
  })
}
