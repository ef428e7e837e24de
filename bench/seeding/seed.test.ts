import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, type DatabaseAt, openDatabase } from '../../src/database/database.ts'
import { schemaState } from '../../src/database/migrate.ts'
import { keyRing } from '../../src/secrets/key-ring.ts'
import { masterKey } from '../../src/secrets/master-key.ts'
import { sealerFor } from '../../src/secrets/sealing.ts'
import { readSession } from '../../src/sign-in/account.ts'
import { nextStep } from '../../src/sign-in/next-step.ts'
import { hours } from '../../src/time.ts'
import { countAgainstAuthenticators, matchAuthenticator } from '../../src/totp/authenticators.ts'
import { countUsers } from '../../src/users/user-counts.ts'
import { everyUser, listUsers } from '../../src/users/user-list.ts'
import { createDatabase } from '../../test/support/postgres.ts'
import { dialects } from '../../test/support/service.ts'
import { addressOf, codeOf, emailOf, idOf, scattered, secretKey, sessionTokenOf } from './people.ts'
import { codesEach } from './rows.ts'
import { refresh, seed } from './seed.ts'

const now = Date.UTC(2026, 10, 24)
const users = 25

for (const dialect of dialects) {
  describe(`seeding ${dialect}`, () => {
    let at: DatabaseAt
    let db: Database
    let remove: () => Promise<void>
    beforeEach(async () => {
      if (dialect === 'postgres') {
        const { url, drop } = await createDatabase()
        at = { postgres: url }
        remove = drop
      } else {
        const folder = await mkdtemp(join(tmpdir(), 'countersign-seed-'))
        at = { sqliteFile: join(folder, 'test.sqlite') }
        remove = () => rm(folder, { recursive: true })
      }
      await seed(at, users, { now, onProgress: () => {} })
      db = await openDatabase(at)
    })
    afterEach(async () => {
      await db.destroy()
      await remove()
    })

    test('makes people with MFA on, one of them an administrator', async () => {
      expect(await schemaState(db)).toBe('current')
      expect(await countUsers(db)).toEqual({ total: users, withMfa: users })
      const list = await listUsers(db, { filter: everyUser, after: null, now })
      expect(list.users.map(({ email }) => email)).toEqual(Array.from({ length: users }, (_, n) => emailOf(n)))
      expect(list.users.map(({ role }) => role).filter((role) => role === 'administrator')).toHaveLength(1)
      expect(new Set(list.users.map(({ codesLeft }) => codesLeft))).toEqual(new Set([codesEach]))
    })

    test('makes sessions that owe nothing', async () => {
      const limits = { idle: hours(1), overall: hours(24) }
      const found = await readSession(db, sessionTokenOf(4), { limits, now: now + 1 })
      if (!found) throw new Error('There is no session.')
      const { account, session } = found
      const requirement = { level: 'mfa' as const, because: null, since: null, freshSince: now - 1 }
      expect(account.user.id).toBe(idOf('user', 4))
      expect(nextStep({ ...account, providers: [], proofs: session.proofs, requirement })).toEqual({ at: 'done' })
    })

    test('makes authenticators that show what the driver types, again after a refreshing', async () => {
      const sealer = sealerFor(keyRing(async () => [masterKey(secretKey)]))
      const userId = idOf('user', 7)
      const guessed = await db.transaction().execute((trx) => countAgainstAuthenticators(trx, userId))
      expect(await matchAuthenticator(db, sealer, { userId, guessed, code: codeOf(7, now) }, now)).toMatchObject({
        ok: true,
        factor: idOf('factor', 7),
      })
      await db.updateTable('totp_factors').set({ last_step: 5 }).execute()
      await refresh(at, now)
      const left = await db.selectFrom('totp_factors').select('id').where('last_step', '>', 0).execute()
      expect(left).toEqual([])
    })

    test('leaves an audit log whose every event has its link', async () => {
      const events = await db
        .selectFrom('audit_events')
        .leftJoin('audit_links', 'audit_links.event_id', 'audit_events.id')
        .select(['audit_events.linked_at', 'audit_links.sequence'])
        .execute()
      expect(events).toHaveLength(2 * users)
      expect(events.filter((event) => event.linked_at === null || event.sequence === null)).toEqual([])
    })
  })
}

test.each([1, 2, 7, 100, 1_000, 4_096])(
  'of %i people everybody comes once, and neighbours do not come together',
  (n) => {
    const order = Array.from({ length: n }, (_, turn) => scattered(n)(turn))
    expect(new Set(order).size).toBe(n)
    if (n >= 100) expect(order.filter((person, turn) => Math.abs(person - (order[turn - 1] ?? -9)) === 1)).toEqual([])
  },
)

test('everybody has an address of their own', () => {
  expect(new Set(Array.from({ length: 70_000 }, (_, n) => addressOf(n))).size).toBe(70_000)
})
