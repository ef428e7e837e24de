import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { createPolicies, isMfaEnforced, setMfaEnforced } from './policies.ts'
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
    const version = async () =>
      (await database.db.selectFrom('installation').select('policy_version').executeTakeFirstOrThrow()).policy_version
    const events = () => database.db.selectFrom('audit_events').select(['name', 'actor_id', 'details']).execute()

    test('a new installation requires nothing', async () => {
      expect(await isMfaEnforced(database.db)).toBe(false)
      expect(await version()).toBe(1)
    })

    test('each change raises the version and is recorded; asking for what is so already changes nothing', async () => {
      expect(await enforce(true)).toBe(true)
      expect(await isMfaEnforced(database.db)).toBe(true)
      expect(await version()).toBe(2)
      expect(await enforce(true)).toBe(false)
      expect(await version()).toBe(2)
      expect(await enforce(false)).toBe(true)
      expect(await isMfaEnforced(database.db)).toBe(false)
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
      expect(second).toEqual([{ id: 'everyone', requires: 'mfa' }])
    })

    test('another process sees a change at the next version that a request brings along', async () => {
      const [here, there] = [createPolicies(), createPolicies()]
      await here.at(1, database.db)
      await there.at(1, database.db)
      await enforce(true)
      for (const copy of [here, there])
        expect(await copy.at(await version(), database.db)).toEqual([{ id: 'everyone', requires: 'mfa' }])
      await enforce(false)
      for (const copy of [there, here])
        expect(await copy.at(await version(), database.db)).toEqual([{ id: 'everyone', requires: 'nothing' }])
    })

    test('without policies there is no decision', async () => {
      await database.db.deleteFrom('policies').execute()
      await expect(createPolicies().at(1, database.db)).rejects.toThrow('missing')
      await expect(isMfaEnforced(database.db)).rejects.toThrow()
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
