// The log is read by more people, and kept in more places, than the database. The real process, at its most talkative, is
// led through everything that has a secret in it, and through failures; then the whole log is searched for each of them.

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { Browser, codeAt, wrongCode } from '../support/browser.ts'
import { metricsToken } from '../support/exposition.ts'
import { askVia, farService } from '../support/far-service.ts'
import { type MailServer, partOf, startMailServer } from '../support/mail-server.ts'
import { enrol, saveCodes } from '../support/people.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'
import { origin } from '../support/service.ts'

const key = '7f'.repeat(32)
const mailPassword = 'the-password-of-the-mail-server'
const password = 'four words nobody would guess'
const newPassword = 'five words that nobody would guess'
const mistyped = 'a password that was mistyped'
const email = 'root@example.org'

describe('the log of a process that says all it can', { timeout: 120_000 }, () => {
  let service: ServiceProcess
  let mail: MailServer
  let way: ReturnType<typeof askVia>
  /** What must not be in the log, by what it is. */
  const secrets: Record<string, string> = { key, mailPassword, password, newPassword, mistyped, metricsToken }
  /** The numbers of the requests, as their answers have them. */
  const numbers = new Set<string>()

  beforeAll(async () => {
    mail = await startMailServer({}, { onAuth: (_, _session, done) => done(null, { user: 'countersign' }) })
    service = await startProcess({
      COUNTERSIGN_LOG_LEVEL: 'trace',
      COUNTERSIGN_URL: origin,
      COUNTERSIGN_SECRET_KEY: key,
      COUNTERSIGN_METRICS_TOKEN: metricsToken,
      COUNTERSIGN_MAIL_FROM: 'no-reply@example.org',
      SMTP_URL: `smtp://countersign:${mailPassword}@${mail.address}`,
    })
    way = askVia({ port: Number(new URL(service.listens).port), tls: false })
    await goThroughEverything()
  }, 120_000)
  afterAll(async () => {
    way?.close()
    await service?.stop()
    await mail?.close()
  })

  const running = () =>
    farService(async (path, init) => {
      const answer = await way.ask(path, init)
      numbers.add(answer.headers.get('x-request-id') ?? '')
      return answer
    })
  const keepCookies = (browser: Browser, name: string) => {
    for (const [cookie, value] of browser.cookies) secrets[`${cookie}, ${name}`] = value
  }
  /** Waits for the next mail that has a link, and gives its token. */
  async function tokenFromMail(path: string): Promise<string> {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      for (const received of mail.received) {
        const token = new RegExp(`${path}\\?token=([\\w-]+)`).exec(partOf(received, 'text/plain'))?.[1]
        if (token !== undefined) return token
      }
      await new Promise((later) => setTimeout(later, 100))
    }
    throw new Error(`No mail with a link to ${path} came.`)
  }

  async function goThroughEverything(): Promise<void> {
    const browser = new Browser(running(), '127.0.0.1')
    const setUp = new URL(service.setUpLink ?? '').searchParams.get('token') ?? ''
    secrets.setUpToken = setUp
    await browser.open(`/set-up?token=${setUp}`)
    await browser.send('/set-up', { token: setUp, email, name: 'Root', password })
    keepCookies(browser, 'new')
    const enrolled = await enrol(running(), browser)
    secrets.seed = enrolled.key
    enrolled.codes.forEach((code, index) => {
      secrets[`recovery code ${index}`] = code
    })
    await saveCodes(browser, enrolled)
    keepCookies(browser, 'enrolled')
    // An access token is made by hand in a page; it is then used rightly, and in a header where it has no business.
    const page = await browser.send('/my-profile/tokens/new', { name: 'Nightly', days: '30', scope: ['profile:read'] })
    const token = /\bcs_\w+|[\w-]{40,}/.exec(/data-copy="([^"]+)"/.exec(page.html)?.[1] ?? '')?.[0] ?? ''
    expect(token).not.toBe('')
    secrets.accessToken = token
    for (const path of ['/api/v1/me', '/api/v1/users', '/metrics', '/nothing'])
      await browser.open(path, { authorization: `Bearer ${token}` })
    await browser.open('/metrics', { authorization: `Bearer ${metricsToken}` })
    // A sign-in with mistakes; codes are of six digits, which a log may have by chance: each is looked for as a word.
    const other = new Browser(running(), '127.0.0.1')
    await other.send('/sign-in', { email, password: mistyped })
    await other.send('/sign-in', { email, password })
    keepCookies(other, 'pending')
    const [wrong, right] = [wrongCode(enrolled.key, Date.now()), codeAt(enrolled.key, Date.now(), 1)]
    await other.send('/sign-in/verification-code', { code: wrong })
    await other.send('/sign-in/verification-code', { code: right })
    Object.assign(secrets, { wrongCode: wrong, code: right })
    keepCookies(other, 'signed in')
    await new Browser(running(), '127.0.0.1').send('/forgot-password', { email })
    const reset = await tokenFromMail('/reset-password')
    secrets.resetToken = reset
    await other.open(`/reset-password?token=${reset}`)
    await other.send('/reset-password', { token: reset, password: newPassword })
    await other.open(`/reset-password?token=${reset}`)
    for (const path of ['/accept-invitation', '/confirm-email', '/set-up-mfa-link', '/set-up', '/sign-in'])
      await other.open(`${path}?token=${reset}`)
    await failAll(browser)
  }

  /** Everything fails: what is logged of an error is more than of an answer. */
  async function failAll(browser: Browser): Promise<void> {
    const db = await openDatabase({ sqliteFile: `${service.dataFolder}/countersign.sqlite` })
    const tables = ['users', 'sessions', 'sign_ins', 'one_time_links', 'personal_access_tokens', 'attempts']
    for (const name of tables) await sql`alter table ${sql.id(name)} rename to ${sql.id(`${name}_away`)}`.execute(db)
    await browser.open('/my-profile')
    await browser.open('/api/v1/me', { authorization: `Bearer ${secrets.accessToken}` })
    await browser.send('/sign-in', { email, password })
    await browser.send('/reset-password', { token: secrets.resetToken ?? '', password: newPassword })
    await browser.open(`/reset-password?token=${secrets.resetToken}`)
    for (const name of tables) await sql`alter table ${sql.id(`${name}_away`)} rename to ${sql.id(name)}`.execute(db)
    await db.destroy()
  }

  /** Every line of JSON; the announcement at the start, with the link, is meant to be read. */
  const lines = () =>
    service
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))

  test('has no secret in it', () => {
    const log = lines().join('\n')
    expect(log).toContain('a request failed')
    expect(lines().length).toBeGreaterThan(30)
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret, name).not.toBe('')
      const found = /^\d{6}$/.test(secret) ? new RegExp(`"${secret}"|=${secret}\\b`).test(log) : log.includes(secret)
      expect(found, `${name} is in the log`).toBe(false)
    }
    expect(log).not.toContain('?token=')
    expect(log.toLowerCase()).not.toMatch(/"(?:cookie|authorization|set-cookie)"/)
  })

  test('has the number of the request in each of its lines, and the audit events have it as well', async () => {
    const said = lines().map((line) => JSON.parse(line) as { msg: string; requestId?: string })
    const about = said.filter(({ msg }) => msg === 'answered' || msg.startsWith('a request failed'))
    expect(about.length).toBeGreaterThan(30)
    for (const { requestId } of about) expect(numbers).toContain(requestId)
    const db = await openDatabase({ sqliteFile: `${service.dataFolder}/countersign.sqlite` })
    const events = await db.selectFrom('audit_events').select(['name', 'request_id']).execute()
    await db.destroy()
    // What was to be gone through has been.
    const names = events.map(({ name }) => name)
    const wanted = ['totp.enrolled', 'access-token.created', 'password.refused', 'second-factor.refused']
    for (const name of [...wanted, 'second-factor.accepted', 'password.reset-requested', 'password.set'])
      expect(names).toContain(name)
    for (const { name, request_id } of events) expect(numbers, name).toContain(request_id)
  })
})
