// The examples in deploy/ for nginx and Caddy, run as they are: two processes on one PostgreSQL behind a real proxy.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser, codeAt } from '../support/browser.ts'
import { metricsToken } from '../support/exposition.ts'
import { askVia, farService } from '../support/far-service.ts'
import { enrol, type Person, saveCodes, signIn } from '../support/people.ts'
import { administrator, type Processes, startProcesses } from '../support/processes.ts'
import { type ProxyProcess, proxyKinds, startProxy } from '../support/proxies.ts'
import { dialects, origin } from '../support/service.ts'

describe.runIf(dialects.includes('postgres')).each(proxyKinds)('behind %s', { timeout: 120_000 }, (kind) => {
  let cluster: Processes
  let proxy: ProxyProcess
  let way: ReturnType<typeof askVia>
  let people: Person[]
  beforeAll(async () => {
    cluster = await startProcesses(2)
    people = await cluster.addPeople(6)
    proxy = await startProxy(kind, cluster.ports)
    way = askVia({ port: proxy.port, tls: true })
  }, 120_000)
  afterAll(async () => {
    way?.close()
    await proxy?.stop()
    await cluster?.stop()
  })

  const visitor = (address: string) => new Browser(farService(way.ask), address)
  const person = (number: number) => people[number] ?? { id: '', email: '', password: '' }
  const eventsOf = (user: Person) =>
    cluster.db.selectFrom('audit_events').selectAll().where('subject_id', '=', user.id).execute()

  test('a sign-in goes on in whichever process answers', async () => {
    const browser = visitor('127.0.0.2')
    const [one, other] = cluster.ports.map(
      (port) => new Browser(farService(askVia({ port, tls: false }).ask), '127.0.0.1'),
    )
    if (!one || !other) throw new Error('Two processes are needed.')
    expect((await signIn(browser, person(0))).at).toBe('/my-profile')
    const running = farService(way.ask)
    const enrolled = await enrol(running, browser)
    await saveCodes(browser, enrolled)
    // The code that enrolled is spent; the next one comes within thirty seconds, and is accepted a step ahead.
    expect((await signIn(one, person(0))).at).toBe('/sign-in/verification-code')
    for (const [name, value] of one.cookies) other.cookies.set(name, value)
    const proved = await other.send('/sign-in/verification-code', { code: codeAt(enrolled.key, Date.now(), 1) })
    expect(proved.at).toBe('/my-profile')
    for (const [name, value] of other.cookies) one.cookies.set(name, value)
    expect((await one.open('/my-profile')).status).toBe(200)
    // Both have done their part of what came through the proxy.
    for (let visit = 0; visit < 6; visit += 1) expect((await browser.open('/my-profile')).status).toBe(200)
    for (const process of cluster.processes)
      await expect
        .poll(() => process.output(), { timeout: 10_000 })
        .toMatch(/"path":"\/my-profile"[^\n]*"address":"127.0.0.2"/)
  })

  test('people are counted by their own addresses, whatever they make up', async () => {
    const forged = { 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'chosen-by-the-client' }
    const page = await visitor('127.0.0.3').send(
      '/sign-in',
      { email: person(1).email, password: person(1).password },
      forged,
    )
    expect(page.at).toBe('/my-profile')
    const [begun] = (await eventsOf(person(1))).filter(({ name }) => name === 'sign-in.begun')
    expect(begun?.address).toBe('127.0.0.3')
    expect(begun?.request_id).toMatch(/^[\w-]{20,64}$/)
    expect(begun?.request_id).not.toBe('chosen-by-the-client')
  })

  test('whoever guesses makes others at the same proxy wait for nothing', async () => {
    let blocked = 0
    for (let guess = 0; guess < 33; guess += 1) {
      const browser = visitor('127.0.0.4')
      const { status } = await browser.send('/sign-in', {
        email: `nobody${guess}@example.org`,
        password: 'not the password',
      })
      if (status === 429) blocked += 1
    }
    expect(blocked).toBeGreaterThan(0)
    expect((await signIn(visitor('127.0.0.4'), person(2))).status).toBe(429)
    expect((await signIn(visitor('127.0.0.5'), person(2))).at).toBe('/my-profile')
  })

  test('one number leads through all logs: in the answer, in the line, in the event', async () => {
    const response = await visitor('127.0.0.6').request('/sign-in', {
      method: 'POST',
      body: new URLSearchParams({ email: person(3).email, password: person(3).password }).toString(),
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
    })
    const number = response.headers.get('x-request-id') ?? ''
    expect(response.status).toBe(303)
    const events = await eventsOf(person(3))
    expect(events.filter(({ request_id }) => request_id === number).map(({ name }) => name)).toContain(
      'sign-in.completed',
    )
    // A line may take a moment longer than its answer.
    const lines = () =>
      cluster.processes
        .flatMap((process) => process.output().split('\n'))
        .filter((line) => line.includes(number) && line.endsWith('}'))
        .map((line) => (JSON.parse(line) as { msg: string }).msg)
    await expect.poll(lines, { timeout: 10_000 }).toEqual(['answered'])
  })

  test('the metrics are not there, though they are at each process', async () => {
    const headers = { authorization: `Bearer ${metricsToken}` }
    for (const path of [
      '/metrics',
      '//metrics',
      '/%6detrics',
      '/metrics/',
      '/metrics?x=1',
      '/./metrics',
      '/x/../metrics',
    ]) {
      const response = await way.ask(path, { headers })
      expect(`${path} ${response.status}`).toMatch(/ (?:308|30[12]|40[04])$/)
      expect(await response.text()).not.toContain('countersign_')
    }
    for (const { listens } of cluster.processes)
      expect((await fetch(`${listens}/metrics`, { headers })).status).toBe(200)
  })

  test('long headers and bodies are refused, and what is allowed goes through', async () => {
    const status = async (path: string, init: Parameters<typeof way.ask>[1]) => (await way.ask(path, init)).status
    const form = { origin, 'content-type': 'application/x-www-form-urlencoded' }
    const filled = (size: number) => `email=${'x'.repeat(size)}`
    expect(await status('/sign-in', { method: 'POST', headers: form, body: filled(60_000) })).toBe(422)
    expect(await status('/sign-in', { method: 'POST', headers: form, body: filled(70_000) })).toBe(413)
    expect(await status('/sign-in', { method: 'POST', headers: form, body: filled(500_000) })).toBe(413)
    // A logo is as long as a form may be; who is not signed in is asked to, and not told that it is too long.
    const upload = { origin, 'content-type': 'multipart/form-data; boundary=x' }
    expect(
      await status('/admin/settings/branding', { method: 'POST', headers: upload, body: 'x'.repeat(300_000) }),
    ).toBe(303)
    expect(await status('/sign-in', { headers: { 'x-long': 'x'.repeat(6_000) } })).toBe(200)
    const answer = await way.ask('/sign-in', { headers: { 'x-long': 'x'.repeat(40_000) } }).catch(() => null)
    // Refused, or the connection closed before the whole had come.
    expect(answer?.status ?? 431).toBeGreaterThanOrEqual(400)
    expect(answer?.status ?? 431).toBeLessThan(500)
  })

  test('plain http leads to https', async () => {
    const plain = askVia({ port: proxy.plainPort, tls: false })
    const response = await plain.ask('/sign-in?next=/my-profile')
    plain.close()
    expect([301, 308]).toContain(response.status)
    expect(response.headers.get('location')).toBe(`${origin}/sign-in?next=/my-profile`)
  })

  test('the answer is the service’s own: its headers, its cookies, its refusals', async () => {
    const response = await way.ask('/sign-in')
    expect(response.headers.get('strict-transport-security')).toContain('max-age=63072000')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect((await way.ask('/nothing')).status).toBe(404)
    const browser = visitor('127.0.0.7')
    await browser.send('/sign-in', administrator)
    expect([...browser.cookies.keys()].sort()).toEqual(['__Host-countersign-browser', '__Host-countersign-session'])
  })
})
