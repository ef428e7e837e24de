// The headers that tell a browser to trust nothing: on every response there is, whatever the route, the state and the
// outcome, and pages that need nothing of what they forbid.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { addPerson, addProtectedPerson, password, signIn } from '../support/people.ts'
import { request } from '../support/routes.ts'
import { origin, startService } from '../support/service.ts'
import { openSocket } from '../support/socket.ts'
import { makeState, type State, stateNames } from '../support/states.ts'

type Answer = Pick<Response, 'headers' | 'status'>

/** Directives of a content security policy, by name. */
function policyOf({ headers }: Answer): Map<string, string[]> {
  const policy = headers.get('content-security-policy') ?? ''
  return new Map(
    policy.split(';').map((directive) => {
      const [name = '', ...sources] = directive.trim().split(/\s+/)
      return [name, sources]
    }),
  )
}

/** Checks what every response must say. `cached` for built files, which may be kept. */
function expectGuarded(answer: Answer, what: string, { cached = false, secure = true } = {}): void {
  const { headers } = answer
  const policy = policyOf(answer)
  const sources = [...policy.values()].flat()
  expect(policy.get('default-src'), what).toEqual(["'none'"])
  expect(policy.get('frame-ancestors'), what).toEqual(["'none'"])
  expect(policy.get('base-uri'), what).toEqual(["'none'"])
  expect(policy.get('form-action'), what).toEqual(["'self'"])
  expect(policy.get('script-src'), what).toEqual(["'self'"])
  expect(policy.get('style-src'), what).toEqual(["'self'"])
  expect(
    sources.filter((source) => !["'self'", "'none'"].includes(source)),
    what,
  ).toEqual([])
  expect(headers.get('x-content-type-options'), what).toBe('nosniff')
  expect(headers.get('x-frame-options'), what).toBe('DENY')
  // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
  expect(headers.get('referrer-policy'), what).toBe('same-origin')
  for (const feature of ['camera', 'geolocation', 'microphone', 'payment', 'usb'])
    expect(headers.get('permissions-policy'), what).toContain(`${feature}=()`)
  expect(headers.get('cross-origin-opener-policy'), what).toBe('same-origin')
  expect(headers.get('cross-origin-resource-policy'), what).toBe('same-origin')
  expect(headers.get('cache-control'), what).toMatch(cached ? /^public, max-age=\d+/ : /^no-store$/)
  for (const name of ['server', 'x-powered-by', 'access-control-allow-origin', 'access-control-allow-credentials'])
    expect(headers.get(name), what).toBeNull()
  const hsts = headers.get('strict-transport-security')
  if (secure) expect(Number(/max-age=(\d+)/.exec(hsts ?? '')?.[1]), what).toBeGreaterThanOrEqual(31_536_000)
  else expect(hsts, what).toBeNull()
  if ((headers.get('content-type') ?? '').startsWith('text/html'))
    expect(headers.get('content-type')).toMatch(/charset=utf-8/i)
}

/** Checks that every cookie stays with this host, with https, and away from scripts. */
function expectSafeCookies({ headers }: Answer, what: string): void {
  for (const line of headers.getSetCookie()) {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    expect(pair, what).toMatch(/^__Host-countersign-(session|sign-in|browser|round-trip)=/)
    expect(attributes, what).toEqual(expect.arrayContaining(['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']))
    expect(
      attributes.filter((attribute) => /^domain/i.test(attribute)),
      what,
    ).toEqual([])
    // The session and the sign-in end with the browser; the mark of a known browser lives for half a year, and what belongs
    // to round trips to a provider a little longer than those.
    if (!/^__Host-countersign-(browser|round-trip)=/.test(pair))
      expect(
        attributes.filter((attribute) => /^(expires|max-age=[1-9])/i.test(attribute)),
        what,
      ).toEqual([])
  }
}

/** Checks that a page needs no inline script, no inline style, and nothing from elsewhere. */
function expectCleanPage(html: string, what: string): void {
  const tags = html.match(/<[a-z][^>]*>/gi) ?? []
  for (const tag of tags) {
    expect(tag, what).not.toMatch(/\sstyle\s*=/i)
    expect(tag, what).not.toMatch(/\son[a-z]+\s*=/i)
    expect(tag, what).not.toMatch(/(href|src|action)\s*=\s*"?\s*(javascript|data|vbscript):/i)
    if (/^<(script|link|img|iframe|object|embed|base|meta\s+http-equiv)/i.test(tag)) {
      expect(tag, what).toMatch(/^<(script|link)/i)
      expect(tag, what).toMatch(/\s(src|href)="\/[^/]/)
    }
  }
  expect(html, what).not.toMatch(/<style/i)
  expect(
    [...html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/gi)].map(([, inside]) => inside),
    what,
  ).toEqual([''])
}

const mayBeCached = (route: string) => /^GET \/(assets|favicon\.svg)/.test(route)

for (const name of stateNames) {
  describe(name, () => {
    let state: State
    beforeAll(async () => {
      state = await makeState(name, 'sqlite')
    }, 60_000)
    afterAll(() => state.stop())

    test('every route answers with every header, safe cookies and a clean page', { timeout: 60_000 }, async () => {
      for (const { method, path } of state.running.service.routes) {
        const route = `${method} ${path}`
        const response = await request(await state.again(), route, state)
        expectGuarded(response, route, { cached: mayBeCached(route) })
        expect(response.headers.get('x-request-id'), route).toMatch(/^[0-9a-f]{16}$/)
        expectSafeCookies(response, route)
        if ((response.headers.get('content-type') ?? '').startsWith('text/html') && response.status !== 303)
          expectCleanPage(await response.text(), route)
      }
    })
  })
}

describe('what goes wrong', () => {
  const post = { method: 'POST', headers: { origin, 'content-type': 'application/x-www-form-urlencoded' } }

  test('is answered with every header as well', async () => {
    const running = await startService()
    const answers: Record<string, Response> = {
      'not found': await running.fetch('/nothing'),
      'not found, below /api': await running.fetch('/api/nothing'),
      'a missing asset': await running.fetch('/assets/missing.js'),
      'another method': await running.fetch('/sign-in', { method: 'PUT', headers: { origin } }),
      HEAD: await running.fetch('/sign-in', { method: 'HEAD' }),
      'OPTIONS, as before a cross-site request': await running.fetch('/api/v1/me', {
        method: 'OPTIONS',
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
      }),
      'cross-site': await running.fetch('/sign-in', {
        ...post,
        headers: { ...post.headers, origin: 'https://evil.example' },
      }),
      'too large': await running.fetch('/sign-in', { ...post, body: 'a'.repeat(70_000) }),
      'another form': await running.fetch('/sign-in', {
        ...post,
        headers: { origin, 'content-type': 'text/plain' },
        body: 'a=b',
      }),
      'a wrong password': await running.fetch('/sign-in', { ...post, body: 'email=a&password=b' }),
      'no session': await running.fetch('/api/v1/me'),
    }
    for (const [what, response] of Object.entries(answers)) expectGuarded(response, what)
    expect(answers['too large']?.status).toBe(413)
    expect(answers['another form']?.status).toBe(415)
    await running.stop()
  })

  test('too many attempts say when to try again, under the same headers', async () => {
    const running = await startService()
    const statuses: number[] = []
    for (let guess = 0; guess < 7; guess += 1) {
      const response = await running.fetch('/sign-in', { ...post, body: 'email=a&password=b' })
      expectGuarded(response, `guess ${guess}`)
      statuses.push(response.status)
      if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(statuses).toContain(429)
    await running.stop()
  })

  test('a bug answers 500 with every header and says nothing of what happened', async () => {
    const running = await startService()
    const { browser } = await addProtectedPerson(running)
    await running.db.schema.dropTable('policies').execute()
    running.restart()
    const page = await browser.request('/my-profile', { method: 'GET', headers: {} })
    expect(page.status).toBe(500)
    expectGuarded(page, 'a page')
    const html = await page.text()
    expectCleanPage(html, 'a page')
    expect(html).not.toMatch(/polic(y|ies)|sqlite|select|\.ts|node_modules|at \w+ \(/i)
    const data = await browser.request('/api/v1/me', { method: 'GET', headers: {} })
    expect(data.status).toBe(500)
    expectGuarded(data, 'data')
    expect(Object.keys((await data.json()) as object).sort()).toEqual(['code', 'request_id', 'status', 'title', 'type'])
    expect(running.logged.some((line) => line.startsWith('ERROR'))).toBe(true)
    await running.stop()
  })
})

describe('signing out', () => {
  test('tells the browser to forget what it kept, and takes the cookies away', async () => {
    const running = await startService()
    const browser = new Browser(running)
    await signIn(browser, await addPerson(running))
    const response = await browser.request('/sign-out', { method: 'POST', body: '', headers: { origin } })
    expect(response.headers.get('clear-site-data')).toContain('"cache"')
    expect(response.headers.get('clear-site-data')).toContain('"storage"')
    const cleared = response.headers.getSetCookie().filter((line) => /max-age=0/i.test(line))
    expect(cleared.map((line) => line.split('=')[0]).sort()).toEqual([
      '__Host-countersign-session',
      '__Host-countersign-sign-in',
    ])
    await running.stop()
  })
})

describe('over plain http, on the machine itself', () => {
  test('there is no HSTS and no prefix that browsers would refuse; all else stays', async () => {
    const url = 'http://localhost:8080'
    const running = await startService({ url })
    const person = await addPerson(running)
    const body = new URLSearchParams({ email: person.email, password }).toString()
    const headers = { origin: url, 'content-type': 'application/x-www-form-urlencoded' }
    const response = await running.fetch('/sign-in', { method: 'POST', headers, body })
    expect(response.status).toBe(303)
    expectGuarded(response, 'sign-in', { secure: false })
    const lines = response.headers.getSetCookie()
    expect(lines.some((line) => line.startsWith('countersign-session='))).toBe(true)
    for (const line of lines) {
      expect(line).toMatch(/HttpOnly/)
      expect(line).toMatch(/SameSite=Lax/)
      expect(line).not.toMatch(/Secure|Domain/)
    }
    await running.stop()
  })
})

describe('over a socket', () => {
  test('requests that no browser sends get no answer without the headers', async () => {
    const running = await startService()
    const socket = await openSocket(running)
    const host = new URL(origin).host
    const close = 'Connection: close'
    const requests: Record<string, string[]> = {
      'an ordinary one': ['GET /sign-in HTTP/1.1', `Host: ${host}`, close],
      'an absolute form': [`GET https://evil.example/sign-in HTTP/1.1`, `Host: ${host}`, close],
      'a strange host': ['GET /sign-in HTTP/1.1', 'Host: evil.example/../x?y#z', close],
      'an impossible host': ['GET /sign-in HTTP/1.1', 'Host: a b', close],
      'an empty host': ['GET /sign-in HTTP/1.1', 'Host:', close],
      'no host': ['GET /sign-in HTTP/1.0', close],
      'a double slash': ['GET //sign-in HTTP/1.1', `Host: ${host}`, close],
      'a path that cannot be decoded': ['GET /%ff%fe HTTP/1.1', `Host: ${host}`, close],
      TRACE: ['TRACE /sign-in HTTP/1.1', `Host: ${host}`, `Origin: ${origin}`, close],
      OPTIONS: ['OPTIONS * HTTP/1.1', `Host: ${host}`, close],
      PROPFIND: ['PROPFIND /my-profile HTTP/1.1', `Host: ${host}`, `Origin: ${origin}`, close],
    }
    for (const [what, lines] of Object.entries(requests)) {
      const answer = await socket.send(lines)
      expect(answer.status, what).toBeGreaterThanOrEqual(200)
      expectGuarded(answer, what)
      expect(answer.body, what).not.toContain(`Origin: ${origin}`)
      if (!['an ordinary one', 'an absolute form', 'no host'].includes(what))
        expect(answer.status, what).toBeGreaterThanOrEqual(400)
    }
    await socket.close()
    await running.stop()
  })
})
