import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { minutes } from '../time.ts'
import {
  confirmMfaEnforced,
  createPolicies,
  isRevertDue,
  readEveryonePolicy,
  revertUnconfirmed,
  setMfaEnforced,
} from './policies.ts'
import { setHelpContact } from './settings.ts'

for (const dialect of dialects) {
  describe(`policies on ${dialect}`, () => {
    const about = { now: 1000, caller: null, actor: 'someone' }
    let database: TestDatabase
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
    })
    afterEach(() => database.close())

    const enforce = (enforced: boolean) =>
      database.db.transaction().execute((trx) => setMfaEnforced(trx, enforced, about))
    const isEnforced = async () => (await readEveryonePolicy(database.db)).requires === 'mfa'
    const version = async () =>
      (await database.db.selectFrom('installation').select('policy_version').executeTakeFirstOrThrow()).policy_version
    const events = () => database.db.selectFrom('audit_events').select(['name', 'actor_id', 'details']).execute()

    test('a new installation requires nothing', async () => {
      expect(await isEnforced()).toBe(false)
      expect(await version()).toBe(1)
    })

    test('each change raises the version and is recorded; asking for what is so already changes nothing', async () => {
      expect(await enforce(true)).toBe(true)
      expect(await isEnforced()).toBe(true)
      expect(await version()).toBe(2)
      expect(await enforce(true)).toBe(false)
      expect(await version()).toBe(2)
      expect(await enforce(false)).toBe(true)
      expect(await isEnforced()).toBe(false)
      expect(await version()).toBe(3)
      const details = (await events()).map((event) => ({ ...event, details: JSON.parse(event.details) }))
      const changed = { name: 'policy.changed', actor_id: 'someone' }
      expect(details).toEqual([
        { ...changed, details: { policy: 'everyone', from: 'nothing', to: 'mfa' } },
        { ...changed, details: { policy: 'everyone', from: 'mfa', to: 'nothing' } },
      ])
    })

    test('of two administrators who switch at once, one changes it', async () => {
      const changed = await Promise.all([enforce(true), enforce(true), enforce(true)])
      expect(changed.filter(Boolean)).toHaveLength(1)
      expect(await version()).toBe(2)
    })

    test('the copy is kept while the version stays, and read anew as soon as it does not', async () => {
      const policies = createPolicies()
      const first = await policies.at(1, database.db)
      expect(await policies.at(1, database.db)).toBe(first)
      await enforce(true)
      const second = await policies.at(await version(), database.db)
      expect(second).toMatchObject([{ id: 'everyone', requires: 'mfa' }])
    })

    test('another process sees a change at the next version that a request brings along', async () => {
      const [here, there] = [createPolicies(), createPolicies()]
      await here.at(1, database.db)
      await there.at(1, database.db)
      await enforce(true)
      for (const copy of [here, there])
        expect(await copy.at(await version(), database.db)).toMatchObject([{ id: 'everyone', requires: 'mfa' }])
      await enforce(false)
      for (const copy of [there, here])
        expect(await copy.at(await version(), database.db)).toMatchObject([{ id: 'everyone', requires: 'nothing' }])
    })

    describe('that must be confirmed', () => {
      const deadline = about.now + minutes(15)
      const inOne = <T>(act: (trx: DatabaseTransaction) => Promise<T>) => database.db.transaction().execute(act)
      const at = (now: number) => ({ ...about, now })
      const switchOn = () => inOne((trx) => setMfaEnforced(trx, true, about, deadline))
      const confirm = (now: number, signedInAt = now) => inOne((trx) => confirmMfaEnforced(trx, signedInAt, at(now)))
      const revert = (now: number) => inOne((trx) => revertUnconfirmed(trx, now))
      const names = async () => (await events()).map(({ name }) => name)

      test('can be confirmed until the deadline and not at it', async () => {
        await switchOn()
        expect(await confirm(deadline)).toBe(false)
        expect(await confirm(deadline - 1)).toBe(true)
        expect(await readEveryonePolicy(database.db)).toMatchObject({ requires: 'mfa', since: 1000, confirmBy: null })
        expect(await names()).toEqual(['policy.changed', 'policy.confirmed'])
      })

      test('is not confirmed by a sign-in that is as old as the switch', async () => {
        await switchOn()
        expect(await confirm(about.now + 60_000, about.now)).toBe(false)
        expect(await confirm(about.now + 60_000, about.now + 1)).toBe(true)
      })

      test('is reverted at the deadline and not before, with who had switched it', async () => {
        await switchOn()
        expect(await isRevertDue(database.db, deadline - 1)).toBe(false)
        expect(await revert(deadline - 1)).toBeNull()
        expect(await isRevertDue(database.db, deadline)).toBe(true)
        expect(await revert(deadline)).toEqual({ switchedOnBy: 'someone' })
        expect(await readEveryonePolicy(database.db)).toMatchObject({ requires: 'nothing', revertedAt: deadline })
        expect(await isRevertDue(database.db, deadline)).toBe(false)
        expect(await names()).toEqual(['policy.changed', 'policy.reverted'])
        expect(await version()).toBe(3)
      })

      test('is confirmed or reverted once, however many try at once', async () => {
        await switchOn()
        const confirmed = await Promise.all(Array.from({ length: 50 }, () => confirm(deadline - 1)))
        expect(confirmed.filter(Boolean)).toHaveLength(1)
        expect(await revert(deadline)).toBeNull()
        await enforce(false)
        await switchOn()
        const reverted = await Promise.all(Array.from({ length: 50 }, () => revert(deadline + 1)))
        expect(reverted.filter(Boolean)).toHaveLength(1)
        expect(await confirm(deadline - 1)).toBe(false)
      })

      test('starts anew when it is switched off and on again, and the old sign-in no longer confirms it', async () => {
        await switchOn()
        const signedInAt = about.now + 1000
        await inOne((trx) => setMfaEnforced(trx, false, at(about.now + 2000)))
        expect(await confirm(about.now + 3000, signedInAt)).toBe(false)
        await inOne((trx) => setMfaEnforced(trx, true, at(about.now + 4000), about.now + 4000 + minutes(15)))
        expect(await confirm(about.now + 5000, signedInAt)).toBe(false)
        expect(await revert(deadline)).toBeNull()
        expect(await confirm(deadline, about.now + 4001)).toBe(true)
      })
    })

    test('without policies there is no decision', async () => {
      await database.db.deleteFrom('policies').execute()
      await expect(createPolicies().at(1, database.db)).rejects.toThrow('missing')
      await expect(readEveryonePolicy(database.db)).rejects.toThrow()
    })

    test('the help contact is recorded when it changes, and only then', async () => {
      const set = (contact: string | null) =>
        database.db.transaction().execute((trx) => setHelpContact(trx, contact, about))
      expect(await set(null)).toBe(false)
      expect(await set('help@example.org')).toBe(true)
      expect(await set('help@example.org')).toBe(false)
      expect(await set('desk@example.org')).toBe(true)
      expect(await set(null)).toBe(true)
      expect(await set(null)).toBe(false)
      expect((await events()).map(({ name }) => name)).toEqual(Array(3).fill('settings.changed'))
    })
  })
}
