// Figures tell an attacker what works. They are for the operator's own programs, and not to be reached from outside by
// accident: not through a proxy that hands everything on, and not by a page in a browser on the same machine.

import { afterEach, describe, expect, test } from 'vitest'
import { addAccessToken } from '../../src/access-tokens/access-tokens.ts'
import { days } from '../../src/time.ts'
import { metricsToken } from '../support/exposition.ts'
import { addProtectedPerson } from '../support/people.ts'
import { startService, type TestService, type TestServiceOptions } from '../support/service.ts'

let running: TestService
afterEach(() => running.stop())

const local = 'http://localhost:8080'

async function status(
  options: TestServiceOptions,
  { from = '127.0.0.1', at = options.url, ...headers }: Record<string, string | undefined> = {},
) {
  running = await startService(options)
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >
  const address = new URL('/metrics', at ?? 'https://sign-in.test').href
  const response = await running.service.fetch(new Request(address, { headers: given }), { remoteAddress: from })
  const text = await response.text()
  expect(text.includes('countersign_')).toBe(response.status === 200)
  return response.status
}

describe('without a token', () => {
  test.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])(
    'a service that only this machine can use shows them to this machine (%s)',
    async (from) => {
      expect(await status({ url: local }, { from })).toBe(200)
    },
  )

  test.each(['192.0.2.1', '10.0.0.1', '::ffff:192.0.2.1', 'unknown', '', '127.0.0.1.example.org'])(
    'nobody at %j sees them',
    async (from) => {
      expect(await status({ url: local }, { from })).toBe(404)
    },
  )

  test.each(['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'])(
    'nobody sees them whose request a proxy has handed on (%s)',
    async (header) => {
      expect(await status({ url: local }, { [header]: '127.0.0.1' })).toBe(404)
      await running.stop()
      expect(await status({ url: local, trustedProxies: ['127.0.0.1'] }, { [header]: '127.0.0.1' })).toBe(404)
    },
  )

  test('a page elsewhere that a browser takes for this machine does not see them', async () => {
    expect(await status({ url: local }, { at: 'http://rebound.example.org:8080' })).toBe(404)
  })

  test('behind https nobody sees them, from wherever: a proxy that adds no header looks like this machine', async () => {
    expect(await status({})).toBe(404)
    await running.stop()
    expect(await status({}, { at: 'http://127.0.0.1:8080' })).toBe(404)
    await running.stop()
    expect(await status({}, { authorization: 'Bearer null' })).toBe(404)
    await running.stop()
    expect(await status({}, { authorization: 'Bearer ' })).toBe(404)
  })
})

describe('with a token', () => {
  test('whoever bears it sees them, from anywhere', async () => {
    expect(await status({ metricsToken }, { authorization: `Bearer ${metricsToken}`, from: '192.0.2.1' })).toBe(200)
  })

  test.each([
    undefined,
    'Bearer',
    `Bearer ${metricsToken}x`,
    `Bearer ${metricsToken.slice(1)}`,
    `Bearer ${metricsToken.toUpperCase()}`,
    `Basic ${metricsToken}`,
    metricsToken,
  ])('nobody else does, this machine included: %j', async (authorization) => {
    expect(await status({ metricsToken, url: local }, { authorization })).toBe(404)
  })

  test('neither a session nor a personal access token of an administrator is worth anything here', async () => {
    running = await startService({ metricsToken })
    const { browser, person } = await addProtectedPerson(running, { role: 'administrator' })
    expect((await browser.open('/metrics')).status).toBe(404)
    const given = {
      userId: person.id,
      name: 'x',
      scopes: ['users:read'] as const,
      life: days(1),
      now: running.time.now,
    }
    const { token: text } = await running.db.transaction().execute((trx) => addAccessToken(trx, given))
    const response = await running.fetch('/metrics', { headers: { authorization: `Bearer ${text}` } })
    expect(response.status).toBe(404)
  })
})
