// What programs send to the API, wrongly or wickedly: fields that nobody offered (mass assignment), ids of others, types that
// are none, prototypes, and noise. The API refuses, changes nothing, and is never at a loss (500).

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scopes } from '../../src/access-tokens/scopes.ts'
import { addToken, callByToken } from '../support/api.ts'
import { addPerson, addProtectedPerson } from '../support/people.ts'
import { bodyOf } from '../support/routes.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'
import type { State } from '../support/states.ts'
import { changesBetween, readTables } from '../support/tables.ts'

/** Columns and words that somebody may hope to slip in. */
const hoped: Record<string, unknown> = {
  id: '00000000-0000-4000-8000-000000000000',
  user_id: '00000000-0000-4000-8000-000000000000',
  userId: '00000000-0000-4000-8000-000000000000',
  isAdmin: true,
  admin: true,
  permissions: ['users.manage'],
  password: 'four words nobody would guess',
  password_hash: 'x',
  email_key: 'root@example.org',
  mfa: 'on',
  mfa_reset_at: null,
  deactivated_at: null,
  token: 'cs_pat_x',
  token_hash: 'x',
  constructor: { prototype: { role: 'administrator' } },
  toString: 'x',
}

for (const dialect of dialects) {
  describe(`the API on ${dialect}`, { timeout: 120_000 }, () => {
    let running: TestService
    let token: string
    let cookie: string
    let ids: Record<string, string>
    beforeAll(async () => {
      running = await startService({ dialect })
      const admin = await addProtectedPerson(running, { role: 'administrator', email: 'root@example.org' })
      token = (await addToken(running, admin.person, scopes)).token
      cookie = [...admin.browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const group = await callByToken(running, token, 'POST /api/v1/groups', { name: 'Night shift' })
      ids = { user: bob.id, group: String(group.body.id), token: bob.id, session: bob.id, event: bob.id }
    }, 60_000)
    afterAll(() => running.stop())

    const routes = () => running.service.routes.filter(({ path }) => path.startsWith('/api/v1/'))
    const withBody = () => routes().filter(({ method, path }) => bodyOf(`${method} ${path}`, {} as State) !== '')
    const addressOf = (path: string) => path.replace(/:(\w+)/g, (_, name: string) => ids[name] ?? name)
    const call = (method: string, path: string, body?: string, type = 'application/json') =>
      running.fetch(addressOf(path), {
        method,
        ...(body === undefined ? {} : { body }),
        // In person, where most may be done; and what is refused there for what it is, is refused for tokens as well.
        headers: { cookie, origin, ...(body === undefined ? {} : { 'content-type': type }) },
      })
    const changes = async (act: () => Promise<void>) => {
      const before = await readTables(running.db)
      await act()
      return changesBetween(before, await readTables(running.db)).filter(
        (change) => !/last_seen_at|last_used_at|^audit_events \+1$/.test(change),
      )
    }

    test('takes no field that it does not offer, on any operation', async () => {
      expect(withBody().length).toBeGreaterThan(7)
      const changed = await changes(async () => {
        for (const { method, path } of withBody())
          for (const [name, value] of Object.entries(hoped)) {
            const body = { ...JSON.parse(bodyOf(`${method} ${path}`, {} as State)), [name]: value }
            const response = await call(method, path, JSON.stringify(body))
            expect([method, path, name, response.status]).toEqual([method, path, name, 422])
            const { errors } = (await response.json()) as { errors: { pointer: string }[] }
            expect(errors.map(({ pointer }) => pointer)).toContain(`#/${name}`)
          }
      })
      expect(changed).toEqual([])
      expect(({} as Record<string, unknown>).role).toBeUndefined()
    })

    test('takes no `__proto__`, at any depth, no U+0000 and no half of a surrogate pair', async () => {
      const wicked = [
        '{"__proto__":{"role":"administrator"}}',
        '{"name":{"__proto__":{"role":"administrator"}}}',
        '{"name":"a\\u0000b"}',
        '{"na\\u0000me":"x"}',
        '{"name":"\\ud800"}',
        '{"name":"a\\udc00b"}',
        '{"scopes":[{"__proto__":[]}],"name":"x"}',
      ]
      const changed = await changes(async () => {
        for (const { method, path } of routes().filter((route) => route.method !== 'GET'))
          for (const body of wicked)
            expect([method, path, body, (await call(method, path, body)).status]).toEqual([method, path, body, 422])
      })
      expect(changed).toEqual([])
    })

    test('takes nothing with an operation that takes nothing, and nothing but JSON', async () => {
      const changed = await changes(async () => {
        for (const { method, path } of routes().filter((route) => route.method !== 'GET')) {
          const none = bodyOf(`${method} ${path}`, {} as State) === ''
          if (none)
            expect([method, path, (await call(method, path, '{"role":"administrator"}')).status]).toEqual([
              method,
              path,
              422,
            ])
          for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/json'])
            expect([method, path, type, (await call(method, path, '{}', type)).status]).toEqual([
              method,
              path,
              type,
              415,
            ])
          for (const body of ['{', '[', 'null x', '{"a":1,}', "{'a':1}", '\u{feff}{', `${'['.repeat(20_000)}`])
            expect([method, path, (await call(method, path, body)).status]).toEqual([method, path, 400])
        }
      })
      expect(changed).toEqual([])
    })

    test('takes no unknown parameter, and none twice', async () => {
      for (const { method, path } of routes()) {
        for (const query of [
          '?nonsense=1',
          '?__proto__=1',
          '?constructor=1',
          '?search=a&search=b',
          '?after=%00',
          '?=',
        ]) {
          const response = await call(method, `${path}${query}`)
          const refusal = ['POST', 'PUT', 'PATCH'].includes(method) ? [415, 422] : [422]
          expect([method, path, query, refusal.includes(response.status)]).toEqual([method, path, query, true])
        }
      }
    })

    test('knows an id when it sees one: anything else names nothing', async () => {
      const odd = [
        'x',
        '1',
        '%00',
        '%2e%2e',
        '..%2f..',
        "1'--",
        '*',
        ids.user?.toUpperCase() ?? '',
        `${ids.user}x`,
        'null',
      ]
      for (const { method, path } of routes().filter((route) => route.path.includes(':')))
        for (const id of odd) {
          const response = await running.fetch(path.replace(/:(\w+)/g, id), {
            method,
            headers: { cookie, origin, 'content-type': 'application/json' },
          })
          expect([method, path, id, response.status]).toEqual([method, path, id, 404])
        }
    })

    test('is never at a loss, whatever comes', async () => {
      const field = fc.constantFrom(
        'name',
        'email',
        'role',
        'scopes',
        'expires_in_days',
        'expires_at',
        'reason',
        'theme',
        'enforce_mfa',
        'language',
      )
      const value = fc.oneof(
        fc.jsonValue(),
        fc.string({ unit: 'binary' }),
        fc.constantFrom(
          '\ud800',
          '9'.repeat(400),
          '2026-13-45T99:99:99Z',
          '-000001-01-01T00:00:00Z',
          '9999-12-31T23:59:59Z',
          -0,
          [],
          {},
        ),
      )
      const body = fc.dictionary(field, value, { maxKeys: 4 })
      await fc.assert(
        fc.asyncProperty(fc.nat(), body, async (pick, sent) => {
          const { method, path } = withBody()[pick % withBody().length] ?? { method: 'GET', path: '/' }
          const response = await call(method, path, JSON.stringify(sent))
          expect(response.status, `${method} ${path} ${JSON.stringify(sent)}`).toBeLessThan(500)
        }),
        { numRuns: 300 },
      )
      const query = fc.dictionary(
        fc.constantFrom('search', 'after', 'role', 'group', 'event', 'actor', 'since', 'until', 'address'),
        fc.string({ unit: 'binary' }),
        { maxKeys: 3 },
      )
      await fc.assert(
        fc.asyncProperty(fc.constantFrom('/api/v1/users', '/api/v1/audit-events'), query, async (path, sent) => {
          const response = await call('GET', `${path}?${new URLSearchParams(sent as Record<string, string>)}`)
          expect(response.status, `${path} ${JSON.stringify(sent)}`).toBeLessThan(500)
        }),
        { numRuns: 300 },
      )
      expect(running.logged.filter((line) => line.startsWith('ERROR'))).toEqual([])
    })
  })
}
