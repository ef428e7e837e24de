// What a client says about itself is believed of nobody but a named proxy, and only as far back as the last hop that is
// not one. Links go by the configured address, whatever a request calls the host.

import { afterEach, describe, expect, test } from 'vitest'
import { perAddress } from '../../src/attempts/attempts.ts'
import { Browser } from '../support/browser.ts'
import { addProtectedPerson } from '../support/people.ts'
import { origin, startService, type TestService } from '../support/service.ts'
import { openSocket } from '../support/socket.ts'
import { invitationToken, makeState } from '../support/states.ts'

let running: TestService
afterEach(() => running.stop())

const post = { origin, 'content-type': 'application/x-www-form-urlencoded' }

/** A wrong password for an account of its own each time, so that only the address is counted against. */
async function guess(number: number, from: string, headers: Record<string, string> = {}): Promise<number> {
  const body = new URLSearchParams({ email: `nobody${number}@example.org`, password: 'wrong' }).toString()
  const response = await running.fetch('/sign-in', { method: 'POST', headers: { ...post, ...headers }, body, from })
  return response.status
}

/** How many guesses are let through before the address is blocked; `headersOf` forges differently each time. */
async function guessesUntilBlocked(
  from: string,
  headersOf: (number: number) => Record<string, string>,
): Promise<number> {
  for (let number = 0; number < perAddress.free + 10; number += 1)
    if ((await guess(number, from, headersOf(number))) === 429) return number
  return Number.POSITIVE_INFINITY
}

/** The addresses that the guesses were noted with. */
async function notedAddresses(): Promise<string[]> {
  const rows = await running.db
    .selectFrom('audit_events')
    .select('address')
    .where('name', '=', 'password.refused')
    .execute()
  return [...new Set(rows.map(({ address }) => String(address)))]
}

const forgeries: Record<string, (number: number) => Record<string, string>> = {
  'nothing forged': () => ({}),
  'X-Forwarded-For': (n) => ({ 'x-forwarded-for': `198.51.100.${n}` }),
  'X-Forwarded-For with many hops': (n) => ({
    'x-forwarded-for': `198.51.100.${n}, 203.0.113.${n}, 127.0.0.1, 10.0.0.1`,
  }),
  'X-Real-IP': (n) => ({ 'x-real-ip': `198.51.100.${n}` }),
  Forwarded: (n) => ({ forwarded: `for=198.51.100.${n};proto=https;by=10.0.0.1` }),
  'True-Client-IP': (n) => ({ 'true-client-ip': `198.51.100.${n}` }),
  'CF-Connecting-IP': (n) => ({ 'cf-connecting-ip': `198.51.100.${n}` }),
  'X-Client-IP': (n) => ({ 'x-client-ip': `198.51.100.${n}` }),
  'X-Originating-IP': (n) => ({ 'x-originating-ip': `198.51.100.${n}` }),
  'X-Cluster-Client-IP': (n) => ({ 'x-cluster-client-ip': `198.51.100.${n}` }),
  'Fastly-Client-IP': (n) => ({ 'fastly-client-ip': `198.51.100.${n}` }),
  'all of them': (n) => ({
    'x-forwarded-for': `198.51.100.${n}`,
    'x-real-ip': `198.51.100.${n}`,
    forwarded: `for=198.51.100.${n}`,
    'true-client-ip': `198.51.100.${n}`,
  }),
}

describe('a client that is nobody’s proxy', () => {
  for (const [what, headersOf] of Object.entries(forgeries)) {
    test(`does not move the counter of its address: ${what}`, { timeout: 60_000 }, async () => {
      running = await startService()
      expect(await guessesUntilBlocked('192.0.2.66', headersOf)).toBe(perAddress.free)
      expect(await notedAddresses()).toEqual(['192.0.2.66'])
      // Somebody else is not blocked by it.
      expect(await guess(1000, '192.0.2.67')).toBe(422)
    })
  }

  test('is not believed when other proxies are named', { timeout: 60_000 }, async () => {
    running = await startService({ trustedProxies: ['10.0.0.1'] })
    expect(await guessesUntilBlocked('192.0.2.66', (n) => ({ 'x-forwarded-for': `198.51.100.${n}, 10.0.0.1` }))).toBe(
      perAddress.free,
    )
  })
})

describe('a named proxy', () => {
  const proxy = '10.0.0.1'

  /** The address that one request with this `X-Forwarded-For` is noted with. */
  async function addressFor(
    forwarded: string | null,
    trustedProxies = [proxy],
    peer = proxy,
  ): Promise<string | undefined> {
    running = await startService({ trustedProxies })
    await guess(0, peer, forwarded === null ? {} : { 'x-forwarded-for': forwarded })
    return (await notedAddresses())[0]
  }

  test('is believed', async () => {
    expect(await addressFor('198.51.100.7')).toBe('198.51.100.7')
  })

  test('is believed when it comes over an IPv6 socket', async () => {
    expect(await addressFor('198.51.100.7', [proxy], '::ffff:10.0.0.1')).toBe('198.51.100.7')
  })

  test('is asked for the last hop, which it wrote itself, and not for what the client wrote before it', async () => {
    expect(await addressFor('203.0.113.9, 198.51.100.7')).toBe('198.51.100.7')
  })

  test('hands over to the proxy before it only when that one is named too', async () => {
    expect(await addressFor('203.0.113.9, 198.51.100.7, 10.0.0.2', [proxy, '10.0.0.2'])).toBe('198.51.100.7')
    await running.stop()
    expect(await addressFor('203.0.113.9, 198.51.100.7, 10.0.0.2')).toBe('10.0.0.2')
  })

  test('does not lead past a hop that is no address', async () => {
    for (const hop of ['unknown', '_hidden', '198.51.100.7:8080', 'localhost', '', '999.1.1.1', '198.51.100.7 ']) {
      const address = await addressFor(`203.0.113.9, ${hop}`)
      expect([proxy, '198.51.100.7']).toContain(address)
      await running.stop()
    }
    running = await startService()
  })

  test('is still the address when it says nothing, or names itself', async () => {
    expect(await addressFor(null)).toBe(proxy)
    await running.stop()
    expect(await addressFor(proxy)).toBe(proxy)
  })

  test('does not let its clients forge their way out of a block', { timeout: 60_000 }, async () => {
    running = await startService({ trustedProxies: [proxy] })
    const headersOf = (n: number) => ({
      'x-forwarded-for': `203.0.113.${n}, 198.51.100.7`,
      'x-real-ip': `203.0.113.${n}`,
    })
    expect(await guessesUntilBlocked(proxy, headersOf)).toBe(perAddress.free)
    expect(await guess(1000, proxy, { 'x-forwarded-for': '198.51.100.8' })).toBe(422)
  })
})

/** What a request may call the host; none of it is ours. */
const hosts: Record<string, Record<string, string>> = {
  Host: { host: 'evil.example' },
  'Host with a port': { host: 'sign-in.test:1234' },
  'X-Forwarded-Host': { 'x-forwarded-host': 'evil.example' },
  'X-Forwarded-Host, Proto and Port': {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '1234',
  },
  Forwarded: { forwarded: 'host=evil.example;proto=http' },
  'X-Host': { 'x-host': 'evil.example', 'x-forwarded-server': 'evil.example', 'x-http-host-override': 'evil.example' },
  'X-Original-URL': { 'x-original-url': 'https://evil.example/my-profile', 'x-rewrite-url': '/admin/users' },
}

describe('what a request calls the host', () => {
  for (const [what, headers] of Object.entries(hosts)) {
    test(`does not get into any link or mail: ${what}`, { timeout: 60_000 }, async () => {
      const state = await makeState('administrator', 'sqlite')
      running = state.running
      const browser = await state.again()
      // Without a mail server the link is on the page; in a mail it is looked at in `mail-recipients.test.ts`.
      running.service.machine.hasMailServer = false
      const added = await browser.send(
        '/admin/users/new',
        { email: 'zoe@example.org', name: '', role: 'member' },
        headers,
      )
      expect(added.html).toContain(`${origin}/accept-invitation?token=`)
      const answers = [
        added.html,
        (await browser.open('/recovery-codes', headers)).html,
        (await browser.send('/recovery-codes', {}, headers)).html,
        (await browser.send('/recovery-codes/download', { code: '0000-0000-0000-0000' }, headers)).html,
        (await new Browser(running).open(`/accept-invitation?token=${invitationToken}`, headers)).html,
        (await new Browser(running).open('/my-profile', headers)).html,
        await (await running.fetch('/api/v1/me', { headers })).text(),
        await (await running.fetch('/nothing', { headers })).text(),
      ]
      await running.deliver()
      for (const answer of [...answers, ...running.mails.map((mail) => JSON.stringify(mail))]) {
        expect(answer).not.toContain('evil.example')
        expect(answer).not.toContain('1234')
      }
      expect(running.mails.length).toBeGreaterThan(0)
    })
  }

  test('does not make a request of another site one of ours', async () => {
    running = await startService()
    const response = await running.fetch('/sign-in', {
      method: 'POST',
      headers: { ...post, origin: 'https://evil.example', host: 'evil.example', 'x-forwarded-host': 'evil.example' },
      body: 'email=a&password=b',
    })
    expect(response.status).toBe(403)
  })

  test('counts for nothing on a real socket either, where the request line may name a host as well', async () => {
    running = await startService()
    const { browser } = await addProtectedPerson(running, { role: 'administrator' })
    const socket = await openSocket(running)
    const cookie = `Cookie: ${[...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')}`
    const body = new URLSearchParams({ email: 'zoe@example.org', name: '', role: 'member' }).toString()
    const lines = [
      'POST https://evil.example/admin/users/new HTTP/1.1',
      'Host: evil.example',
      `Origin: ${origin}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      'Connection: close',
      cookie,
    ]
    const added = await socket.send(lines, body)
    expect(added.status).toBe(200)
    expect(added.body).toContain(`${origin}/accept-invitation?token=`)
    expect(added.body).not.toContain('evil.example')
    const forged = [...lines]
    forged[2] = 'Origin: https://evil.example'
    expect((await socket.send(forged, body)).status).toBe(403)
    await socket.close()
  })

  test('the address of a socket is noted, and nothing that its client says of it', async () => {
    running = await startService()
    const socket = await openSocket(running)
    await socket.send(
      [
        'POST /sign-in HTTP/1.1',
        'Host: sign-in.test',
        `Origin: ${origin}`,
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: 18',
        'X-Forwarded-For: 198.51.100.7',
        'Connection: close',
      ],
      'email=a&password=b',
    )
    expect(await notedAddresses()).toEqual(['127.0.0.1'])
    await socket.close()
  })
})
