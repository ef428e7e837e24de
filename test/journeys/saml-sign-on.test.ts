// Single sign-on by SAML, from the button to the session: what a browser carries to the provider and back, and whose it is.

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { disableProvider } from '../../src/identity-providers/providers.ts'
import type { SamlKeyPair } from '../../src/identity-providers/saml/key-pair.ts'
import { settingsFromMetadata } from '../../src/identity-providers/saml/provider-metadata.ts'
import { attributeOf, readXml } from '../../src/identity-providers/saml/xml.ts'
import { minutes } from '../../src/time.ts'
import { noteEmailVerified } from '../../src/users/users.ts'
import { Browser, inputs, type Page, textOf } from '../support/browser.ts'
import { addProvider, leadsTo, startIdentityProvider } from '../support/identity-provider.ts'
import { addPerson, signIn } from '../support/people.ts'
import {
  addSamlProvider,
  makeProviderKey,
  packed,
  readRequest,
  type Said,
  writeResponse,
  writeSignedResponse,
} from '../support/saml-provider.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

let key: SamlKeyPair
let own: SamlKeyPair
beforeAll(async () => {
  const now = Date.parse('2026-11-24T00:00:00Z')
  key = await makeProviderKey(now)
  own = await makeProviderKey(now)
})

const attributes = { email: ['ada@example.org'], name: ['Ada Example'] }
const mfaClass = 'https://refeds.org/profile/mfa'

for (const dialect of dialects)
  describe(`single sign-on by SAML on ${dialect}`, () => {
    let running: TestService
    let browser: Browser
    beforeEach(async () => {
      running = await startService({ dialect })
      browser = new Browser(running)
    })
    afterEach(() => running.stop())

    const set = (more: Record<string, unknown> = {}) => addSamlProvider(running, key, { admission: 'create', ...more })
    const start = (id: string, by = browser, next?: string) =>
      by.send(`/sign-in/with/${id}`, next === undefined ? {} : { next })
    /** What the provider answers to the request that the page leads to. */
    const answerTo = (going: Page, more: Partial<Said> = {}) => {
      const { state, ...asked } = readRequest(leadsTo(going.html))
      const said = { ...asked, now: running.time.now, attributes, ...more }
      return { state, acs: asked.acs, xml: writeSignedResponse(said, key) }
    }
    /** The provider’s page sends its form: no cookies come along. */
    const bring = (acs: string, fields: Record<string, string>) =>
      running.fetch(new URL(acs).pathname, {
        method: 'POST',
        body: new URLSearchParams(fields).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: 'https://idp.example.org',
          'sec-fetch-site': 'cross-site',
        },
      })
    const comeBack = async ({ state, acs, xml }: { state: string; acs: string; xml: string }, by = browser) => {
      const page = await bring(acs, { SAMLResponse: packed(xml), RelayState: state })
      expect(page.status).toBe(200)
      expect(page.headers.getSetCookie()).toEqual([])
      const html = await page.text()
      const [, action = ''] = /<form method="post" action="([^"]*)" data-sent-at-once/.exec(html) ?? []
      const [response = ''] = inputs(html, 'SAMLResponse')
      const [relayed = ''] = inputs(html, 'RelayState')
      return by.send(action, { SAMLResponse: response, RelayState: relayed })
    }
    const come = async (id: string, more: Partial<Said> = {}, by = browser, next?: string) =>
      comeBack(answerTo(await start(id, by, next), more), by)
    const details = async (name: string) =>
      (await running.db.selectFrom('audit_events').selectAll().where('name', '=', name).orderBy('id').execute()).map(
        (row) => JSON.parse(row.details),
      )
    const refusals = async () => (await details('identity.refused')).map(({ because }) => because)
    const users = () => running.db.selectFrom('users').selectAll().execute()
    const me = async () => JSON.parse((await browser.open('/api/v1/me')).html)
    const isSignedIn = async (by: Browser) => (await by.open('/my-profile')).at === '/my-profile'

    test('leads to the provider and back to where the person wanted to go, with an account that is made for them', async () => {
      const id = await set({ mfa: { is: 'with-proof', amr: [], acr: [mfaClass] } })
      const arrived = await come(id, { acr: mfaClass }, browser, '/my-profile/sessions')
      expect(arrived.at).toBe('/my-profile/sessions')
      expect(await users()).toMatchObject([{ email: 'ada@example.org', name: 'Ada Example', password_hash: null }])
      expect((await me()).session).toMatchObject({ acr: 'urn:countersign:acr:two-factors' })
      expect(await details('identity.used')).toMatchObject([{ provider: id, acr: mfaClass, amr: [] }])
      const [identity] = await running.db.selectFrom('identities').selectAll().execute()
      expect(identity).toMatchObject({ provider_id: id, issuer: 'https://idp.example.org', subject: 'alice' })
      const [session] = await running.db.selectFrom('sessions').selectAll().execute()
      expect(session?.provider_session).toBe('_session')
      // Another class of authentication proves no MFA; and it is the same person.
      running.time.now += minutes(1)
      await come(id, { assertionId: '_second' })
      expect((await me()).session).toMatchObject({ acr: 'urn:countersign:acr:one-factor' })
      expect(await users()).toHaveLength(1)
    })

    test('names itself to the provider as its metadata says, and signs where it has a key', async () => {
      const id = await set({ own })
      const { isSigned, acs, entityId } = readRequest(leadsTo((await start(id)).html))
      expect(isSigned).toBe(true)
      const metadata = await running.fetch(`/sign-in/with/${id}/metadata`)
      expect(metadata.headers.get('content-type')).toContain('application/samlmetadata+xml')
      const text = await metadata.text()
      const root = readXml(text)
      expect(attributeOf(root, 'entityID')).toBe(entityId)
      expect(entityId).toBe(`${origin}/sign-in/with/${id}/metadata`)
      expect(text).toContain(acs)
      expect(text).toContain(own.certificate.split('\n')[1] ?? 'none')
      expect(text).not.toContain('PRIVATE')
      expect(() => settingsFromMetadata(text)).toThrow()
      const plain = await set({ name: 'Plain' })
      expect(readRequest(leadsTo((await start(plain)).html)).isSigned).toBe(false)
      expect((await running.fetch('/sign-in/with/none/metadata')).status).toBe(404)
    })

    test('belongs to the browser that began it, is accepted once, and only from a page of ours', async () => {
      const id = await set()
      const answer = answerTo(await start(id))
      const strangers = new Browser(running)
      expect((await comeBack(answer, strangers)).status).toBe(403)
      expect(await isSignedIn(strangers)).toBe(false)
      const fields = { SAMLResponse: packed(answer.xml), RelayState: answer.state }
      const elsewhere = { origin: 'https://idp.example.org', 'sec-fetch-site': 'cross-site' }
      expect((await browser.send(`/sign-in/with/${id}/response`, fields, elsewhere)).status).toBe(403)
      expect(await isSignedIn(browser)).toBe(false)
      expect((await comeBack(answer)).at).toBe('/my-profile')
      expect((await comeBack(answer, new Browser(running))).status).toBe(403)
      browser.cookies.delete('__Host-countersign-session')
      expect((await comeBack(answer)).status).toBe(403)
      expect(await refusals()).toEqual(['over', 'over', 'over'])
      expect(await running.db.selectFrom('identities').selectAll().execute()).toHaveLength(1)
    })

    test('is not accepted for another request, from another provider, or by another protocol', async () => {
      const [one, two] = [await set(), await set({ name: 'Two' })]
      const first = answerTo(await start(one))
      const second = answerTo(await start(one))
      expect((await comeBack({ ...first, state: second.state })).status).toBe(403)
      const crossed = answerTo(await start(two))
      // What was said to one address, sent to the other.
      const third = answerTo(await start(one))
      expect((await comeBack({ ...third, acs: crossed.acs, state: crossed.state })).status).toBe(403)
      expect((await comeBack({ ...third, acs: crossed.acs })).status).toBe(403)
      const there = await startIdentityProvider()
      try {
        const oidc = await addProvider(running, there, { name: 'Three', admission: 'create' })
        const fourth = answerTo(await start(one))
        expect((await browser.open(`/sign-in/with/${one}/callback?code=c&state=${fourth.state}`)).status).toBe(403)
        const state = new URL(leadsTo((await start(oidc.id)).html)).searchParams.get('state') ?? ''
        const acs = fourth.acs.replace(one, oidc.id)
        expect((await comeBack({ ...fourth, acs, state })).status).toBe(403)
      } finally {
        await there.stop()
      }
      expect(await refusals()).toEqual(['not-valid', 'not-valid', 'over', 'over', 'over'])
      const [other, another] = await details('identity.refused')
      expect(other.detail).toContain('in-response-to')
      expect(another.detail).toContain('destination')
      expect(await users()).toEqual([])
    })

    test('says to the administrator what was wrong, and to the person that something was', async () => {
      const id = await set()
      const answer = answerTo(await start(id))
      const refused = await comeBack({ ...answer, xml: answer.xml.replace('>alice<', '>bob<') })
      expect(refused.status).toBe(403)
      expect(textOf(refused.html)).toContain('could not be accepted')
      expect(textOf(refused.html)).not.toContain('signature')
      const { state, ...asked } = readRequest(leadsTo((await start(id)).html))
      const status = 'urn:oasis:names:tc:SAML:2.0:status:Responder'
      const xml = writeResponse({ ...asked, now: running.time.now, status, statusMessage: 'Not today' }, '')
      const declined = await comeBack({ state, acs: asked.acs, xml })
      expect(textOf(declined.html)).toContain('did not let you through')
      running.time.now += minutes(1)
      const late = answerTo(await start(id))
      running.time.now += minutes(6)
      expect((await comeBack(late)).status).toBe(403)
      const noted = await details('identity.refused')
      expect(noted.map(({ because }) => because)).toEqual(['not-valid', 'declined', 'not-valid'])
      expect(noted.map(({ detail }) => detail)).toEqual([
        expect.stringContaining('signature'),
        expect.stringContaining('Not today'),
        expect.stringContaining('too-late'),
      ])
      await running.db.transaction().execute((trx) => disableProvider(trx, id, running.time.now))
      expect((await start(id)).status).toBe(403)
    })

    test('has no page for what is no response', async () => {
      const id = await set()
      const { acs, state, xml } = answerTo(await start(id))
      for (const fields of [
        {},
        { SAMLResponse: packed(xml) },
        { SAMLResponse: packed(xml), RelayState: '"><script>' },
        { SAMLResponse: '"><script>', RelayState: state },
      ])
        expect((await bring(acs, fields as Record<string, string>)).status).toBe(400)
    })

    test('links an account by its address where both sides have verified it', async () => {
      const person = await addPerson(running, { email: 'ada@example.org' })
      await running.db.transaction().execute((trx) => noteEmailVerified(trx, person.id, running.time.now))
      const id = await set({ linking: 'verified-email' })
      for (const [index, said] of [[], ['false'], ['1'], ['true', 'true']].entries()) {
        const lie = { assertionId: `_a${index}`, attributes: { ...attributes, email_verified: said } }
        expect((await come(id, lie)).status).toBe(403)
      }
      expect(await refusals()).toEqual(Array.from({ length: 4 }, () => 'link-in-person'))
      expect((await come(id, { attributes: { ...attributes, email_verified: ['true'] } })).at).toBe('/my-profile')
      expect(await details('identity.linked')).toMatchObject([{ by: 'verified-email' }])
      expect(await users()).toHaveLength(1)
    })

    test('is linked in a session, and the address may be the NameID', async () => {
      const id = await set({ admission: 'invited', claims: { email: 'NameID' } })
      await signIn(browser, await addPerson(running))
      const going = await browser.send(`/my-profile/settings/link/${id}`, {})
      const linked = await comeBack(answerTo(going, { nameId: 'ada@example.org' }))
      expect(linked.at).toBe('/my-profile/settings?notice=identity-linked')
      const [identity] = await running.db.selectFrom('identities').selectAll().execute()
      expect(identity).toMatchObject({ subject: 'ada@example.org', email: 'ada@example.org' })
      const other = new Browser(running)
      expect((await come(id, { nameId: 'ada@example.org', assertionId: '_b' }, other)).at).toBe('/my-profile')
    })

    test('confirms a session by a fresh authentication there, and by no old one', async () => {
      const id = await set({ mfa: { is: 'takes-care' } })
      await come(id)
      running.time.now += minutes(11)
      expect((await browser.open('/my-profile/tokens/new')).at).toBe('/sign-in/password')
      const going = await browser.send(`/sign-in/with/${id}/step-up`, {})
      expect(readRequest(leadsTo(going.html)).isFresh).toBe(true)
      const old = { authnInstant: running.time.now - minutes(11), assertionId: '_old' }
      expect((await comeBack(answerTo(going, old))).status).toBe(403)
      const again = await browser.send(`/sign-in/with/${id}/step-up`, {})
      expect((await comeBack(answerTo(again, { assertionId: '_new' }))).at).toBe('/my-profile/tokens/new')
      expect(await refusals()).toEqual(['not-fresh'])
      expect(await details('step-up.completed')).toEqual([{ method: 'identity-provider' }])
    })
  })
