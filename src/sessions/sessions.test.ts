import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { readSession } from '../sign-in/account.ts'
import { hours, minutes } from '../time.ts'
import type { Proof } from './proofs.ts'
import {
  beginSession,
  endOtherSessions,
  endSession,
  purgeSessions,
  strengthenSession,
  touchSession,
} from './sessions.ts'

for (const dialect of dialects) {
  describe(`sessions on ${dialect}`, () => {
    const now = 1_000_000_000
    const limits = { idle: hours(1), overall: hours(24) }
    const password: Proof = { by: 'password', at: now }
    let database: TestDatabase
    let userId: string
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      userId = await database.addUser()
    })
    afterEach(() => database.close())

    const begin = (more: { userId?: string; userAgent?: string } = {}) => {
      const caller = { address: '192.0.2.1', userAgent: more.userAgent ?? 'Browser', requestId: 'r' }
      const explanation = { asked: 'nothing-more', because: 'not-required' } as const
      const session = {
        userId: more.userId ?? userId,
        proofs: [password],
        explanation,
        cameBy: null,
        limits,
        caller,
        now,
      }
      return database.db.transaction().execute((trx) => beginSession(trx, session))
    }
    const find = (token: string, at = now, within = limits) =>
      readSession(database.db, token, { limits: within, now: at })
    const touch = (id: string, lastSeenAt: number, at: number) => touchSession(database.db, { id, lastSeenAt }, at)
    const seen = async (token: string) => (await find(token))?.session.lastSeenAt

    test('are found by their token, which the database does not hold', async () => {
      const session = await begin()
      expect(session.token).toMatch(/^[\w-]{43}$/)
      expect(session.expiresAt).toBe(now + hours(24))
      expect((await find(session.token))?.session).toEqual({
        id: session.id,
        userId,
        proofs: [password],
        createdAt: now,
        lastSeenAt: now,
        expiresAt: now + hours(24),
      })
      expect(await find(session.id)).toBeNull()
      expect(await find('')).toBeNull()
      const rows = JSON.stringify(await database.db.selectFrom('sessions').selectAll().execute())
      expect(rows).not.toContain(session.token)
    })

    test('end an hour after they were last used', async () => {
      const { token } = await begin()
      expect(await find(token, now + hours(1) - 1)).not.toBeNull()
      expect(await find(token, now + hours(1))).toBeNull()
    })

    test('end a day after they began, used or not', async () => {
      const { id, token } = await begin()
      await touch(id, now, now + hours(24) - 1)
      expect(await find(token, now + hours(24) - 1)).not.toBeNull()
      await touch(id, now, now + hours(24))
      expect(await find(token, now + hours(24))).toBeNull()
    })

    test('that are older than a limit which has been shortened end with it', async () => {
      const { id, token } = await begin()
      await touch(id, now, now + hours(2))
      const shorter = { idle: hours(1), overall: hours(2) }
      expect(await find(token, now + hours(2))).not.toBeNull()
      expect(await find(token, now + hours(2), shorter)).toBeNull()
    })

    test('that are older than a limit which has been lengthened keep their own', async () => {
      const { id, token } = await begin()
      const longer = { idle: hours(1), overall: hours(48) }
      await touch(id, now, now + hours(24) - 1)
      expect(await find(token, now + hours(24) - 1, longer)).not.toBeNull()
      expect(await find(token, now + hours(24), longer)).toBeNull()
    })

    test('note that they are used at most once a minute, and never backwards', async () => {
      const { id, token } = await begin()
      await touch(id, now, now + minutes(1) - 1)
      expect(await seen(token)).toBe(now)
      await touch(id, now, now + minutes(1))
      expect(await seen(token)).toBe(now + minutes(1))
      await touch(id, now - minutes(10), now + 5)
      expect(await seen(token)).toBe(now + minutes(1))
    })

    test('get a new token with new proofs: the old one is dead, id and end stay', async () => {
      const before = await begin()
      const proofs: Proof[] = [password, { by: 'totp', at: now + 5, factor: 'mine' }]
      const strengthen = (at: number) =>
        database.db
          .transaction()
          .execute((trx) => strengthenSession(trx, { id: before.id, proofs, cameBy: null, limits, now: at }))
      const after = await strengthen(now + 5)
      expect(after).toMatchObject({ id: before.id, expiresAt: before.expiresAt })
      expect(await find(before.token)).toBeNull()
      expect((await find(after?.token ?? ''))?.session).toMatchObject({ proofs, lastSeenAt: now + 5 })
      expect(await strengthen(now + 5 + hours(1))).toBeNull()
      await touch(before.id, now + 5, now + hours(24) - 1)
      expect(await strengthen(now + hours(24))).toBeNull()
      await endSession(database.db, before.id)
      expect(await strengthen(now + 6)).toBeNull()
    })

    test('end one by one', async () => {
      const [one, other] = [await begin(), await begin()]
      expect(await endSession(database.db, one.id)).toBe(true)
      expect(await endSession(database.db, one.id)).toBe(false)
      expect(await find(one.token)).toBeNull()
      expect(await find(other.token)).not.toBeNull()
    })

    test('end all but one, of this user only', async () => {
      const [keep, ...others] = [await begin(), await begin(), await begin()]
      const stranger = await begin({ userId: await database.addUser() })
      const endOthers = (id: string | null) =>
        database.db.transaction().execute((trx) => endOtherSessions(trx, userId, id))
      expect(await endOthers(keep?.id ?? null)).toBe(2)
      for (const { token } of others) expect(await find(token)).toBeNull()
      expect(await find(keep?.token ?? '')).not.toBeNull()
      expect(await endOthers(null)).toBe(1)
      expect(await find(keep?.token ?? '')).toBeNull()
      expect(await find(stranger.token)).not.toBeNull()
    })

    test('that have ended by themselves are deleted, and no others', async () => {
      const { id } = await begin()
      const idle = await begin()
      await touch(id, now, now + minutes(30))
      await purgeSessions(database.db, limits, now + hours(1))
      const left = await database.db.selectFrom('sessions').select('id').execute()
      expect(left).toEqual([{ id }])
      expect(idle.id).not.toBe(id)
      await touch(id, now, now + hours(24) - 5)
      await purgeSessions(database.db, limits, now + hours(24))
      expect(await database.db.selectFrom('sessions').select('id').execute()).toEqual([])
    })

    test('keep no more of a browser’s name than 300 characters', async () => {
      await begin({ userAgent: 'x'.repeat(5000) })
      const { user_agent } = await database.db.selectFrom('sessions').select('user_agent').executeTakeFirstOrThrow()
      expect(user_agent).toHaveLength(300)
    })

    test('go with their user', async () => {
      const { token } = await begin()
      await database.db.deleteFrom('users').where('id', '=', userId).execute()
      expect(await find(token)).toBeNull()
      expect(await database.db.selectFrom('sessions').selectAll().execute()).toEqual([])
    })

    test('whatever happens to one in whatever order, it is open exactly while it was used of late, is not too old, and was not ended', async () => {
      const step = fc.record({
        later: fc.nat({ max: 45 }).map(minutes),
        what: fc.constantFrom('use', 'use', 'use', 'use', 'strengthen', 'purge', 'end', 'look'),
      })
      const short = { idle: hours(1), overall: hours(5) }
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          await database.db.deleteFrom('sessions').execute()
          const begun = await begin()
          let token = begun.token
          let at = now
          let usedAt = now
          let ended = false
          for (const { later, what } of steps) {
            at += later
            const isOpen = !ended && at - usedAt < short.idle && at - now < short.overall
            const found = await find(token, at, short)
            expect(found !== null).toBe(isOpen)
            if (what === 'use' && found) {
              await touch(begun.id, found.session.lastSeenAt, at)
              // Uses within a minute of one another are noted once.
              if (at - usedAt >= minutes(1)) usedAt = at
            }
            if (what === 'strengthen' && isOpen) {
              const stronger = await database.db
                .transaction()
                .execute((trx) =>
                  strengthenSession(trx, { id: begun.id, proofs: [password], cameBy: null, limits: short, now: at }),
                )
              expect(await find(token, at, short)).toBeNull()
              token = stronger?.token ?? ''
              usedAt = at
            }
            if (what === 'purge') await purgeSessions(database.db, short, at)
            if (what === 'end') {
              const wasThere = await endSession(database.db, begun.id)
              if (isOpen) expect(wasThere).toBe(true)
              ended = true
            }
          }
        }),
        { numRuns: dialect === 'sqlite' ? 100 : 15 },
      )
    })
  })
}
