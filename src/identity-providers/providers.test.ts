import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { keyRing } from '../secrets/key-ring.ts'
import { beginKeys } from '../secrets/key-table.ts'
import { masterKey } from '../secrets/master-key.ts'
import { type Sealer, sealerFor } from '../secrets/sealing.ts'
import { minutes } from '../time.ts'
import { findIdentity, linkIdentity, listIdentities, unlinkIdentity, useIdentity } from './identities.ts'
import { decisions, isAllowedDomain, type Provider, parseConnection } from './provider.ts'
import {
  changeProvider,
  createProvider,
  createProviders,
  deleteProvider,
  disableProvider,
  enableProvider,
  markProviderTested,
  orderProviders,
  type ProviderWording,
  readProvider,
  readProviderSecret,
  readProviders,
} from './providers.ts'
import { derivedFor, openRoundTrip, purgeRoundTrips, roundTripLife, takeRoundTrip } from './round-trips.ts'
import { purgeSeenAssertions, spendAssertion } from './seen-assertions.ts'

const settings = { issuer: 'https://id.example.org', clientId: 'countersign' }
const wording = (more: Partial<ProviderWording> = {}, name = 'Works'): ProviderWording => ({
  decisions: decisions.parse({ name }),
  connection: parseConnection('oidc', settings),
  secret: 'hush',
  ...more,
})

for (const dialect of dialects) {
  describe(`identity providers on ${dialect}`, () => {
    const now = 1_000_000
    let database: TestDatabase
    let sealer: Sealer
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      const secret = masterKey(randomBytes(32))
      await beginKeys(database.db, [secret], now)
      sealer = sealerFor(keyRing(async () => [secret]))
    })
    afterEach(() => database.close())

    const within = <Result>(act: (trx: DatabaseTransaction) => Promise<Result>) =>
      database.db.transaction().execute(act)
    const create = (more?: Partial<ProviderWording>, name?: string) =>
      within((trx) => createProvider(trx, sealer, wording(more, name), now))
    const read = async (id: string): Promise<Provider> => {
      const provider = await readProvider(database.db, id)
      if (!provider) throw new Error('There is no such provider.')
      return provider
    }
    const change = (was: Provider, more: Partial<ProviderWording>) =>
      within((trx) => changeProvider(trx, sealer, was, wording({ secret: 'keep', ...more }), now + 1))
    const test_ = async (id: string) => {
      const was = await read(id)
      return within((trx) => markProviderTested(trx, was, now + 2))
    }
    const enable = (id: string) => within((trx) => enableProvider(trx, id, now + 3))
    const version = async () =>
      (await database.db.selectFrom('installation').select('provider_version').executeTakeFirstOrThrow())
        .provider_version

    test('come to be off, untested, and as strict as can be', async () => {
      const id = await create()
      expect(await read(id)).toEqual({
        id,
        kind: 'oidc',
        name: 'Works',
        icon: null,
        position: 1,
        enabledAt: null,
        testedAt: null,
        hasSecret: true,
        createdAt: now,
        updatedAt: now,
        version: 1,
        mfa: { is: 'without' },
        allowedDomains: [],
        linking: 'in-person',
        admission: 'invited',
        defaultGroups: [],
        groupMapping: [],
        claims: { email: 'email', emailVerified: 'email_verified', name: 'name', groups: null },
        settings: {
          ...settings,
          authentication: 'client_secret_basic',
          scopes: ['openid', 'email', 'profile'],
          acrValues: [],
        },
      })
      expect(await readProviderSecret(database.db, sealer, id)).toBe('hush')
      const row = await database.db.selectFrom('identity_providers').selectAll().executeTakeFirstOrThrow()
      expect(JSON.stringify(row)).not.toContain('hush')
    })

    test('are switched on only once they were tested as they stand', async () => {
      const id = await create()
      expect(await enable(id)).toBe(false)
      const before = await read(id)
      expect(await test_(id)).toBe(true)
      expect(await enable(id)).toBe(true)
      expect(await enable(id)).toBe(false)
      expect((await read(id)).enabledAt).toBe(now + 3)
      // What was tested is not what stands there now.
      expect(await within((trx) => markProviderTested(trx, before, now))).toBe(false)
      expect(await within((trx) => disableProvider(trx, id, now + 4))).toBe(true)
      expect(await within((trx) => disableProvider(trx, id, now + 4))).toBe(false)
    })

    test('keep test and secret when only words change', async () => {
      const id = await create()
      await test_(id)
      await enable(id)
      const named = { decisions: decisions.parse({ name: 'Other', mfa: { is: 'takes-care' } }) }
      expect(await change(await read(id), named)).toEqual({ untested: false, switchedOff: false, secretGone: false })
      expect(await read(id)).toMatchObject({ name: 'Other', testedAt: now + 2, enabledAt: now + 3, hasSecret: true })
    })

    test.each([
      ['issuer', { issuer: 'https://evil.example.org' }],
      ['client', { clientId: 'other' }],
    ])('lose test, secret and switch with another %s', async (_, more) => {
      const id = await create()
      await test_(id)
      await enable(id)
      const connection = parseConnection('oidc', { ...settings, ...more })
      expect(await change(await read(id), { connection })).toEqual({
        untested: true,
        switchedOff: true,
        secretGone: true,
      })
      expect(await read(id)).toMatchObject({ testedAt: null, enabledAt: null, hasSecret: false })
      expect(await readProviderSecret(database.db, sealer, id)).toBeNull()
    })

    test('take a new secret with other endpoints, and must be tested with any new secret or setting', async () => {
      const id = await create()
      await test_(id)
      const moved = parseConnection('oidc', { ...settings, clientId: 'other' })
      await change(await read(id), { connection: moved, secret: 'new' })
      expect(await readProviderSecret(database.db, sealer, id)).toBe('new')
      await test_(id)
      await change(await read(id), { connection: moved, secret: 'newer' })
      expect((await read(id)).testedAt).toBeNull()
      await test_(id)
      const scopes = parseConnection('oidc', { ...settings, clientId: 'other', scopes: ['openid'] })
      await change(await read(id), { connection: scopes })
      expect(await read(id)).toMatchObject({ testedAt: null, hasSecret: true })
    })

    test('are changed by one of two who read the same', async () => {
      const was = await read(await create())
      await change(was, { decisions: decisions.parse({ name: 'One' }) })
      await expect(change(was, { decisions: decisions.parse({ name: 'Two' }) })).rejects.toMatchObject({
        code: 'conflict',
      })
      await within((trx) => deleteProvider(trx, was.id))
      await expect(change(was, {})).rejects.toMatchObject({ code: 'not-found' })
    })

    test('stand in the order that was chosen', async () => {
      const [a, b, c] = [await create({}, 'A'), await create({}, 'B'), await create({}, 'C')]
      const names = async () => (await readProviders(database.db)).map(({ name }) => name)
      expect(await names()).toEqual(['A', 'B', 'C'])
      await within((trx) => orderProviders(trx, [c, a]))
      expect(await names()).toEqual(['C', 'A', 'B'])
      await within((trx) => orderProviders(trx, [b, c, a]))
      expect(await names()).toEqual(['B', 'C', 'A'])
    })

    test('are kept as a copy while the version stays, and only those that are on; each change raises it', async () => {
      const providers = createProviders()
      const id = await create()
      await create({}, 'Off')
      const seen = [await version()]
      expect(await providers.now(database.db)).toEqual([])
      for (const act of [() => test_(id), () => enable(id)]) {
        await act()
        seen.push(await version())
      }
      expect((await providers.now(database.db)).map(({ name }) => name)).toEqual(['Works'])
      await database.db.updateTable('identity_providers').set({ name: 'Behind' }).where('id', '=', id).execute()
      expect((await providers.at(await version(), database.db)).map(({ name }) => name)).toEqual(['Works'])
      for (const act of [
        async () => change(await read(id), {}),
        () => within((trx) => orderProviders(trx, [id])),
        () => within((trx) => disableProvider(trx, id, now)),
        () => within((trx) => deleteProvider(trx, id)),
      ]) {
        await act()
        seen.push(await version())
        await providers.at(await version(), database.db)
      }
      expect(seen).toEqual([...new Set(seen)].sort((one, other) => one - other))
      expect(await providers.now(database.db)).toEqual([])
    })

    test('that cannot be read are as good as switched off, and harm no other', async () => {
      const [broken, fine] = [await create({}, 'Broken'), await create({}, 'Fine')]
      for (const id of [broken, fine]) {
        await test_(id)
        await enable(id)
      }
      const spoil = (assurance: string) =>
        database.db.updateTable('identity_providers').set({ assurance }).where('id', '=', broken).execute()
      for (const assurance of ['{', '{"is":"unheard-of"}', 'null']) {
        await spoil(assurance)
        const names = (await createProviders().now(database.db)).map(({ name }) => name)
        expect(names).toEqual(['Fine'])
      }
    })

    describe('identities', () => {
      const key = (more = {}) => ({ providerId: works, issuer: 'https://id.example.org', subject: 'ada', ...more })
      let works: string
      let ada: string
      beforeEach(async () => {
        works = await create()
        ada = await database.addUser()
      })
      const link = (more = {}, userId = ada) =>
        within((trx) => linkIdentity(trx, key(more), { userId, email: 'ada@example.org', now }))

      test('are found by provider, issuer and subject together, and by nothing else', async () => {
        const other = await create({}, 'Other')
        const id = await link()
        expect(await findIdentity(database.db, key())).toEqual({ id, userId: ada })
        for (const more of [
          { subject: 'Ada' },
          { subject: '' },
          { issuer: 'https://id.example.org/' },
          { providerId: other },
        ])
          expect(await findIdentity(database.db, key(more))).toBeNull()
      })

      test('belong to one user only, however many link them at once', async () => {
        const bob = await database.addUser()
        const linked = await Promise.allSettled([link(), link({}, bob), link({}, bob)])
        expect(linked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        const refused = linked.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
        expect(refused).toEqual(['conflict', 'conflict'])
      })

      test.each([[''], ['x'.repeat(256)], [null], [7], [undefined], [['ada']]])(
        'are not known by the subject %j',
        async (subject) => {
          await expect(link({ subject })).rejects.toMatchObject({ code: 'bad-request' })
        },
      )

      test('are used and unlinked by their own user only', async () => {
        const bob = await database.addUser()
        const id = await link()
        const use = (userId: string) =>
          within((trx) => useIdentity(trx, { id, userId }, { email: 'new@example.org', now: now + 9 }))
        expect(await use(bob)).toBe(false)
        expect(await use(ada)).toBe(true)
        expect(await listIdentities(database.db, ada)).toEqual([
          { ...key(), id, userId: ada, email: 'new@example.org', linkedAt: now, lastUsedAt: now + 9 },
        ])
        expect(await within((trx) => unlinkIdentity(trx, bob, id))).toBe(false)
        expect(await within((trx) => unlinkIdentity(trx, ada, id))).toBe(true)
        expect(await use(ada)).toBe(false)
      })

      test('go with their provider', async () => {
        await link()
        await within((trx) => deleteProvider(trx, works))
        expect(await listIdentities(database.db, ada)).toEqual([])
      })
    })

    describe('round trips', () => {
      const trip = { purpose: 'sign-in' as const, sessionId: null, signInId: null, request: null, returnTo: '/x' }
      let works: string
      beforeEach(async () => {
        works = await create()
      })
      const open = () => openRoundTrip(database.db, { ...trip, providerId: works, browser: 'mine' }, now)
      const take = (state: string, more: { browser?: string; providerId?: string } = {}, at = now) =>
        takeRoundTrip(database.db, { state, browser: 'mine', providerId: works, ...more }, at)

      test('come back once, whole', async () => {
        const state = await open()
        expect(await take(state)).toEqual({ ...trip, providerId: works, createdAt: now })
        expect(await take(state)).toBeNull()
      })

      test('come back to their own browser, from their own provider, in time', async () => {
        const other = await create({}, 'Other')
        const state = await open()
        expect(await take(state, { browser: 'theirs' })).toBeNull()
        expect(await take(state, { browser: '' })).toBeNull()
        expect(await take(state, { providerId: other })).toBeNull()
        expect(await take(`${state}x`)).toBeNull()
        expect(await take(state, {}, now + roundTripLife)).toBeNull()
        expect(await take(state, {}, now + roundTripLife - 1)).not.toBeNull()
      })

      test('of many answers at once, one is taken', async () => {
        const state = await open()
        const taken = await Promise.all(Array.from({ length: 10 }, () => take(state)))
        expect(taken.filter((one) => one !== null)).toHaveLength(1)
      })

      test('keep nothing by which they could be finished, and go when they have run out', async () => {
        const state = await open()
        const { verifier, nonce } = derivedFor('mine', state)
        const rows = JSON.stringify(await database.db.selectFrom('provider_round_trips').selectAll().execute())
        for (const secret of [state, verifier, nonce, '"mine"']) expect(rows).not.toContain(secret)
        expect(verifier).toMatch(/^[\w-]{43}$/)
        expect(
          new Set([verifier, nonce, derivedFor('other', state).verifier, derivedFor('mine', 'x').verifier]).size,
        ).toBe(4)
        await purgeRoundTrips(database.db, now + roundTripLife - 1)
        expect(await take(state)).not.toBeNull()
        await open()
        await purgeRoundTrips(database.db, now + roundTripLife)
        expect(await database.db.selectFrom('provider_round_trips').selectAll().execute()).toEqual([])
      })
    })

    test('what may be accepted once is accepted once, for each provider, until it has run out', async () => {
      const spend = (providerId: string, id: string) =>
        within((trx) => spendAssertion(trx, { providerId, id, expiresAt: now + minutes(5) }))
      const spent = await Promise.all(Array.from({ length: 5 }, () => spend('works', 'a')))
      expect(spent.filter(Boolean)).toHaveLength(1)
      expect(await spend('works', 'b')).toBe(true)
      expect(await spend('other', 'a')).toBe(true)
      await purgeSeenAssertions(database.db, now + minutes(5) - 1)
      expect(await spend('works', 'a')).toBe(false)
      await purgeSeenAssertions(database.db, now + minutes(5))
      expect(await spend('works', 'a')).toBe(true)
    })
  })
}

describe('what administrators enter', () => {
  test.each([
    ['user and password', 'https://a:b@id.example.org'],
    ['a fragment', 'https://id.example.org/#x'],
    ['another scheme', 'javascript:alert(1)'],
    ['no address', 'id.example.org'],
  ])('is no issuer with %s', (_, issuer) => {
    expect(() => parseConnection('oidc', { ...settings, issuer })).toThrow()
  })

  test('has no fields that nobody knows', () => {
    expect(() => parseConnection('oidc', { ...settings, clientSecret: 'x' })).toThrow()
    expect(() => decisions.parse({ name: 'X', secret: 'x' })).toThrow()
  })

  test('says which domains a provider speaks for, in whatever case', () => {
    const { allowedDomains } = decisions.parse({ name: 'X', allowedDomains: ['Example.ORG'] })
    expect(isAllowedDomain({ allowedDomains }, 'ada@example.org')).toBe(true)
    expect(isAllowedDomain({ allowedDomains }, 'ada@sub.example.org')).toBe(false)
    expect(isAllowedDomain({ allowedDomains }, 'ada@example.org@evil.org')).toBe(false)
    expect(isAllowedDomain({ allowedDomains: [] }, 'ada@anywhere.org')).toBe(true)
  })
})
