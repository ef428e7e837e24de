// The rotation of keys while people sign in: everything that was sealed can be read at every moment, whoever is broken off
// goes on, and afterwards nothing is left under the older key.

import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { linkHash, readHead } from '../../src/audit/chain.ts'
import { verifyChain } from '../../src/audit/verify.ts'
import { lockAlone } from '../../src/database/locks.ts'
import { linkIdentity } from '../../src/identity-providers/identities.ts'
import { decisions, parseConnection } from '../../src/identity-providers/provider.ts'
import { createProvider, readProviderSecret } from '../../src/identity-providers/providers.ts'
import { replaceMasterKey } from '../../src/rotation/replace-master-key.ts'
import { type Rotated, type RotationParts, rotate } from '../../src/rotation/rotate.ts'
import { sealedColumns } from '../../src/rotation/sealed-columns.ts'
import { keyRing, WrongMasterKey } from '../../src/secrets/key-ring.ts'
import { insertKey } from '../../src/secrets/key-table.ts'
import { type MasterKey, masterKey } from '../../src/secrets/master-key.ts'
import type { SealedValue } from '../../src/secrets/sealed-column.ts'
import { numberOf, seal } from '../../src/secrets/sealing.ts'
import { idTokenBinding } from '../../src/sessions/sealed-id-tokens.ts'
import { seconds } from '../../src/time.ts'
import { eventsOf, isIn } from '../support/attack.ts'
import { Browser, codeAt, inputs } from '../support/browser.ts'
import { addPerson, addProtectedPerson, keyOn, signIn, signInFully } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

/** What is sealed looks like this, whatever column it is in. */
const sealedForm = /^([1-9][0-9]*)\.[\w-]{16}\.[\w-]*\.[\w-]{22}$/

/** The process was killed here. */
class Killed extends Error {}

for (const dialect of dialects) {
  describe(`a rotation on ${dialect}`, () => {
    const secret = randomBytes(32)
    let running: TestService
    let master: MasterKey
    let isMailServerDown: boolean
    beforeEach(async () => {
      isMailServerDown = false
      const mailer = async () => {
        if (isMailServerDown) throw new Error('try again later')
      }
      running = await startService({ dialect, key: secret, hasMailServer: true, mailer })
      master = masterKey(secret)
    })
    afterEach(() => running.stop())

    /** What a command on the host works with: a ring of its own. */
    const parts = (more: Partial<RotationParts> = {}): RotationParts => ({
      db: running.db,
      keys: keyRing(async () => [master]),
      masterKeys: async () => [master],
      clock: () => running.time.now,
      pause: async () => {},
      onProgress: () => {},
      ...more,
    })
    /** Every sealed value of every table but the keys' own, and the key that it names. */
    async function sealedUnder(): Promise<Record<string, number[]>> {
      const found: Record<string, number[]> = {}
      for (const { name: table } of await running.db.introspection.getTables()) {
        if (table === 'keys') continue
        for (const row of await running.db
          .selectFrom(table as 'users')
          .selectAll()
          .execute())
          for (const [column, value] of Object.entries(row)) {
            const [, number] = sealedForm.exec(String(value)) ?? []
            const place = `${table}.${column}`
            if (number) found[place] = [...(found[place] ?? []), Number(number)]
          }
      }
      return found
    }
    const rotated = async (more?: Partial<RotationParts>): Promise<Rotated> => {
      const done = await rotate(parts(more))
      if (!done) throw new Error('There was no end of it.')
      return done
    }
    const keyRows = () => running.db.selectFrom('keys').select(['number', 'retired_at']).orderBy('number').execute()

    /** Copies an authenticator, so that there is more than one batch of them. The copies open nothing for anybody. */
    async function addMany(count: number): Promise<void> {
      const { sealer } = running.service.machine
      const { id: user } = await addPerson(running, { email: 'many@example.org' })
      await running.db.transaction().execute(async (trx) => {
        for (let at = 0; at < count; at += 1) {
          const id = `many-${String(at).padStart(5, '0')}`
          const sealed_secret = await sealer.seal(trx, randomBytes(20), `totp:${user}:${id}`)
          const row = { id, user_id: user, name: 'x', sealed_secret, created_at: 0, last_step: 0, failures: 0 }
          await trx.insertInto('totp_factors').values(row).execute()
        }
      })
    }

    /** The secret of a provider, and the ID tokens of sign-ins and sessions that came by it. */
    async function addSealedOfProviders(userId: string): Promise<string> {
      const { sealer } = running.service.machine
      const { now } = running.time
      return running.db.transaction().execute(async (trx) => {
        const connection = parseConnection('oidc', { issuer: 'https://id.example.org', clientId: 'c' })
        const wording = { decisions: decisions.parse({ name: 'Works' }), connection, secret: 'client secret' }
        const providerId = await createProvider(trx, sealer, wording, now)
        const key = { providerId, issuer: 'https://id.example.org', subject: 's' }
        const identity_id = await linkIdentity(trx, key, { userId, email: null, now })
        const sealed_id_token = await sealer.seal(trx, Buffer.from('token'), idTokenBinding(identity_id))
        await trx.updateTable('sessions').set({ identity_id, sealed_id_token }).execute()
        const row = { id: 'n', token_hash: 'n', purpose: 'sign-in' as const, user_id: userId, proofs: '[]' }
        const more = { return_to: '/', guesses: 0, version: 1, created_at: now, expires_at: now + 1 }
        await trx
          .insertInto('sign_ins')
          .values({ ...row, ...more, identity_id, sealed_id_token })
          .execute()
        return providerId
      })
    }

    test('seals all that is sealed anew, and everything goes on as before', async () => {
      const ada = await addProtectedPerson(running)
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const setting = new Browser(running)
      await signIn(setting, bob)
      const shown = await setting.open('/set-up-mfa')
      await new Browser(running).send('/forgot-password', { email: ada.person.email })
      isMailServerDown = true
      await running.deliver()
      isMailServerDown = false
      const waiting = running.mails.length
      const provider = await addSealedOfProviders(bob.id)
      const before = await sealedUnder()
      expect(Object.keys(before).sort()).toEqual([
        'identity_providers.sealed_secret',
        'outbox.sealed_link',
        'sessions.sealed_id_token',
        'sign_ins.sealed_id_token',
        'totp_enrolments.sealed_secret',
        'totp_factors.sealed_secret',
      ])
      const done = await rotated()
      expect(done).toEqual({
        newest: 2,
        isNew: true,
        unreadable: [],
        sealed: [
          { what: 'secrets that are being set up', count: 1 },
          { what: 'authenticators', count: 1 },
          { what: 'links in mails that wait', count: 1 },
          { what: 'secrets of identity providers', count: 1 },
          { what: 'ID tokens of sign-ins in progress', count: 1 },
          { what: 'ID tokens of sessions', count: 2 },
        ],
      })
      const after = await sealedUnder()
      expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort())
      expect(Object.values(after).flat()).toEqual([2, 2, 2, 2, 2, 2, 2])
      expect(await readProviderSecret(running.db, running.service.machine.sealer, provider)).toBe('client secret')
      expect(await keyRows()).toEqual([
        { number: 1, retired_at: running.time.now },
        { number: 2, retired_at: null },
      ])

      // The secret that was shown before is confirmed after, and the mail that waited goes out with its link.
      const code = codeAt(keyOn(shown.html), running.time.now)
      const enrolment = inputs(shown.html, 'enrolment')[0] ?? ''
      expect((await setting.send('/set-up-mfa', { enrolment, name: 'Phone', code })).status).toBe(200)
      running.time.now += seconds(90)
      await running.deliver()
      const link = running.mails.slice(waiting).map(({ text }) => /(https:\S+token=\S+)/.exec(text)?.[1])
      const path = link.find((one) => one?.includes('/reset-password'))?.replace(origin, '') ?? ''
      expect((await new Browser(running).open(path)).status).toBe(200)
      const browser = new Browser(running)
      await signInFully(running, browser, ada.person, ada.key)
      expect(await isIn(browser)).toBe(true)
    })

    test('lets everybody sign in before, during and after, in every process', async () => {
      const ada = await addProtectedPerson(running)
      await addMany(450)
      const processes = [running.service]
      running.restart()
      processes.push(running.service)
      const signedIn: boolean[] = []
      const signInEverywhere = async () => {
        for (const service of processes) {
          running.service = service
          running.time.now += seconds(30)
          const browser = new Browser(running)
          await signInFully(running, browser, ada.person, ada.key)
          signedIn.push(await isIn(browser))
        }
      }
      await signInEverywhere()
      let pauses = 0
      await rotated({
        pause: async () => {
          pauses += 1
          await signInEverywhere()
        },
      })
      await signInEverywhere()
      expect(pauses).toBeGreaterThan(2)
      expect(signedIn).toEqual(Array.from({ length: (pauses + 2) * 2 }, () => true))
      expect(Object.values(await sealedUnder()).flat()).toEqual(Array.from({ length: 451 }, () => 2))
    })

    test('that is killed at any moment leaves everything readable, and goes on when it is run again', async () => {
      const ada = await addProtectedPerson(running)
      await addMany(450)
      for (let killedAt = 1; ; killedAt += 1) {
        let pauses = 0
        const broken = rotate(
          parts({
            pause: async () => {
              pauses += 1
              if (pauses === killedAt) throw new Killed()
            },
          }),
        )
        const killed = await broken.then(
          () => false,
          (error: unknown) => error instanceof Killed,
        )
        running.time.now += seconds(30)
        const browser = new Browser(running)
        await signInFully(running, browser, ada.person, ada.key)
        expect(await isIn(browser)).toBe(true)
        if (!killed) break
        expect((await keyRows()).filter(({ retired_at }) => retired_at === null)).toHaveLength(2)
        const again = await rotated()
        expect(again).toMatchObject({ isNew: false, newest: killedAt + 1, unreadable: [] })
        expect((await keyRows()).filter(({ retired_at }) => retired_at === null)).toHaveLength(1)
      }
      const newest = (await keyRows()).length
      expect(newest).toBeGreaterThan(3)
      expect(Object.values(await sealedUnder()).flat()).toEqual(Array.from({ length: 451 }, () => newest))
      expect((await eventsOf(running, 'key.added')).map(({ key }) => key)).toEqual(
        Array.from({ length: newest - 1 }, (_, index) => index + 2),
      )
      expect(await eventsOf(running, 'key.retired')).toHaveLength(newest - 1)
    })

    test('run twice at once makes one key, one end and one event of each', async () => {
      await addProtectedPerson(running)
      await addMany(450)
      const both = await Promise.all([rotated(), rotated()])
      expect(both.map(({ newest }) => newest)).toEqual([2, 2])
      expect(both.map(({ isNew }) => isNew).sort()).toEqual([false, true])
      expect(Object.values(await sealedUnder()).flat()).toEqual(Array.from({ length: 451 }, () => 2))
      expect(await eventsOf(running, 'key.added')).toEqual([{ key: 2 }])
      expect(await eventsOf(running, 'key.retired')).toEqual([{ keys: [1], newest: 2, sealed: 451, unreadable: 0 }])
    })

    test('goes through everything once more for what was sealed under the older key meanwhile', async () => {
      await addMany(3)
      const { id: user } = await addPerson(running)
      const ring = keyRing(async () => [master])
      const first = await ring.newest(running.db)
      let isAdded = false
      await rotated({
        pause: async () => {
          if (isAdded) return
          isAdded = true
          // Behind the place where it is: the pass that goes by does not see it.
          const sealed_secret = seal(first, randomBytes(20), `totp:${user}:a`)
          const row = { id: 'a', user_id: user, name: 'x', sealed_secret, created_at: 0, last_step: 0, failures: 0 }
          await running.db.insertInto('totp_factors').values(row).execute()
        },
      })
      expect(await sealedUnder()).toEqual({ 'totp_factors.sealed_secret': [2, 2, 2, 2] })
    })

    test('has no end while something goes on to seal under the older key, and retires nothing', async () => {
      await addMany(1)
      const before = await running.db.selectFrom('totp_factors').select('sealed_secret').executeTakeFirstOrThrow()
      const pause = async () => void (await running.db.updateTable('totp_factors').set(before).execute())
      expect(await rotate(parts({ pause }))).toBeNull()
      expect(await keyRows()).toMatchObject([{ retired_at: null }, { retired_at: null }])
    })

    test('tells how far it has come', async () => {
      await addMany(450)
      const told: string[] = []
      await rotated({ onProgress: (done, of) => told.push(`${done} of ${of}`) })
      expect(told).toEqual(['200 of 450', '400 of 450', '450 of 450'])
    })

    test('names what no key opens, leaves it as it is, and ends all the same', async () => {
      await addMany(3)
      const broken = { sealed_secret: `1.${'A'.repeat(16)}.AAAA.${'A'.repeat(22)}` }
      await running.db.updateTable('totp_factors').set(broken).where('id', '=', 'many-00001').execute()
      await running.db
        .updateTable('totp_factors')
        .set({ sealed_secret: 'nothing' })
        .where('id', '=', 'many-00002')
        .execute()
      const done = await rotated()
      expect(done.unreadable).toEqual([
        { what: 'authenticators', id: 'many-00001' },
        { what: 'authenticators', id: 'many-00002' },
      ])
      expect(done.sealed[1]).toEqual({ what: 'authenticators', count: 1 })
      const rows = await running.db.selectFrom('totp_factors').select('sealed_secret').orderBy('id').execute()
      expect(rows.map(({ sealed_secret }) => sealed_secret).slice(1)).toEqual([broken.sealed_secret, 'nothing'])
      expect(await keyRows()).toMatchObject([{ retired_at: running.time.now }, { retired_at: null }])
    })

    test('changes nothing that somebody has replaced meanwhile, in any column', async () => {
      const ada = await addProtectedPerson(running)
      const setting = new Browser(running)
      await signIn(setting, await addPerson(running, { email: 'bob@example.org' }))
      await setting.open('/set-up-mfa')
      await new Browser(running).send('/forgot-password', { email: ada.person.email })
      isMailServerDown = true
      await running.deliver()
      await addSealedOfProviders(ada.person.id)
      for (const column of sealedColumns) {
        const [was] = await column.readOthers(running.db, 2, '', 1)
        if (!was) throw new Error(`There are no ${column.what}.`)
        const replace = (value: SealedValue, sealed: string) =>
          running.db.transaction().execute((trx) => column.replace(trx, value, sealed))
        expect(await replace(was, '1.newer')).toBe(true)
        expect(await replace(was, '1.x')).toBe(false)
        expect(await column.readOthers(running.db, 2, '', 1)).toEqual([{ ...was, sealed: '1.newer' }])
      }
    })

    test('does not happen without its event', async () => {
      await addMany(1)
      const before = await keyRows()
      await sql`alter table audit_events rename to audit_events_away`.execute(running.db)
      await expect(rotate(parts())).rejects.toThrow()
      await expect(replaceMasterKey(parts(), masterKey(randomBytes(32)))).rejects.toThrow()
      await sql`alter table audit_events_away rename to audit_events`.execute(running.db)
      expect(await keyRows()).toEqual(before)
      expect((await keyRing(async () => [master]).newest(running.db)).number).toBe(1)
    })

    test('makes browsers unknown that were known under the older key, and the next sign-in makes them known', async () => {
      const ada = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, ada)
      const known = [...browser.cookies].filter(([name]) => name.includes('browser'))
      expect(known).toHaveLength(1)
      const strangers = new Browser(running, '192.0.2.77')
      const isKnown = async (cookies: [string, string][]) => {
        await running.db.deleteFrom('attempts').execute()
        for (let guess = 0; guess < 5; guess += 1)
          await strangers.send('/sign-in', { email: ada.email, password: 'not the password' })
        const own = new Browser(running)
        for (const [name, value] of cookies) own.cookies.set(name, value)
        return (await signIn(own, ada)).status === 200
      }
      expect(await isKnown(known)).toBe(true)
      await rotated()
      running.time.now += seconds(6)
      expect(await isKnown(known)).toBe(false)
      await running.db.deleteFrom('attempts').execute()
      await signIn(browser, ada)
      expect(await isKnown([...browser.cookies].filter(([name]) => name.includes('browser')))).toBe(true)
    })

    test('makes another link for the first administrator, and the older one opens nothing', async () => {
      const before = (await running.service.setUpLink()) ?? ''
      await rotated()
      const after = (await running.service.setUpLink()) ?? ''
      expect(after).not.toBe(before)
      expect((await new Browser(running).open(before.replace(origin, ''))).status).toBe(404)
      expect((await new Browser(running).open(after.replace(origin, ''))).status).toBe(200)
    })

    test('leaves the audit chain whole, across several keys', async () => {
      for (let round = 0; round < 3; round += 1) {
        await signIn(new Browser(running), await addPerson(running, { email: `p${round}@example.org` }))
        await running.service.linkAudit()
        await rotated()
      }
      await running.service.linkAudit()
      const links = await running.db.selectFrom('audit_links').select('key_number').orderBy('sequence').execute()
      const numbers = links.map(({ key_number }) => key_number)
      expect(numbers).toEqual([...numbers].sort())
      expect([...new Set(numbers)]).toEqual([1, 2, 3, 4])
      const found = await verifyChain(
        running.db,
        keyRing(async () => [master]),
      )
      expect(found).toMatchObject({ links: links.length, pending: 0, found: 0 })
      for (const other of [4, 9]) {
        await sql`update audit_links set key_number = ${other} where sequence = 1`.execute(running.db)
        const tampered = await verifyChain(running.db, running.service.machine.keys)
        expect(tampered.findings).toMatchObject([{ kind: 'changed', sequence: 1 }])
      }
    })

    test('lets nobody go on with the chain who has only an older key', async () => {
      const leaked = await running.service.machine.keys.newest(running.db)
      await rotated()
      await running.service.linkAudit()
      const head = await readHead(running.db)
      await signIn(new Browser(running), await addPerson(running))
      const event = await running.db
        .selectFrom('audit_events')
        .selectAll()
        .where('linked_at', 'is', null)
        .executeTakeFirstOrThrow()
      const { now } = running.time
      const link = { sequence: head.sequence + 1, previous: head.hash, linkedAt: now, event }
      const hash = linkHash(leaked.derive('audit-chain'), link)
      const forged = { sequence: link.sequence, event_id: event.id, linked_at: now, hash, key_number: 1 }
      await running.db.insertInto('audit_links').values(forged).execute()
      await running.db.updateTable('audit_events').set({ linked_at: now }).where('id', '=', event.id).execute()
      const found = await verifyChain(running.db, running.service.machine.keys)
      expect(found.findings).toEqual([{ kind: 'changed', sequence: link.sequence, event: event.id }])
    })

    // SQLite has one writer at a time: whoever seals has ended before anybody looks.
    describe.runIf(dialect === 'postgres')('while others write', () => {
      test('waits for whoever is just sealing under the older key, and leaves nothing of theirs', async () => {
        const { sealer } = running.service.machine
        const { id: user } = await addPerson(running)
        const { promise: hold, resolve: release } = Promise.withResolvers<void>()
        const { promise: isSealed, resolve: sealed } = Promise.withResolvers<void>()
        const late = running.db.transaction().execute(async (trx) => {
          const row = { id: 'late', user_id: user, name: 'x', created_at: 0, last_step: 0, failures: 0 }
          const sealed_secret = await sealer.seal(trx, randomBytes(20), `totp:${user}:late`)
          await trx
            .insertInto('totp_factors')
            .values({ ...row, sealed_secret })
            .execute()
          sealed()
          await hold
          return numberOf(sealed_secret)
        })
        await isSealed
        const rotating = rotated()
        // It makes its key only when nobody seals.
        await new Promise((later) => setTimeout(later, 300))
        expect(await keyRows()).toHaveLength(1)
        release()
        expect(await late).toBe(1)
        await rotating
        expect(await sealedUnder()).toEqual({ 'totp_factors.sealed_secret': [2] })
      })

      test('gives way where others want the same rows, and goes on when they are done', async () => {
        await addMany(5)
        const { promise: hold, resolve: release } = Promise.withResolvers<void>()
        const other = running.db.transaction().execute(async (trx) => {
          await trx.updateTable('totp_factors').set({ failures: 1 }).where('id', '=', 'many-00002').execute()
          await hold
          // The rows that the rotation went through first are free: it has let go of them.
          await sql`set local lock_timeout = '2s'`.execute(trx)
          await trx.updateTable('totp_factors').set({ failures: 1 }).where('id', '=', 'many-00001').execute()
        })
        let pauses = 0
        const began = performance.now()
        const done = await rotated({
          pause: async () => {
            pauses += 1
            if (pauses === 3) {
              // Two tries that were given up; else each of them had waited for as long as anybody waits for a row.
              expect(performance.now() - began).toBeLessThan(seconds(3))
              release()
              await other
            }
          },
        })
        expect(pauses).toBe(4)
        expect(done).toMatchObject({ newest: 2, unreadable: [] })
        expect(await sealedUnder()).toEqual({ 'totp_factors.sealed_secret': [2, 2, 2, 2, 2] })
      })
    })
  })

  describe(`replacing the secret key on ${dialect}`, () => {
    const [old, next] = [randomBytes(32), randomBytes(32)]
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect, key: old })
    })
    afterEach(() => running.stop())

    const parts = (...keys: Buffer[]) => ({
      db: running.db,
      masterKeys: async () => keys.map(masterKey),
      clock: () => running.time.now,
    })
    const opensWith = (key: Buffer) =>
      keyRing(async () => [masterKey(key)])
        .newest(running.db)
        .then(
          () => true,
          (error: unknown) => {
            if (error instanceof WrongMasterKey) return false
            throw error
          },
        )

    test('wraps every data key anew and touches nothing that they have sealed', async () => {
      const ada = await addProtectedPerson(running)
      const sealed = () => running.db.selectFrom('totp_factors').select('sealed_secret').execute()
      const before = await sealed()
      const ring = keyRing(async () => [masterKey(old)])
      const rotation = { ...parts(old), keys: ring, pause: async () => {}, onProgress: () => {} }
      await rotate(rotation)
      // As it does every two seconds, the process looks whether there is a newer key.
      await running.service.watchKeys()
      const resealed = await sealed()
      expect(resealed).not.toEqual(before)
      expect(await replaceMasterKey(parts(old), masterKey(next))).toBe(2)
      expect(await sealed()).toEqual(resealed)
      expect([await opensWith(old), await opensWith(next)]).toEqual([false, true])
      expect(await replaceMasterKey(parts(old, next), masterKey(next))).toBeNull()
      expect(await eventsOf(running, 'key.master-replaced')).toEqual([{ keys: 2 }])
      // The process that has only the old one goes on.
      const browser = new Browser(running)
      await signInFully(running, browser, ada.person, ada.key)
      expect(await isIn(browser)).toBe(true)
      expect((await running.fetch('/readyz')).status).toBe(200)
      await expect(running.service.proveKeys()).rejects.toThrow(WrongMasterKey)
    })

    test('is not done by anybody who has not the old one', async () => {
      const before = await running.db.selectFrom('keys').selectAll().execute()
      const stranger = randomBytes(32)
      await expect(replaceMasterKey(parts(stranger), masterKey(next))).rejects.toThrow(WrongMasterKey)
      expect(await running.db.selectFrom('keys').selectAll().execute()).toEqual(before)
      expect(await eventsOf(running, 'key.master-replaced')).toEqual([])
    })

    test('twice at once, with two new ones, lets one win', async () => {
      const other = randomBytes(32)
      const results = await Promise.allSettled([
        replaceMasterKey(parts(old), masterKey(next)),
        replaceMasterKey(parts(old), masterKey(other)),
      ])
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect([await opensWith(old), await opensWith(next), await opensWith(other)].filter(Boolean)).toHaveLength(1)
      expect(await opensWith(old)).toBe(false)
    })

    // SQLite has one writer at a time.
    test.runIf(dialect === 'postgres')('waits for whoever is adding a data key, and wraps that as well', async () => {
      const { promise: hold, resolve: release } = Promise.withResolvers<void>()
      const { promise: isAdded, resolve: added } = Promise.withResolvers<void>()
      const adding = running.db.transaction().execute(async (trx) => {
        await lockAlone(trx, 'keys')
        await insertKey(trx, masterKey(old), 2, running.time.now)
        added()
        await hold
      })
      await isAdded
      const replacing = replaceMasterKey(parts(old), masterKey(next))
      await new Promise((later) => setTimeout(later, 300))
      expect(await opensWith(old)).toBe(true)
      release()
      await adding
      expect(await replacing).toBe(2)
      expect([await opensWith(old), await opensWith(next)]).toEqual([false, true])
    })

    test('and then the data key leaves a process that has only the old one unready, and it lets nobody in', async () => {
      const ada = await addProtectedPerson(running)
      await replaceMasterKey(parts(old), masterKey(next))
      const ring = keyRing(async () => [masterKey(next)])
      await rotate({ ...parts(next), keys: ring, pause: async () => {}, onProgress: () => {} })
      expect((await running.fetch('/readyz')).status).toBe(503)
      running.time.now += seconds(6)
      const browser = new Browser(running)
      expect((await signIn(browser, ada.person)).status).toBe(503)
      expect(await isIn(browser)).toBe(false)
      expect(running.logged.join('\n')).toContain('the secret key of this process is not the one in use')
      expect(await isIn(ada.browser)).toBe(true)
    })
  })
}
