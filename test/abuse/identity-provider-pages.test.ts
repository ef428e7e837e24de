// The pages of identity providers give nothing away and reach nowhere they must not: the secret stands in no answer, log or
// event; an issuer inside the network is not asked, and the page says so; and what a provider says of itself is only text.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventsOf } from '../support/attack.ts'
import { type Browser, textOf } from '../support/browser.ts'
import {
  addProvider as addThere,
  clientSecret,
  type IdentityProvider,
  startIdentityProvider,
} from '../support/identity-provider.ts'
import { addProvider, idIn, providerForm, providerSecret, providers } from '../support/identity-providers.ts'
import { addProtectedPerson } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'
import { readTables } from '../support/tables.ts'

for (const dialect of dialects) {
  describe(`the pages of identity providers on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let root: Browser
    const begin = async (allowPrivateProviders: boolean) => {
      running = await startService({ dialect, allowPrivateProviders })
      ;({ browser: root } = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' }))
    }
    const closing: (() => unknown)[] = []
    afterEach(async () => {
      await running.stop()
      for (const close of closing.splice(0)) await close()
    })
    const testIt = (path: string) => root.send(`${path}/test`, {})

    test('the secret stands in no answer, no log, no event and no table', async () => {
      await begin(true)
      const there = await startIdentityProvider()
      closing.push(() => there.stop())
      const path = await addProvider(root, { secret: providerSecret, issuer: there.issuer })
      there.register([`${origin}/sign-in/with/${idIn(path)}/callback`])
      const answers = [
        await root.open(providers),
        await root.open(path),
        await root.open(`${path}/edit`),
        await root.send(`${path}/edit`, { ...providerForm, name: '', secret: providerSecret, version: '1' }),
        await testIt(path),
        await root.open(`${path}/switch-off`),
        await root.open(`${path}/delete`),
        await root.open('/admin/audit'),
      ]
      const places = [
        ...answers.map(({ html }) => html),
        ...running.logged,
        JSON.stringify(await readTables(running.db)),
      ]
      for (const written of [providerSecret, Buffer.from(providerSecret).toString('base64')])
        expect(places.filter((place) => place.includes(written))).toEqual([])
    })

    test.each([
      ['https://127.0.0.1:1', 'in a private network or on this machine'],
      ['https://[::1]', 'in a private network or on this machine'],
      ['https://10.0.0.1', 'in a private network or on this machine'],
      ['https://169.254.169.254/latest/meta-data', 'in a private network or on this machine'],
      ['https://0x7f000001', 'in a private network or on this machine'],
      ['http://localhost', 'in a private network or on this machine'],
    ])('%s is not asked, and the page says why', async (issuer, words) => {
      await begin(false)
      const path = await addProvider(root, { issuer, secret: providerSecret })
      const report = await testIt(path)
      expect(report.status).toBe(200)
      expect(textOf(report.html)).toContain(words)
      expect(textOf(report.html)).toContain('The connection does not work yet.')
      expect((await root.send(`${path}/switch-on`, {})).status).toBe(409)
      expect(await eventsOf(running, 'identity-provider.tested')).toEqual([
        { provider: idIn(path), providerName: 'Works', passed: false, faults: ['discovery-private-address'] },
      ])
    })

    describe('with a provider that says what it likes', () => {
      let server: Server
      let issuer: string
      let said: Record<string, unknown>
      let status: number
      let keys: unknown
      let asked: string[]
      beforeEach(async () => {
        await begin(true)
        asked = []
        server = createServer((request, response) => {
          asked.push(`${request.method} ${request.url}`)
          const body =
            request.url === '/keys' ? { keys } : request.url === '/token' ? { error: 'invalid_client' } : said
          response
            .writeHead(request.url === '/token' ? 400 : status, {
              'content-type': 'application/json',
              ...(status === 302 ? { location: 'http://127.0.0.1:1/inside' } : {}),
            })
            .end(JSON.stringify(body))
        })
        await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
        closing.push(() => void server.close())
        issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        status = 200
        keys = [{ kty: 'RSA', use: 'sig', n: 'x', e: 'AQAB' }]
        said = {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          id_token_signing_alg_values_supported: ['RS256'],
          code_challenge_methods_supported: ['S256'],
          token_endpoint_auth_methods_supported: ['client_secret_basic'],
        }
      })

      test('each fault is named with what to change, and none lets it be switched on', async () => {
        const path = await addProvider(root, { issuer, secret: providerSecret })
        const faults: [() => void, string, string][] = [
          [() => Object.assign(said, { issuer: 'https://other.example' }), 'issuer-other', 'Enter that as the issuer'],
          [() => Object.assign(said, { issuer: 5 }), 'issuer-other', 'Enter that as the issuer'],
          [() => Object.assign(said, { token_endpoint: undefined }), 'endpoints-missing', 'token_endpoint'],
          [() => Object.assign(said, { token_endpoint: 'file:///etc/passwd' }), 'endpoints-insecure', 'not on https'],
          [
            () => Object.assign(said, { response_types_supported: ['id_token'] }),
            'code-missing',
            'authorization code flow',
          ],
          [
            () => Object.assign(said, { id_token_signing_alg_values_supported: ['none', 'HS256'] }),
            'algorithms-none',
            'none, HS256',
          ],
          [() => Object.assign(said, { code_challenge_methods_supported: ['plain'] }), 'pkce-missing', 'only: plain'],
          [
            () => Object.assign(said, { token_endpoint_auth_methods_supported: ['private_key_jwt'] }),
            'authentication-missing',
            'private_key_jwt',
          ],
          [
            () => Object.assign(said, { jwks_uri: 'https://169.254.169.254/' }),
            'keys-private-address',
            '169.254.169.254',
          ],
          [() => (keys = []), 'keys-none', 'publishes no key'],
          [() => (keys = { not: 'a list' }), 'keys-none', 'publishes no key'],
          [() => (keys = [null, 'x', { kty: 'oct' }]), 'keys-none', 'publishes no key'],
          [() => (status = 302), 'discovery-redirect', 'which is not followed'],
          [() => (status = 404), 'discovery-status', '404'],
          [() => (said = [] as never), 'discovery-not-json', 'is no JSON'],
          [() => {}, 'client-refused', 'invalid_client'],
        ]
        const right = { said, keys }
        for (const [spoil, fault, words] of faults) {
          said = { ...right.said }
          keys = right.keys
          status = 200
          spoil()
          const report = await testIt(path)
          expect([fault, report.status, textOf(report.html)]).toEqual([fault, 200, expect.stringContaining(words)])
          const { faults: found, passed } = (await eventsOf(running, 'identity-provider.tested')).at(-1) ?? {}
          expect([fault, passed, found]).toEqual([fault, false, expect.arrayContaining([fault])])
          expect((await root.send(`${path}/switch-on`, {})).status).toBe(409)
        }
        expect(asked.filter((line) => line.includes('inside'))).toEqual([])
      })

      test('what it says is shown as text', async () => {
        const path = await addProvider(root, { issuer, secret: providerSecret })
        said.issuer = '<script>alert(1)</script>\u202e'
        const { html } = await testIt(path)
        expect(html).not.toContain('<script>alert')
        expect(html).not.toContain('\u202e')
        expect(textOf(html)).toContain('<script>alert(1)</script>')
      })
    })

    describe('with a real provider', () => {
      let there: IdentityProvider
      beforeEach(async () => {
        await begin(true)
        running.time.now = Date.now()
        ;({ browser: root } = await addProtectedPerson(running, { email: 'now@example.org', role: 'administrator' }))
        there = await startIdentityProvider()
        closing.push(() => there.stop())
      })

      test('a connection that is set rightly passes, and may be switched on; with a wrong secret it does not', async () => {
        const path = await addProvider(root, { issuer: there.issuer, secret: 'not the right secret' })
        there.register([`${origin}/sign-in/with/${idIn(path)}/callback`])
        expect(textOf((await testIt(path)).html)).toContain('does not accept this client ID')
        expect((await root.send(`${path}/switch-on`, {})).status).toBe(409)
        const version = '1'
        await root.send(`${path}/edit`, { ...providerForm, issuer: there.issuer, secret: clientSecret, version })
        const report = await testIt(path)
        expect(textOf(report.html)).toContain('The connection is good.')
        expect((await root.send(`${path}/switch-on`, {})).at).toBe(`${path}?notice=on`)
        expect(textOf((await root.open('/sign-in')).html)).toBeDefined()
        expect(await eventsOf(running, 'identity-provider.tested')).toMatchObject([{ passed: false }, { passed: true }])
      })

      test('a provider that was changed while it was asked is not taken for tested', async () => {
        const provider = await addThere(running, there)
        await running.db.updateTable('identity_providers').set({ tested_at: null }).execute()
        const { machine } = running.service
        const { outbound } = machine
        machine.outbound = async (...about) => {
          await running.db.updateTable('identity_providers').set({ version: 99 }).execute()
          return outbound(...about)
        }
        expect((await testIt(`${providers}/${provider.id}`)).status).toBe(409)
        const row = await running.db.selectFrom('identity_providers').select('tested_at').executeTakeFirstOrThrow()
        expect(row.tested_at).toBe(null)
      })
    })
  })
}
