import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { openKeys } from '../../test/support/keys.ts'
import { dialects } from '../../test/support/service.ts'
import { dataKey } from '../secrets/data-key.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import { createLinker, linkHash, parseHead, readHead, writeHead } from './chain.ts'
import { record } from './record.ts'
import { verifyChain } from './verify.ts'

const key = dataKey(1, randomBytes(32))
const event = {
  id: 'e',
  at: 1,
  name: 'sign-out',
  actor_id: null,
  subject_id: 'x',
  address: null,
  user_agent: '',
  request_id: null,
  details: '{}',
  linked_at: null,
}

describe('a link', () => {
  const chainKey = key.derive('audit-chain')
  const link = { sequence: 1, previous: '', linkedAt: 5, event }

  test('vouches for its number, its date, the link before, and every column but the mark', () => {
    const hash = linkHash(chainKey, link)
    expect(hash).toMatch(/^[\w-]{43}$/)
    expect(linkHash(chainKey, { ...link, event: { ...event, linked_at: 9 } })).toBe(hash)
    const others = [
      { ...link, sequence: 2 },
      { ...link, previous: 'p' },
      { ...link, linkedAt: 6 },
      ...Object.keys(event)
        .filter((column) => column !== 'linked_at')
        .map((column) => ({ ...link, event: { ...event, [column]: column === 'at' ? 2 : 'other' } })),
    ]
    expect(new Set([hash, ...others.map((other) => linkHash(chainKey, other))]).size).toBe(others.length + 1)
  })

  test('keeps nothing and the empty text apart, and a value from its neighbour', () => {
    const hashes = [
      event,
      { ...event, actor_id: '' },
      { ...event, actor_id: 'x', subject_id: null },
      { ...event, actor_id: 'x', subject_id: '' },
      { ...event, actor_id: '","', subject_id: 'x' },
    ].map((one) => linkHash(chainKey, { ...link, event: one }))
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  test('is another one under another key', () => {
    expect(linkHash(dataKey(1, randomBytes(32)).derive('audit-chain'), link)).not.toBe(linkHash(chainKey, link))
    expect(linkHash(key.derive('columns'), link)).not.toBe(linkHash(chainKey, link))
  })
})

describe('a head', () => {
  test('is written as one word and read back', () => {
    const head = { sequence: 12, hash: 'h'.repeat(43) }
    expect(parseHead(` ${writeHead(head)}\n`)).toEqual(head)
  })

  test.each(['', '12', `0:${'h'.repeat(43)}`, `-1:${'h'.repeat(43)}`, `1:${'h'.repeat(42)}`, `1e3:${'h'.repeat(43)}`])(
    'is not read from %j',
    (text) => {
      expect(parseHead(text)).toBeNull()
    },
  )
})

for (const dialect of dialects) {
  describe(`linking on ${dialect}`, () => {
    let database: TestDatabase
    let keys: KeyRing
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      keys = await openKeys(database.db)
    })
    afterEach(() => database.close())

    const write = (at: number) =>
      database.db
        .transaction()
        .execute((trx) =>
          record(trx, { name: 'sign-out', details: {} }, { now: at, caller: null, actor: null, subject: null }),
        )
    const links = () => database.db.selectFrom('audit_links').selectAll().orderBy('sequence').execute()
    const sequences = async () => (await links()).map(({ sequence }) => sequence)

    test('takes events in the order of their dates, once each, and tells where the chain ends', async () => {
      const linker = createLinker(database.db, keys)
      expect(await linker.link(10)).toEqual({ linked: 0, head: { sequence: 0, hash: '' } })
      for (const at of [3, 1, 2]) await write(at)
      const { linked, head } = await linker.link(10)
      expect(linked).toBe(3)
      expect(head).toEqual(await readHead(database.db))
      expect(await linker.link(11)).toEqual({ linked: 0, head })
      const dates = await database.db
        .selectFrom('audit_links')
        .innerJoin('audit_events', 'audit_events.id', 'audit_links.event_id')
        .select(['audit_events.at', 'audit_events.linked_at'])
        .orderBy('sequence')
        .execute()
      expect(dates).toEqual([1, 2, 3].map((at) => ({ at, linked_at: 10 })))
    })

    test('goes on through more events than go into one transaction', async () => {
      const rows = Array.from({ length: 1203 }, (_, at) => ({ id: `e${at}`, at, name: 'sign-out', details: '{}' }))
      await database.db.insertInto('audit_events').values(rows).execute()
      expect(await createLinker(database.db, keys).link(9999)).toMatchObject({ linked: 1203 })
      expect(await sequences()).toEqual(rows.map(({ at }) => at + 1))
    })

    test('of several at once links each event once', async () => {
      for (let round = 0; round < 5; round += 1) {
        for (let at = 0; at < 20; at += 1) await write(round * 100 + at)
        const linkers = Array.from({ length: 6 }, () => createLinker(database.db, keys))
        const done = await Promise.all(linkers.map((linker) => linker.link(round * 100 + 50)))
        expect(done.reduce((sum, { linked }) => sum + linked, 0)).toBe(20)
      }
      expect(await sequences()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
      expect(await verifyChain(database.db, keys)).toMatchObject({ links: 100, pending: 0, found: 0 })
    })

    test('takes what a slow transaction commits after newer events were linked', async () => {
      await write(1000)
      const linker = createLinker(database.db, keys)
      await linker.link(1001)
      await write(5)
      expect(await linker.link(1002)).toMatchObject({ linked: 1, head: { sequence: 2 } })
      expect(await verifyChain(database.db, keys)).toMatchObject({ links: 2, pending: 0, found: 0 })
    })

    test('of an event that is rolled back leaves nothing', async () => {
      const rolledBack = database.db.transaction().execute(async (trx) => {
        await record(trx, { name: 'sign-out', details: {} }, { now: 1, caller: null, actor: null, subject: null })
        throw new Error('no')
      })
      await expect(rolledBack).rejects.toThrow('no')
      expect(await createLinker(database.db, keys).link(2)).toMatchObject({ linked: 0 })
    })
  })
}
