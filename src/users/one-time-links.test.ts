import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import type { OneTimeLinkPurpose } from '../database/tables.ts'
import { hours, type Instant, minutes } from '../time.ts'
import { consumeLink, findLink, issueLink, linkLife, purgeLinks, voidLinks } from './one-time-links.ts'
import { createUser } from './users.ts'

const purposes: readonly OneTimeLinkPurpose[] = ['reset-password', 'change-email', 'set-up-mfa']

for (const dialect of dialects) {
  describe(`one-time links on ${dialect}`, () => {
    const start: Instant = 1_700_000_000_000
    let database: TestDatabase
    let ada: string
    let bob: string
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      const add = (email: string) =>
        database.db.transaction().execute((trx) =>
          createUser(trx, { email, name: null, role: 'member', passwordHash: null }, 'administrator', {
            now: start,
            caller: null,
            actor: null,
          }),
        )
      ada = await add('ada@example.org')
      bob = await add('bob@example.org')
    })
    afterEach(() => database.close())

    const issue = (purpose: OneTimeLinkPurpose, userId = ada, now = start) =>
      database.db.transaction().execute((trx) => issueLink(trx, { purpose, userId }, now))
    const find = (purpose: OneTimeLinkPurpose, token: string, now = start) => findLink(database.db, purpose, token, now)
    const consume = (purpose: OneTimeLinkPurpose, token: string, now = start) =>
      database.db.transaction().execute((trx) => consumeLink(trx, purpose, token, now))

    test.each(purposes)('a link to %s has 256 random bits and works once', async (purpose) => {
      const { token } = await issue(purpose)
      expect(token).toMatch(/^[\w-]{43}$/)
      expect(await find(purpose, token)).toMatchObject({ userId: ada })
      expect(await consume(purpose, token)).toMatchObject({ userId: ada })
      expect(await consume(purpose, token)).toBeNull()
      expect(await find(purpose, token)).toBeNull()
    })

    test('looking at a link consumes nothing', async () => {
      const { token } = await issue('reset-password')
      for (let look = 0; look < 5; look += 1) expect(await find('reset-password', token)).not.toBeNull()
      expect(await consume('reset-password', token)).not.toBeNull()
    })

    test('what is kept opens nothing', async () => {
      const { token } = await issue('reset-password')
      const rows = await database.db.selectFrom('one_time_links').selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(token)
      for (const value of Object.values(rows[0] ?? {})) expect(await find('reset-password', String(value))).toBeNull()
    })

    test.each(purposes)('a link to %s works for no other purpose', async (purpose) => {
      const { token } = await issue(purpose)
      for (const other of purposes.filter((it) => it !== purpose)) {
        expect(await find(other, token)).toBeNull()
        expect(await consume(other, token)).toBeNull()
      }
      expect(await consume(purpose, token)).not.toBeNull()
    })

    test.each([
      ['reset-password', 1],
      ['change-email', 1],
      ['set-up-mfa', 24],
    ] as const)('a link to %s works for %i hours', async (purpose, count) => {
      expect(linkLife[purpose]).toBe(hours(count))
      const { token, expiresAt } = await issue(purpose)
      expect(expiresAt).toBe(start + hours(count))
      expect(await find(purpose, token, expiresAt - 1)).not.toBeNull()
      expect(await find(purpose, token, expiresAt)).toBeNull()
      expect(await consume(purpose, token, expiresAt)).toBeNull()
      expect(await consume(purpose, token, expiresAt - 1)).not.toBeNull()
    })

    test('a new link voids the older of the same user and purpose, and no other', async () => {
      const older = await issue('reset-password')
      const otherPurpose = await issue('set-up-mfa')
      const otherUser = await issue('reset-password', bob)
      const newer = await issue('reset-password', ada, start + minutes(1))
      expect(await find('reset-password', older.token)).toBeNull()
      expect(await consume('reset-password', older.token)).toBeNull()
      expect(await find('set-up-mfa', otherPurpose.token)).toMatchObject({ userId: ada })
      expect(await find('reset-password', otherUser.token)).toMatchObject({ userId: bob })
      expect(await consume('reset-password', newer.token)).toMatchObject({ userId: ada })
    })

    test('after a used link, a new one works', async () => {
      await consume('reset-password', (await issue('reset-password')).token)
      expect(await consume('reset-password', (await issue('reset-password')).token)).not.toBeNull()
    })

    test('of links issued at the same moment, one works', async () => {
      const links = await Promise.all(Array.from({ length: 20 }, () => issue('reset-password')))
      const found = await Promise.all(links.map(({ token }) => find('reset-password', token)))
      expect(found.filter((link) => link !== null)).toHaveLength(1)
    })

    test('fifty uses at the same moment are one use', async () => {
      const { token } = await issue('reset-password')
      const uses = await Promise.all(Array.from({ length: 50 }, () => consume('reset-password', token)))
      expect(uses.filter((use) => use !== null)).toHaveLength(1)
    })

    test('a change of the account voids its open links, and nobody else’s', async () => {
      const own = await Promise.all(purposes.map((purpose) => issue(purpose)))
      const others = await issue('reset-password', bob)
      await database.db.transaction().execute((trx) => voidLinks(trx, ada))
      for (const [index, purpose] of purposes.entries()) expect(await find(purpose, own[index]?.token ?? '')).toBeNull()
      expect(await find('reset-password', others.token)).not.toBeNull()
    })

    test('links of one purpose can be voided alone', async () => {
      const [reset, setUp] = [await issue('reset-password'), await issue('set-up-mfa')]
      await database.db.transaction().execute((trx) => voidLinks(trx, ada, 'set-up-mfa'))
      expect(await find('set-up-mfa', setUp.token)).toBeNull()
      expect(await find('reset-password', reset.token)).not.toBeNull()
    })

    test.each(['deactivated_at', 'expires_at'] as const)(
      'nothing opens for a user whose %s has come',
      async (column) => {
        const { token } = await issue('reset-password')
        await database.db
          .updateTable('users')
          .set({ [column]: start })
          .where('id', '=', ada)
          .execute()
        expect(await find('reset-password', token)).toBeNull()
        expect(await consume('reset-password', token)).toBeNull()
      },
    )

    test('what has run out is cleared away, what works stays', async () => {
      await issue('reset-password')
      const { token } = await issue('set-up-mfa')
      await purgeLinks(database.db, start + hours(1))
      expect(await database.db.selectFrom('one_time_links').select('purpose').execute()).toEqual([
        { purpose: 'set-up-mfa' },
      ])
      expect(await find('set-up-mfa', token, start + hours(1))).not.toBeNull()
    })
  })
}
