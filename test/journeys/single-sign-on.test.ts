// Single sign-on by OpenID Connect, against a real provider: who gets in, as whom, and what is asked of them besides.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { setMfaEnforced } from '../../src/enforcement/policies.ts'
import { disableProvider } from '../../src/identity-providers/providers.ts'
import { readProofs } from '../../src/sessions/proofs.ts'
import { minutes } from '../../src/time.ts'
import { addMember, createGroup } from '../../src/users/groups.ts'
import { noteEmailVerified } from '../../src/users/users.ts'
import { Browser, codeAt, inputs, type Page, textOf } from '../support/browser.ts'
import {
  ada,
  addProvider,
  type IdentityProvider,
  leadsTo,
  startIdentityProvider,
} from '../support/identity-provider.ts'
import { addPerson, enrol, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`single sign-on on ${dialect}`, () => {
    let running: TestService
    let there: IdentityProvider
    let browser: Browser
    beforeEach(async () => {
      there = await startIdentityProvider()
      running = await startService({ dialect })
      // The provider lives in the real time: what it says happened is never later than the service believes.
      running.time.now = Date.now()
      browser = new Browser(running)
    })
    afterEach(async () => {
      await running.stop()
      await there.stop()
    })

    const path = (address: string) => `${new URL(address).pathname}${new URL(address).search}`
    /** From the page that leads to the provider, through it, and back. */
    const through = async (going: Page, by = browser): Promise<Page> =>
      by.open(path(await there.visit(leadsTo(going.html))))
    const come = async (provider: { id: string }, by = browser, next?: string): Promise<Page> =>
      through(await by.send(`/sign-in/with/${provider.id}`, next ? { next } : {}), by)
    const enforce = () =>
      running.db
        .transaction()
        .execute((trx) => setMfaEnforced(trx, true, { now: running.time.now, caller: null, actor: null }))
    const events = async (name: string) =>
      (await running.db.selectFrom('audit_events').selectAll().where('name', '=', name).orderBy('id').execute()).map(
        ({ details }) => JSON.parse(details),
      )
    const refusals = async () => (await events('identity.refused')).map(({ because }) => because)
    const users = () => running.db.selectFrom('users').selectAll().orderBy('created_at').execute()
    const me = async () => JSON.parse((await browser.open('/api/v1/me')).html)
    const verify = (id: string) =>
      running.db.transaction().execute((trx) => noteEmailVerified(trx, id, running.time.now))

    test('a button leads to the provider, and back to where the person wanted to go, with an account that is made for them', async () => {
      const group = await running.db.transaction().execute((trx) => createGroup(trx, 'Everyone there', 1))
      const provider = await addProvider(running, there, { admission: 'create', defaultGroups: [group] })
      const page = await browser.open('/sign-in?next=/my-profile/sessions')
      expect(textOf(page.html)).toContain('Sign in with Works')
      const arrived = await come(provider, browser, '/my-profile/sessions')
      expect(arrived.at).toBe('/my-profile/sessions')
      expect(textOf(arrived.html)).toContain('single sign-on')
      expect(await users()).toMatchObject([
        { email: 'ada@example.org', name: 'Ada Example', role: 'member', password_hash: null },
      ])
      expect((await me()).session).toMatchObject({ acr: 'urn:countersign:acr:one-factor', amr: ['pwd'] })
      expect(await events('identity.used')).toMatchObject([
        { provider: provider.id, purpose: 'sign-in', amr: ['pwd', 'mfa'] },
      ])
      expect(await events('identity.linked')).toMatchObject([{ by: 'created' }])
      expect(await events('group.member-added')).toEqual([{ group }])
      expect((await running.db.selectFrom('identities').selectAll().executeTakeFirstOrThrow()).subject).toBe(
        'ada-there',
      )
      // The same person, the same account.
      const other = new Browser(running)
      await come(provider, other)
      expect(await users()).toHaveLength(1)
    })

    test('a provider that takes care of MFA is enough where it is enforced, and one that does not leads to the set-up', async () => {
      const provider = await addProvider(running, there, { admission: 'create', mfa: { is: 'takes-care' } })
      await enforce()
      expect((await come(provider)).at).toBe('/my-profile')
      expect((await me()).session).toMatchObject({ acr: 'urn:countersign:acr:two-factors', amr: ['pwd', 'mfa'] })
      expect(await events('sign-in.completed')).toMatchObject([{ asked: 'nothing-more', because: 'provider' }])
      // What is said about the provider now counts in the session that is there already.
      const say = (mfa: object) =>
        running.db.transaction().execute(async (trx) => {
          await trx
            .updateTable('identity_providers')
            .set({ assurance: JSON.stringify(mfa) })
            .execute()
          await trx
            .updateTable('installation')
            .set((e) => ({ provider_version: e('provider_version', '+', 1) }))
            .execute()
        })
      await say({ is: 'without' })
      expect((await browser.open('/my-profile')).at).toContain('/set-up-mfa')
      await say({ is: 'with-proof', amr: ['hwk'], acr: [] })
      expect((await browser.open('/my-profile')).at).toContain('/set-up-mfa')
      await say({ is: 'with-proof', amr: ['mfa'], acr: [] })
      expect((await browser.open('/my-profile')).at).toBe('/my-profile')
    })

    test('somebody without a password sets 2FA up when it is enforced, and is asked for it from then on', async () => {
      const provider = await addProvider(running, there, { admission: 'create' })
      await enforce()
      expect((await come(provider)).at).toBe('/set-up-mfa')
      const { key, ...codes } = await enrol(running, browser)
      expect((await saveCodes(browser, { key, ...codes })).at).toBe('/my-profile')
      expect((await me()).session.acr).toBe('urn:countersign:acr:two-factors')
      running.time.now += minutes(1)
      const again = new Browser(running)
      expect((await come(provider, again)).at).toBe('/sign-in/verification-code')
      expect((await again.open('/my-profile')).at).toContain('/sign-in')
      const done = await again.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(done.at).toBe('/my-profile')
    })

    test('a second factor of one’s own is not asked for after a proof of MFA, and is after a password', async () => {
      const person = await addPerson(running)
      await verify(person.id)
      await signIn(browser, person)
      const { key, ...codes } = await enrol(running, browser)
      await saveCodes(browser, { key, ...codes })
      const provider = await addProvider(running, there, {
        linking: 'verified-email',
        mfa: { is: 'with-proof', amr: ['mfa'], acr: [] },
      })
      const other = new Browser(running)
      expect((await come(provider, other)).at).toBe('/my-profile')
      expect(await events('identity.linked')).toMatchObject([{ by: 'verified-email' }])
      expect((await signIn(new Browser(running), person)).at).toBe('/sign-in/verification-code')
      there.person = { ...ada, amr: ['pwd'] }
      there.forget()
      expect((await come(provider, new Browser(running))).at).toBe('/sign-in/verification-code')
    })

    describe('somebody whose address has an account already', () => {
      test.each([
        ['only in person, whatever is verified', 'in-person', true, true],
        ['when ours is not verified', 'verified-email', true, false],
        ['when theirs is not verified', 'verified-email', false, true],
        ['when theirs is said to be verified, in a text', 'verified-email', 'true', true],
        ['when nothing is said of theirs', 'verified-email', undefined, true],
        ['when a number says so', 'verified-email', 1, true],
      ])('is not let in as its owner %s', async (_, linking, theirs, ours) => {
        const person = await addPerson(running)
        if (ours) await verify(person.id)
        const { email_verified: __, ...claims } = ada.claims
        there.person = { ...ada, claims: { ...claims, ...(theirs === undefined ? {} : { email_verified: theirs }) } }
        const provider = await addProvider(running, there, { linking, admission: 'create' })
        const page = await come(provider)
        expect(page.status).toBe(403)
        expect(textOf(page.html)).toContain('link single sign-on in Settings, under Security')
        expect(await refusals()).toEqual(['link-in-person'])
        expect(browser.session).toBeUndefined()
        expect(await running.db.selectFrom('identities').selectAll().execute()).toEqual([])
      })

      test('links it in a session of their own, and unlinks it as long as another way in is left', async () => {
        const person = await addPerson(running)
        const provider = await addProvider(running, there)
        await signIn(browser, person)
        expect(textOf((await browser.open('/my-profile/settings')).html)).toContain('Link Works')
        const linked = await through(await browser.send(`/my-profile/settings/link/${provider.id}`, {}))
        expect(linked.at).toBe('/my-profile/settings?notice=identity-linked')
        await running.deliver()
        expect(running.mails.map(({ subject }) => subject)).toContain('Single sign-on was linked to your account')
        const other = new Browser(running)
        expect((await come(provider, other)).at).toBe('/my-profile')
        const [identity = ''] = inputs(linked.html, 'identity')
        const unlinked = await browser.send('/my-profile/settings/unlink', { identity })
        expect(unlinked.at).toBe('/my-profile/settings?notice=identity-unlinked')
        // What came by it has ended with it.
        expect((await other.open('/my-profile')).at).toContain('/sign-in')
        expect((await come(provider, other)).status).toBe(403)
        expect(await events('identity.unlinked')).toEqual([{ identity, provider: provider.id }])
        expect(await events('sessions.ended')).toMatchObject([{ count: 1, because: 'identity-unlinked' }])
      })

      test('cannot link an identity that is somebody else’s', async () => {
        const provider = await addProvider(running, there, { admission: 'create' })
        await come(provider)
        const bob = await addPerson(running, { email: 'bob@example.org' })
        const bobs = new Browser(running)
        await signIn(bobs, bob)
        const refused = await through(await bobs.send(`/my-profile/settings/link/${provider.id}`, {}), bobs)
        expect(refused.status).toBe(403)
        expect(await refusals()).toEqual(['taken'])
      })
    })

    test('the only way in cannot be unlinked', async () => {
      const provider = await addProvider(running, there, { admission: 'create' })
      await come(provider)
      const settings = await browser.open('/my-profile/settings')
      expect(textOf(settings.html)).toContain('This is your only way in')
      const { id } = await running.db.selectFrom('identities').select('id').executeTakeFirstOrThrow()
      const refused = await browser.send('/my-profile/settings/unlink', { identity: id })
      expect(refused.status).toBe(409)
      expect(await running.db.selectFrom('identities').selectAll().execute()).toHaveLength(1)
    })

    test('nobody gets in who was not invited, has no address, or one of another domain', async () => {
      const invited = await addProvider(running, there)
      expect((await come(invited)).status).toBe(403)
      const { email: _, ...claims } = ada.claims
      const created = await addProvider(running, there, {
        name: 'Other',
        admission: 'create',
        allowedDomains: ['example.com'],
      })
      expect((await come(created)).status).toBe(403)
      there.person = { ...ada, claims }
      expect((await come(created)).status).toBe(403)
      const open = await addProvider(running, there, { name: 'Open', admission: 'create' })
      expect((await come(open)).status).toBe(403)
      there.person = null
      there.forget()
      const declined = await come(open)
      expect(await refusals()).toEqual(['must-be-invited', 'wrong-domain', 'wrong-domain', 'no-email', 'declined'])
      expect(textOf(declined.html)).toMatch(/Quote|number|Reference|reference/)
      const { details } = await running.db
        .selectFrom('audit_events')
        .selectAll()
        .where('name', '=', 'identity.refused')
        .orderBy('id', 'desc')
        .executeTakeFirstOrThrow()
      expect(details).toContain('The person gave up.')
      expect(await users()).toEqual([])
    })

    test('groups follow what the provider says, where the mapping says so, and no others', async () => {
      const made = (name: string) => running.db.transaction().execute((trx) => createGroup(trx, name, 1))
      const [staff, chiefs, own] = [await made('Staff'), await made('Chiefs'), await made('Own')]
      const groupMapping = [
        { value: 'staff', group: staff },
        { value: 'chiefs', group: chiefs },
      ]
      const claims = { email: 'email', emailVerified: 'email_verified', name: 'name', groups: 'groups' }
      const provider = await addProvider(running, there, { admission: 'create', groupMapping, claims })
      const members = async () =>
        (await running.db.selectFrom('group_members').select('group_id').execute()).map((row) => row.group_id).sort()
      await come(provider)
      expect(await members()).toEqual([staff])
      const [user] = await users()
      await running.db.transaction().execute((trx) => addMember(trx, own, user?.id ?? ''))
      there.person = { ...ada, claims: { ...ada.claims, groups: ['chiefs'] } }
      await come(provider)
      expect(await members()).toEqual([chiefs, own].sort())
    })

    test('a session is confirmed at the provider that it came by, by the same person, who has just proved themselves there', async () => {
      running.time.now = Date.now() - minutes(30)
      const provider = await addProvider(running, there, { admission: 'create', mfa: { is: 'takes-care' } })
      await come(provider)
      running.time.now = Date.now()
      const asked = await browser.open('/my-profile/tokens/new')
      expect(asked.at).toBe('/sign-in/password')
      expect(textOf(asked.html)).toContain('Confirm at Works')
      expect(inputs(asked.html, 'password')).toEqual([])
      const going = await browser.send(`/sign-in/with/${provider.id}/step-up`, {})
      expect(leadsTo(going.html)).toContain('prompt=login')
      const token = browser.session
      expect((await through(going)).at).toBe('/my-profile/tokens/new')
      expect(browser.session).not.toBe(token)
      expect(await events('step-up.completed')).toEqual([{ method: 'identity-provider' }])

      running.time.now += minutes(11)
      await browser.open('/my-profile/tokens/new')
      there.person = { ...ada, sub: 'bob-there' }
      there.forget()
      const wrong = await through(await browser.send(`/sign-in/with/${provider.id}/step-up`, {}))
      expect(wrong.status).toBe(403)
      there.person = ada
      there.forget()
      // The provider has not seen anybody since: eleven minutes ago, by its own word.
      const old = await through(await browser.send(`/sign-in/with/${provider.id}/step-up`, {}))
      expect(old.status).toBe(403)
      expect(await refusals()).toEqual(['other-identity', 'not-fresh'])
      expect((await browser.open('/my-profile')).at).toBe('/my-profile')
    })

    test('a provider that is switched off opens nothing any more, and what came by it is worth nothing', async () => {
      const provider = await addProvider(running, there, { admission: 'create' })
      await come(provider)
      const going = await new Browser(running).send(`/sign-in/with/${provider.id}`, {})
      await running.db.transaction().execute((trx) => disableProvider(trx, provider.id, running.time.now))
      expect((await browser.open('/my-profile')).at).toContain('/sign-in')
      expect(textOf((await browser.open('/sign-in')).html)).not.toContain('Works')
      expect((await browser.open(`/sign-in/with/${provider.id}`)).status).toBe(404)
      expect((await browser.send(`/sign-in/with/${provider.id}`, {})).status).toBe(403)
      expect((await through(going)).status).toBe(403)
    })

    test('a direct link shows one button, and signs nobody in by itself', async () => {
      const provider = await addProvider(running, there, { admission: 'create' })
      const before = there.asked.length
      const page = await browser.open(`/sign-in/with/${provider.id}?next=/my-profile/sessions`)
      expect(textOf(page.html)).toContain('Continue to Works')
      expect(inputs(page.html, 'next')).toEqual(['/my-profile/sessions'])
      expect(there.asked).toHaveLength(before)
      expect(await running.db.selectFrom('provider_round_trips').selectAll().execute()).toEqual([])
    })

    test('a provider that does not answer, or does not sign as it must, is said to be so', async () => {
      const provider = await addProvider(running, there, { settings: { issuer: 'http://127.0.0.1:9' } })
      const refused = await browser.send(`/sign-in/with/${provider.id}`, {})
      expect(refused.status).toBe(403)
      expect(textOf(refused.html)).toContain('does not answer')
      const wrong = await addProvider(running, there, { name: 'Wrong', secret: 'not the secret', admission: 'create' })
      expect((await come(wrong)).status).toBe(403)
      expect(await refusals()).toEqual(['unreachable', 'not-valid'])
    })

    test('signing out ends the session here in any case, and leads to where the provider signs people out', async () => {
      const provider = await addProvider(running, there, { admission: 'create' })
      await come(provider)
      const going = new URL(leadsTo((await browser.send('/sign-out', {})).html))
      expect(going.href).toContain(`${there.issuer}/session/end?`)
      const hint = going.searchParams.get('id_token_hint') ?? ''
      expect(JSON.parse(Buffer.from(hint.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
        sub: 'ada-there',
      })
      expect(new URL(going.searchParams.get('post_logout_redirect_uri') ?? '').pathname).toBe('/sign-in')
      expect(await running.db.selectFrom('sessions').selectAll().execute()).toEqual([])
      // Whoever came by a password is led nowhere.
      const bob = await addPerson(running, { email: 'bob@example.org' })
      await signIn(browser, bob)
      expect((await browser.send('/sign-out', {})).at).toBe('/sign-in?notice=signed-out')
      // Nor is anybody whose provider does not answer.
      await come(provider)
      running.restart()
      await there.stop()
      expect((await browser.send('/sign-out', {})).at).toBe('/sign-in?notice=signed-out')
      expect(await running.db.selectFrom('sessions').selectAll().execute()).toEqual([])
      there = await startIdentityProvider()
    })

    test('the session keeps what signing out at the provider asks for, sealed', async () => {
      const provider = await addProvider(running, there, { admission: 'create' })
      await come(provider)
      const row = await running.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
      expect(readProofs(row.proofs)).toMatchObject([{ by: 'identity-provider', provider: provider.id }])
      expect(row.sealed_id_token).toMatch(/^1\./)
    })

    test('a person with 2FA and a password is asked for the second factor, whatever they did by single sign-on yesterday', async () => {
      const person = await addPerson(running)
      await verify(person.id)
      await signIn(browser, person)
      const enrolled = await enrol(running, browser)
      await saveCodes(browser, enrolled)
      const provider = await addProvider(running, there, { linking: 'verified-email', mfa: { is: 'takes-care' } })
      await enforce()
      await come(provider)
      running.time.now += minutes(1)
      expect((await signIn(browser, person)).at).toBe('/sign-in/verification-code')
      expect((await signInFully(running, browser, person, enrolled.key)).at).toBe('/my-profile')
    })
  })
}
