// A secret is seen once, where it is handed over, and never again: not in a later answer, not in a header, not in the log,
// in an event, in a mail, in an error, or readable in the database. A whole story is played; then everything is searched.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes } from '../../src/time.ts'
import { firstAdministratorToken } from '../../src/users/first-administrator.ts'
import { Browser, codeAt, inputs, secretBytes, wrongCode } from '../support/browser.ts'
import { enrol, keyOn, saveCodes } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'
import { readTables } from '../support/tables.ts'

/** One answer of the service, as it came. */
interface Exchange {
  call: string
  headers: string
  body: string
}

/** Writes down every answer from now on. */
function listenTo(running: TestService): Exchange[] {
  const exchanges: Exchange[] = []
  const fetch = running.fetch
  running.fetch = async (path, init) => {
    const response = await fetch(path, init)
    const body = await response.clone().text()
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
    exchanges.push({ call: `${init?.method ?? 'GET'} ${path.split('?')[0]} ${response.status}`, headers, body })
    return response
  }
  return exchanges
}

const spellings = {
  /** As shown, in groups, and as the bytes that it stands for. */
  secret: (key: string) => [
    key,
    key.toLowerCase(),
    (key.match(/.{1,4}/g) ?? []).join(' '),
    secretBytes(key).toString('hex'),
    secretBytes(key).toString('base64'),
    secretBytes(key).toString('base64url'),
  ],
  code: (code: string) => [code, code.replaceAll('-', ''), code.replaceAll('-', ' '), code.toUpperCase()],
  plain: (text: string) => [text, encodeURIComponent(text), new URLSearchParams({ t: text }).toString().slice(2)],
}

class Story {
  readonly running: TestService
  readonly exchanges: Exchange[]
  /** Every secret there is, in every spelling, and in which answers it may stand. */
  readonly secrets: { what: string; spellings: string[]; shownBy: RegExp | null }[] = []

  constructor(running: TestService) {
    this.running = running
    this.exchanges = listenTo(running)
  }

  keep(what: string, written: string[], shownBy: RegExp | null = null): void {
    this.secrets.push({ what, spellings: [...new Set(written)], shownBy })
  }

  /** Cookies stand in the header that sets them, once, and nowhere else. */
  keepCookies(browser: Browser): void {
    for (const [name, value] of browser.cookies) this.keep(`the cookie ${name}`, spellings.plain(value))
  }

  async expectNothingLeaked(): Promise<void> {
    await this.running.deliver()
    const places: [string, string][] = [
      ...this.running.logged.map((line): [string, string] => ['the log', line]),
      ...this.running.mails.map((mail): [string, string] => ['a mail', JSON.stringify(mail)]),
      ...Object.entries(await readTables(this.running.db)).map(([name, rows]): [string, string] => [
        `the table ${name}`,
        JSON.stringify(rows),
      ]),
    ]
    for (const { what, spellings: written, shownBy } of this.secrets) {
      for (const one of written) {
        for (const [place, text] of places)
          if (stands(text, one)) throw new Error(`${what} stands in ${place}: ${around(text, one)}`)
        for (const { call, headers, body } of this.exchanges) {
          if (stands(body, one) && !shownBy?.test(call))
            throw new Error(`${what} stands in the answer to ${call}: ${around(body, one)}`)
          const outside = headers.split('\n').filter((line) => !line.startsWith('set-cookie:'))
          if (stands(outside.join('\n'), one)) throw new Error(`${what} stands in a header of ${call}`)
        }
      }
    }
  }
}

/** Six digits also occur within times and ids; as a code they stand alone. */
function stands(text: string, secret: string): boolean {
  if (!/^[0-9]{6}$/.test(secret)) return text.includes(secret)
  return new RegExp(`(?<![0-9A-Za-z_-])${secret}(?![0-9A-Za-z_-])`).test(text)
}

function around(text: string, found: string): string {
  const at = text.indexOf(found)
  return text.slice(Math.max(0, at - 60), at + found.length + 20)
}

for (const dialect of dialects) {
  describe(`secrets on ${dialect}`, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    test('are seen where they are handed over and nowhere else', { timeout: 60_000 }, async () => {
      const story = new Story(running)
      const administrator = await arrive(story)
      const { browser } = administrator
      const enrolled = await enrolInStory(story, browser)
      await useIt(story, administrator, enrolled)
      const member = await invite(story, browser)
      await makeMistakes(story, member)
      await openEverything(story, browser)
      await browser.send('/sign-out', {})
      await story.expectNothingLeaked()
      // The search is worth something only if it would find what is there.
      expect(story.secrets.length).toBeGreaterThan(25)
      expect(story.exchanges.length).toBeGreaterThan(60)
      for (const { what, spellings: written, shownBy } of story.secrets)
        if (shownBy)
          expect(
            `${what} was shown: ${story.exchanges.some(({ body }) => written.some((one) => body.includes(one)))}`,
          ).toBe(`${what} was shown: true`)
    })

    test('do not get into errors, whatever breaks while they are on their way', { timeout: 60_000 }, async () => {
      const story = new Story(running)
      const { browser, person } = await arrive(story)
      const enrolled = await enrolInStory(story, browser)
      running.time.now += minutes(1)
      const other = new Browser(running)
      await other.send('/sign-in', person)
      story.keepCookies(other)
      await running.db.schema.dropTable('audit_events').execute()
      const code = codeAt(enrolled.key, running.time.now)
      story.keep('a verification code', [code])
      const broken = [
        await browser.open('/my-profile'),
        await other.send('/sign-in/verification-code', { code }),
        await other.send('/sign-in/recovery-code', { code: enrolled.codes[0] ?? '' }),
        await browser.send('/recovery-codes', {}),
        await browser.send('/my-profile/settings/disable-2fa', {}),
        await new Browser(running).send('/sign-in', person),
        await browser.send('/admin/users/new', { email: 'zoe@example.org', name: '', role: 'member' }),
      ]
      expect(broken.filter(({ status }) => status === 500).length).toBeGreaterThan(4)
      expect(running.logged.filter((line) => line.startsWith('ERROR')).length).toBeGreaterThan(4)
      // Without its events nothing was done: no session came of the right code.
      expect(other.session).toBeUndefined()
      await running.db.schema.createTable('audit_events').addColumn('id', 'text').execute()
      await story.expectNothingLeaked()
    })
  })
}

/** The first administrator, by the one-time link. */
async function arrive(story: Story) {
  const { running } = story
  const token = await firstAdministratorToken(running.db, running.service.machine.keys)
  story.keep('the token of the set-up link', [token], /^(GET|POST) \/set-up (200|422)$/)
  const person = { email: 'ada@example.org', password: 'canary of the first password' }
  story.keep('the password', spellings.plain(person.password))
  const browser = new Browser(running)
  await browser.open(`/set-up?token=${token}`)
  const tooShort = 'canary short'
  story.keep('a password that was refused', spellings.plain(tooShort))
  expect((await browser.send('/set-up', { token, email: person.email, name: 'Ada', password: tooShort })).status).toBe(
    422,
  )
  expect(
    (await browser.send('/set-up', { token, email: person.email, name: 'Ada', password: person.password })).at,
  ).toBe('/my-profile')
  story.keepCookies(browser)
  return { browser, person }
}

async function enrolInStory(story: Story, browser: Browser) {
  const { running } = story
  const page = await browser.open('/set-up-mfa')
  const key = keyOn(page.html)
  story.keep('the secret', spellings.secret(key), /^(GET \/set-up-mfa 200|POST \/set-up-mfa 422)$/)
  const wrong = wrongCode(key, running.time.now)
  story.keep('a wrong code', [wrong])
  const enrolment = inputs(page.html, 'enrolment')[0] ?? ''
  expect((await browser.send('/set-up-mfa', { enrolment, name: 'My phone', code: wrong })).status).toBe(422)
  const enrolled = await enrol(running, browser)
  for (const code of enrolled.codes)
    story.keep(
      'a recovery code',
      spellings.code(code),
      /^(POST \/set-up-mfa 200|POST \/recovery-codes\/saved 422|POST \/recovery-codes\/download 200)$/,
    )
  story.keepCookies(browser)
  const shown = { set: enrolled.setId, code: enrolled.codes }
  await browser.send('/recovery-codes/download', shown)
  expect((await browser.send('/recovery-codes/saved', shown)).status).toBe(422)
  await saveCodes(browser, enrolled)
  const afterwards = story.exchanges.length
  // From the confirmation on, the page that showed the secret does not show it any more; a new one is another secret.
  const again = await browser.open('/set-up-mfa?replace=yes')
  const next = keyOn(again.html)
  expect(next).not.toBe(key)
  story.keep('the secret of a replacement', spellings.secret(next), /^GET \/set-up-mfa 200$/)
  for (const { body } of story.exchanges.slice(afterwards)) expect(body).not.toContain(key)
  return enrolled
}

/** Sign-ins, right and wrong, a step-up, and new codes. */
async function useIt(
  story: Story,
  { person }: { person: { email: string; password: string } },
  { key, codes }: { key: string; codes: string[] },
) {
  const { running } = story
  running.time.now += minutes(1)
  const byCode = new Browser(running)
  await byCode.send('/sign-in', person)
  story.keepCookies(byCode)
  const wrong = wrongCode(key, running.time.now)
  await byCode.send('/sign-in/verification-code', { code: wrong })
  const code = codeAt(key, running.time.now)
  story.keep('a verification code', [code, wrong])
  expect((await byCode.send('/sign-in/verification-code', { code })).at).toBe('/my-profile')
  story.keepCookies(byCode)
  const byRecovery = new Browser(running)
  await byRecovery.send('/sign-in', person)
  await byRecovery.send('/sign-in/recovery-code', { code: 'zzzz-zzzz-zzzz-zzzz' })
  expect((await byRecovery.send('/sign-in/recovery-code', { code: codes[0] ?? '' })).status).toBe(200)
  story.keepCookies(byRecovery)
  running.time.now += minutes(11)
  await byCode.open('/recovery-codes')
  story.keepCookies(byCode)
  await byCode.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
  story.keepCookies(byCode)
}

/** A new user, by a link that is shown once. */
async function invite(story: Story, administrator: Browser) {
  const { running } = story
  running.time.now -= minutes(11)
  const added = await administrator.send('/admin/users/new', { email: 'bob@example.org', name: 'Bob', role: 'member' })
  const token = /accept-invitation\?token=([A-Za-z0-9_-]+)/.exec(added.html)?.[1] ?? ''
  expect(token.length).toBeGreaterThanOrEqual(43)
  story.keep(
    'the token of the invitation',
    [token],
    /^(POST \/admin\/users\/new 200|(GET|POST) \/accept-invitation (200|422))$/,
  )
  const browser = new Browser(running)
  await browser.open(`/accept-invitation?token=${token}`)
  const password = 'canary of the invited one'
  story.keep('the password of the invited', spellings.plain(password))
  await browser.send('/accept-invitation', { token, password: 'canary' })
  expect((await browser.send('/accept-invitation', { token, password })).at).toBe('/my-profile')
  story.keepCookies(browser)
  await browser.open(`/accept-invitation?token=${token}`)
  return { browser, email: 'bob@example.org', password }
}

/** What people type into the wrong field, and what attackers type. */
async function makeMistakes(story: Story, member: { browser: Browser; email: string; password: string }) {
  const browser = new Browser(story.running)
  const typed = 'canary that is not the password'
  story.keep('a wrong password', spellings.plain(typed))
  for (let guess = 0; guess < 7; guess += 1)
    await browser.send('/sign-in', { email: 'nobody@example.org', password: typed })
  await browser.send('/sign-in', { email: member.email, password: typed })
  await browser.send('/sign-in', { email: member.email, password: typed }, { origin: 'https://evil.example' })
  await browser.send('/nothing', { password: typed })
  await browser.send('/sign-in', { password: [typed, typed] })
  const token = 'canary-token-that-does-not-exist'
  story.keep('a token that does not exist', [token])
  for (const path of ['/set-up', '/accept-invitation']) await browser.open(`${path}?token=${token}`)
  browser.cookies.set('__Host-countersign-session', 'canary-cookie')
  story.keep('a cookie that does not exist', ['canary-cookie'])
  await browser.open('/my-profile')
  await browser.open('/api/v1/me', { authorization: 'Bearer canary-bearer' })
  story.keep('a header', ['canary-bearer'])
}

async function openEverything(story: Story, browser: Browser) {
  for (const { method, path } of story.running.service.routes)
    if (method === 'GET' && path !== '/set-up-mfa') await browser.open(path.replace(':file', 'main.js'))
}
