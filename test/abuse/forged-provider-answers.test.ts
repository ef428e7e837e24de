// A provider that lies, or somebody in between: nothing that is not exactly as it must be signs anybody in, each attempt is in
// the audit log, and none is answered as a fault of ours.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes } from '../../src/time.ts'
import { Browser, type Page } from '../support/browser.ts'
import {
  type ForgingProvider,
  foreignKey,
  publicPem,
  signed,
  startForgingProvider,
  tokensWith,
} from '../support/forging-provider.ts'
import { addProvider, clientSecret, type IdentityProvider, leadsTo } from '../support/identity-provider.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

type Json = Record<string, unknown>

for (const dialect of dialects) {
  describe(`nobody gets in on ${dialect} by`, () => {
    let running: TestService
    let liar: ForgingProvider
    let browser: Browser
    let provider: { id: string }
    const add = (at: ForgingProvider, name = 'Works', more: Json = {}) =>
      addProvider(running, { issuer: at.issuer, register: () => {} } as unknown as IdentityProvider, {
        name,
        admission: 'create',
        mfa: { is: 'takes-care' },
        ...more,
      })
    const start = async (allowPrivateProviders = true) => {
      running = await startService({ dialect, allowPrivateProviders })
      running.time.now = Date.now()
      browser = new Browser(running)
      provider = await add(liar)
    }
    beforeEach(async () => {
      liar = await startForgingProvider()
      await start()
    })
    afterEach(async () => {
      await running.stop()
      await liar.stop()
    })

    const go = async (next?: string) =>
      leadsTo((await browser.send(`/sign-in/with/${provider.id}`, next ? { next } : {})).html)
    const come = async (more: Record<string, string> = {}): Promise<Page> => browser.open(liar.back(await go(), more))
    const count = async (table: 'sessions' | 'users' | 'identities' | 'sign_ins') =>
      (await running.db.selectFrom(table).selectAll().execute()).length
    async function expectRefused(page: Page, because: string) {
      expect(page.status).toBe(403)
      const events = await running.db
        .selectFrom('audit_events')
        .selectAll()
        .where('name', '=', 'identity.refused')
        .execute()
      expect(JSON.parse(events.at(-1)?.details ?? '{}')).toMatchObject({ because })
      expect([
        await count('sessions'),
        await count('users'),
        await count('identities'),
        await count('sign_ins'),
      ]).toEqual([0, 0, 0, 0])
      expect(running.logged.filter((line) => line.startsWith('ERROR'))).toEqual([])
      expect(page.html).not.toContain('<script>')
    }

    test('a lie: who tells the truth gets in, so that the others are refused for their lies', async () => {
      expect((await come()).at).toBe('/my-profile')
      expect(await count('sessions')).toBe(1)
    })

    const past = Math.floor(Date.now() / 1000) - 3600
    const without = (name: string) => (claims: Json) => {
      const { [name]: _, ...rest } = claims
      return rest
    }
    const claimed: Record<string, (claims: Json) => Json> = {
      'another issuer': (c) => ({ ...c, iss: 'https://evil.example' }),
      'an issuer with a slash more': (c) => ({ ...c, iss: `${c.iss}/` }),
      'no issuer': without('iss'),
      'another audience': (c) => ({ ...c, aud: 'other' }),
      'several audiences and no azp': (c) => ({ ...c, aud: ['countersign', 'other'] }),
      'several audiences and another azp': (c) => ({ ...c, aud: ['countersign', 'other'], azp: 'other' }),
      'no audience': without('aud'),
      'an empty audience': (c) => ({ ...c, aud: [] }),
      'an end that is past': (c) => ({ ...c, exp: past }),
      'no end': without('exp'),
      'an end in a text': (c) => ({ ...c, exp: String(c.exp) }),
      'no beginning': without('iat'),
      'not yet': (c) => ({ ...c, nbf: Number(c.iat) + 3600 }),
      'another nonce': (c) => ({ ...c, nonce: 'other' }),
      'no nonce': without('nonce'),
      'no subject': without('sub'),
      'a subject that is null': (c) => ({ ...c, sub: null }),
      'a subject that is empty': (c) => ({ ...c, sub: '' }),
      'a subject that is a number': (c) => ({ ...c, sub: 7 }),
      'a subject that is a list': (c) => ({ ...c, sub: ['ada'] }),
      'a subject that is too long': (c) => ({ ...c, sub: 'x'.repeat(256) }),
    }
    test.each(Object.entries(claimed))('an ID token with %s', async (_, alter) => {
      liar.tokens = (nonce) => tokensWith(signed({}, alter(liar.claims(nonce))))
      await expectRefused(await come(), 'not-valid')
    })

    const forged: Record<string, (claims: Json) => unknown> = {
      'no signature': (c) => signed({ alg: 'none' }, c, null),
      'no signature, and its algorithm in capitals': (c) => signed({ alg: 'NONE' }, c, null),
      'the signature cut off': (c) => `${signed({}, c).split('.').slice(0, 2).join('.')}.`,
      'a signature of another token': (c) =>
        `${signed({}, c).split('.').slice(0, 2).join('.')}.${signed({}, { ...c, sub: 'eve' }).split('.')[2]}`,
      'a foreign key': (c) => signed({}, c, foreignKey),
      'a foreign key that it brings along': (c) =>
        signed({ jwk: { kty: 'RSA' }, jku: 'http://169.254.169.254/', x5u: 'http://127.0.0.1:1/' }, c, foreignKey),
      'a key that nobody knows': (c) => signed({ kid: 'unknown' }, c),
      'the public key as a shared secret': (c) => signed({ alg: 'HS256' }, c, publicPem),
      'the client secret as a shared secret': (c) => signed({ alg: 'HS256' }, c, clientSecret),
      'another algorithm than its key has': (c) => signed({ alg: 'ES256' }, c),
      'a critical header': (c) => signed({ crit: ['exp'] }, c),
      'nothing of a token': () => 'nonsense',
      'four parts': (c) => `${signed({}, c)}.x`,
      'a number for a token': () => 7,
      'no token': () => undefined,
    }
    test.each(Object.entries(forged))('an ID token with %s', async (_, forge) => {
      liar.tokens = (nonce) => tokensWith(forge(liar.claims(nonce)))
      await expectRefused(await come(), 'not-valid')
    })

    test.each([
      ['another issuer beside the code', { iss: 'https://evil.example' }, 'not-valid'],
      ['an error', { error: 'server_error', error_description: '<script>alert(1)</script>' }, 'declined'],
      ['another state', { state: 'x'.repeat(43) }, 'over'],
      ['an empty state', { state: '' }, 'over'],
      ['an empty code', { code: '' }, 'not-valid'],
    ])('an answer with %s', async (_, more, because) => {
      await expectRefused(await come(more as unknown as Record<string, string>), because)
    })

    test('an answer without the issuer that the provider says it gives, or with things given twice', async () => {
      const back = liar.back(await go())
      await expectRefused(await browser.open(back.replace(/&iss=[^&]*/, '')), 'not-valid')
      const again = liar.back(await go())
      await expectRefused(await browser.open(`${again}&code=other`), 'not-valid')
      const twice = liar.back(await go())
      await expectRefused(await browser.open(`${twice}&iss=${encodeURIComponent('https://evil.example')}`), 'not-valid')
    })

    test('an answer in another browser, in none, too late, or a second time', async () => {
      const back = liar.back(await go())
      const other = new Browser(running)
      await expectRefused(await other.open(back), 'over')
      await other.send(`/sign-in/with/${provider.id}`, {})
      await expectRefused(await other.open(back), 'over')
      running.time.now += minutes(10)
      await expectRefused(await browser.open(back), 'over')
      const fine = liar.back(await go())
      expect((await browser.open(fine)).at).toBe('/my-profile')
      const before = await count('sessions')
      expect((await browser.open(fine)).status).toBe(403)
      expect(await count('sessions')).toBe(before)
    })

    test('an answer of one provider at the door of another', async () => {
      const honest = provider
      const evil = await startForgingProvider()
      provider = await add(evil, 'Evil')
      const atEvil = await go()
      // What was begun at one, given to the other's callback: with its own state, and with its issuer.
      const back = evil.back(atEvil)
      await expectRefused(await browser.open(back.replace(provider.id, honest.id)), 'over')
      const forwarded = evil.back(await go(), { iss: liar.issuer })
      await expectRefused(await browser.open(forwarded), 'not-valid')
      // A token that the honest one has signed, handed out by the evil one.
      evil.tokens = (nonce) => tokensWith(signed({}, { ...evil.claims(nonce), iss: liar.issuer }))
      await expectRefused(await browser.open(evil.back(await go())), 'not-valid')
      await evil.stop()
    })

    test.each([
      ['another issuer than it was asked as', { issuer: 'https://evil.example' }],
      ['a page that is a script', { authorization_endpoint: 'javascript:alert(1)' }],
      ['a page that is data', { authorization_endpoint: 'data:text/html,hello' }],
      ['no algorithm but those that anybody can use', { id_token_signing_alg_values_supported: ['none', 'HS256'] }],
      ['no page to sign in at', { authorization_endpoint: null }],
    ])('a provider that says it has %s', async (_, metadata) => {
      liar.metadata = metadata
      const page = await browser.send(`/sign-in/with/${provider.id}`, {})
      await expectRefused(page, 'not-valid')
      expect(leadsTo(page.html)).toBe('')
    })

    test.each([
      ['a private place', 'jwks_uri', 'https://10.0.0.1/jwks'],
      ['where clouds keep their credentials', 'token_endpoint', 'http://169.254.169.254/latest/meta-data/'],
      ['a file', 'jwks_uri', 'file:///etc/passwd'],
    ])('a provider whose addresses lead to %s is not followed there', async (_, name, address) => {
      liar.metadata = { [name]: address }
      await running.stop()
      await start(address !== 'https://10.0.0.1/jwks')
      const going = await browser.send(`/sign-in/with/${provider.id}`, {})
      if (leadsTo(going.html) === '') return expectRefused(going, 'unreachable')
      const page = await browser.open(liar.back(leadsTo(going.html)))
      expect(page.status).toBe(403)
      expect(await count('sessions')).toBe(0)
    })

    test('a provider on this machine is not asked at all unless that is allowed', async () => {
      await running.stop()
      await start(false)
      const before = liar.asked.length
      await expectRefused(await browser.send(`/sign-in/with/${provider.id}`, {}), 'unreachable')
      expect(liar.asked).toHaveLength(before)
    })

    test.each([
      ['leads elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:1/secret' } }],
      ['has an error', { status: 500, body: '<html>' }],
      ['is no JSON', { status: 200, headers: { 'content-type': 'application/json' }, body: '{' }],
      ['is a list', { status: 200, headers: { 'content-type': 'application/json' }, body: '[]' }],
      [
        'is much too long',
        { status: 200, headers: { 'content-type': 'application/json' }, body: ' '.repeat(600 * 1024) },
      ],
    ])('an answer that %s, from whichever place', async (_, instead) => {
      const going = liar.back(await go())
      for (const path of ['/token', '/jwks']) {
        liar.other = (asked) => (asked === path ? instead : null)
        const page = await browser.open(path === '/token' ? going : liar.back(await go()))
        expect(page.status).toBe(403)
      }
      running.restart()
      liar.other = () => instead
      expect((await browser.send(`/sign-in/with/${provider.id}`, {})).status).toBe(403)
      expect(await count('sessions')).toBe(0)
      expect(running.logged.filter((line) => line.startsWith('ERROR'))).toEqual([])
    })

    test('somewhere else to go afterwards', async () => {
      for (const next of [
        'https://evil.example/',
        '//evil.example',
        '/\\evil.example',
        'javascript:alert(1)',
        '/sign-out',
      ])
        expect((await browser.open(liar.back(await go(next)))).at).toBe('/my-profile')
    })

    test('one answer fifty times at once makes one session', async () => {
      const back = liar.back(await go())
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const answers = await Promise.all(Array.from({ length: 50 }, () => running.fetch(back, { headers: { cookie } })))
      expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 403)).toHaveLength(49)
      expect([await count('sessions'), await count('users')]).toEqual([1, 1])
    })

    test('a forged form elsewhere that sends somebody on their way', async () => {
      const page = await browser.send(
        `/sign-in/with/${provider.id}`,
        {},
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      )
      expect(page.status).toBe(403)
      expect(await running.db.selectFrom('provider_round_trips').selectAll().execute()).toEqual([])
    })
  })
}
