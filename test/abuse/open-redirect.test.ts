// Nobody is led to another site: whatever `next` says, on whichever page takes it, and however many steps lie between.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes } from '../../src/time.ts'
import { Browser, codeAt, inputs } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, saveCodes, signIn } from '../support/people.ts'
import { origin, startService, type TestService } from '../support/service.ts'
import { enforce } from '../support/states.ts'

const host = new URL(origin).host

/** What an attacker would put into `next`, and what a browser might make another site of. */
const payloads = [
  '//evil.example',
  '//evil.example/my-profile',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/ /evil.example',
  '/\u0000/evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https://evil.example',
  'HTTPS://EVIL.EXAMPLE',
  'http://evil.example',
  `http://${host}/my-profile`,
  `https://${host}.evil.example/`,
  `https://${host}@evil.example/`,
  `https://evil.example/${host}`,
  `https://evil${host}/`,
  `https://${host}:8443/`,
  `//${host}@evil.example/`,
  `/@evil.example`,
  '.evil.example',
  '@evil.example',
  ':80',
  '%2f%2fevil.example',
  '/%2f%2fevil.example',
  '/%2f/evil.example',
  '/%5cevil.example',
  '/%09/evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/./\\evil.example',
  '/%2e//evil.example',
  '/%2e%2e//evil.example',
  '/my-profile/..//evil.example',
  '/my-profile/../..//evil.example',
  '/my-profile\r\nLocation: https://evil.example',
  '/my-profile%0d%0aLocation:%20https://evil.example',
  '/\r\n\r\n<script>alert(1)</script>',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  '/javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'blob:https://evil.example/x',
  'mailto:evil@evil.example',
  '//\u3002evil.example',
  '/\u2215\u2215evil.example',
  '/\uff0fevil.example',
  '//evil\u3002example',
  '//%E3%80%82evil.example',
  '?next=https://evil.example',
  '#https://evil.example',
  'evil.example',
  '',
  '/'.repeat(3000),
  `/${'a'.repeat(3000)}`,
]

/** Where a browser would really go from a page of the service that leads to `location`. */
function destination(location: string): URL {
  return new URL(location, `${origin}/sign-in`)
}

/** Everything on a page that a browser may follow or send. */
function leadsTo(html: string): string[] {
  const unescaped = html.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
  const written = [...unescaped.matchAll(/\s(?:href|action|formaction|src|content)="([^"]*)"/g)]
  return [...written.map(([, address = '']) => address), ...inputs(html, 'next')]
}

const mayBeElsewhere = /^(mailto:|otpauth:|width=|light|dark)/

/** No header and no link of this response leads anywhere else, and a `next` that it carries on is a path of ours. */
async function expectToStayHere(response: Response, payload: string): Promise<string> {
  const html = await response.text()
  const location = response.headers.get('location')
  if (location !== null) {
    expect(`${payload} → ${destination(location).origin}`).toBe(`${payload} → ${origin}`)
    const carried = destination(location).searchParams.get('next')
    if (carried !== null) expect(`${payload} → ${destination(carried).origin}`).toBe(`${payload} → ${origin}`)
    expect(location).toMatch(/^\/(?![/\\])/)
  }
  expect(response.headers.get('refresh')).toBeNull()
  for (const address of leadsTo(html))
    if (!mayBeElsewhere.test(address))
      expect(`${payload} → ${destination(address).origin}`).toBe(`${payload} → ${origin}`)
  return html
}

const encoded = (payload: string) => new URLSearchParams({ next: payload }).toString()
/** Some are sent as they stand, without encoding, as a link in a mail would hold them. */
const spellings = (payload: string) => [
  encoded(payload),
  `next=${payload.replaceAll('#', '%23').replaceAll('&', '%26')}`,
]

describe('next', () => {
  let running: TestService
  beforeEach(async () => {
    running = await startService()
  })
  afterEach(() => running.stop())

  /** Opens a page with every payload, and sends the form that it shows as it stands. */
  async function tryPage(browser: Browser, path: string) {
    for (const payload of payloads)
      for (const query of spellings(payload))
        await expectToStayHere(await browser.request(`${path}?${query}`, { method: 'GET', headers: {} }), payload)
  }

  async function trySending(browser: Browser, path: string, fields: Record<string, string>) {
    for (const payload of payloads) {
      const body = new URLSearchParams({ ...fields, next: payload }).toString()
      const headers = { 'content-type': 'application/x-www-form-urlencoded', origin }
      await expectToStayHere(await browser.request(path, { method: 'POST', body, headers }), payload)
    }
  }

  test('the sign-in page never leads elsewhere, before or after it is filled in', async () => {
    const person = await addPerson(running)
    await tryPage(new Browser(running), '/sign-in')
    const signedIn = new Browser(running)
    await signIn(signedIn, person)
    await tryPage(signedIn, '/sign-in')
    await tryPage(signedIn, '/sign-in/recovery-code-used')
    await tryPage(signedIn, '/my-profile')
  })

  test('a wrong password hands nothing on, and neither does a blocked account', async () => {
    await trySending(new Browser(running), '/sign-in', { email: 'nobody@example.org', password: 'wrong' })
  })

  test('the right password leads nowhere else', { timeout: 60_000 }, async () => {
    const person = await addPerson(running)
    await trySending(new Browser(running), '/sign-in', { email: person.email, password: person.password })
  })

  test('every page of setting up and of recovery codes stays here', { timeout: 60_000 }, async () => {
    const person = await addPerson(running)
    const browser = new Browser(running)
    await signIn(browser, person)
    await tryPage(browser, '/set-up-mfa')
    await trySending(browser, '/set-up-mfa', { enrolment: 'x', name: 'My phone', code: '000000' })
    await trySending(browser, '/set-up-mfa', { enrolment: 'x', name: '', code: '' })
    const enrolled = await enrol(running, browser)
    await tryPage(browser, '/recovery-codes')
    await trySending(browser, '/recovery-codes/saved', { set: enrolled.setId, code: enrolled.codes[0] ?? '' })
    await trySending(browser, '/recovery-codes/saved', { set: 'another', saved: 'yes' })
    await saveCodes(browser, enrolled)
    await tryPage(browser, '/recovery-codes')
    await tryPage(browser, '/set-up-mfa')
    running.time.now += minutes(11)
    await tryPage(browser, '/recovery-codes')
    await trySending(browser, '/set-up-mfa', { replace: 'yes' })
  })

  test('who owes enrolment is led to the set-up page and no further', async () => {
    const person = await addPerson(running)
    const browser = new Browser(running)
    await signIn(browser, person)
    await enforce(running)
    await tryPage(browser, '/set-up-mfa')
    for (const path of ['/my-profile', '//evil.example/', '/\\evil.example', '/my-profile?next=https://evil.example'])
      await expectToStayHere(await browser.request(`${origin}${path}`, { method: 'GET', headers: {} }), path)
  })

  test('a payload does not survive password, code and recovery codes', { timeout: 120_000 }, async () => {
    const { person, key, codes } = await addProtectedPerson(running)
    for (const [index, payload] of payloads.entries()) {
      running.time.now += minutes(1)
      const browser = new Browser(running)
      const start = await signIn(browser, person, payload)
      expect(start.at).toBe('/sign-in/verification-code')
      // Browser throws when it is led away; where it ends is the profile, or a harmless path that nothing answers.
      const inside = await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(destination(inside.at).origin).toBe(origin)
      expect(inside.html).not.toContain('href="//')
      if (index === 0) {
        const other = new Browser(running)
        await signIn(other, person, payload)
        const used = await other.send('/sign-in/recovery-code', { code: codes[0] ?? '' })
        expect(used.at).toBe('/sign-in/recovery-code-used?next=%2Fmy-profile')
      }
    }
  })

  test('a payload does not survive enforced enrolment either', { timeout: 120_000 }, async () => {
    await enforce(running)
    for (const [index, payload] of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      '/.//evil.example',
    ].entries()) {
      const person = await addPerson(running, { email: `person${index}@example.org` })
      const browser = new Browser(running)
      await signIn(browser, person, payload)
      const enrolled = await enrol(running, browser)
      expect((await saveCodes(browser, enrolled, payload)).at).toBe('/my-profile')
    }
  })

  test('nothing but a plain path of ours is carried on: no address, and none that reads differently once resolved', async () => {
    const browser = new Browser(running)
    const addresses = [
      `${origin}/my-profile/settings`,
      '\t/my-profile/settings',
      ' /my-profile/settings',
      'my-profile/settings',
    ]
    for (const payload of [...payloads, ...addresses]) {
      const [carried] = inputs((await browser.open(`/sign-in?${encoded(payload)}`)).html, 'next')
      if (carried === undefined) continue
      expect(carried).toMatch(/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/)
      const { pathname, search } = destination(carried)
      expect(carried).toBe(`${pathname}${search}`)
      expect(payload.startsWith(carried), payload).toBe(true)
    }
    for (const address of addresses)
      expect(inputs((await browser.open(`/sign-in?${encoded(address)}`)).html, 'next')).toEqual([])
  })

  test('a path of ours is kept through every step', async () => {
    const { person, key } = await addProtectedPerson(running)
    const browser = new Browser(running)
    await signIn(browser, person, '/my-profile/settings?notice=renamed')
    const inside = await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
    expect(inside.at).toBe('/my-profile/settings?notice=renamed')
  })
})
