// Somebody has forgotten their password, asks for a link, chooses a new one, and signs in with it like anybody else.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { smtpMailer } from '../../src/mail/mailer.ts'
import { answerResetRequests } from '../../src/sign-in/reset-password.ts'
import { hours, minutes } from '../../src/time.ts'
import { countSessions, enforceMfa, eventsOf, isIn } from '../support/attack.ts'
import { Browser, textOf } from '../support/browser.ts'
import { type MailServer, partOf, startMailServer } from '../support/mail-server.ts'
import { addPerson, addProtectedPerson, signIn, signInFully } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

const newPassword = 'seven quiet otters sing'
/** Ten characters: enough only where a second factor is required. */
const shortPassword = 'otter4sing'

for (const dialect of dialects) {
  describe(`a forgotten password on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let server: MailServer
    beforeEach(async () => {
      server = await startMailServer()
      const mailer = await smtpMailer(`smtp://${server.address}`, 'no-reply@example.org')
      running = await startService({ dialect, hasMailServer: true, mailer })
    })
    afterEach(async () => {
      await running.stop()
      await server.close()
    })

    /** Asks for a link and reads it out of the mail that arrived. */
    async function askForLink(email = 'ada@example.org', browser = new Browser(running)): Promise<string> {
      const before = server.received.length
      await browser.send('/forgot-password', { email })
      await running.deliver()
      const mail = server.received.slice(before).find(({ raw }) => raw.includes('Choose a new password'))
      if (!mail) throw new Error('no link arrived')
      return (/https:\S+/.exec(partOf(mail, 'text/plain'))?.[0] ?? '').replace(origin, '')
    }
    const tokenOf = (link: string) => new URL(link, origin).searchParams.get('token') ?? ''
    const choose = (link: string, password = newPassword, browser = new Browser(running)) =>
      browser.send('/reset-password', { token: tokenOf(link), password })

    test('begins at the sign-in page, and ends there', async () => {
      const person = await addPerson(running)
      await running.db.updateTable('installation').set({ first_administrator_at: running.time.now }).execute()
      const browser = new Browser(running)
      expect((await browser.open('/sign-in')).html).toContain('href="/forgot-password"')
      expect(textOf((await browser.open('/forgot-password')).html)).toContain('Forgot your password?')
      const asked = await browser.send('/forgot-password', { email: person.email })
      expect(asked.passed).toEqual(['/forgot-password', '/forgot-password?notice=sent'])
      expect(textOf(asked.html)).toContain('If the address belongs to an account, a link is on its way to it.')
      await running.deliver()

      const [mail] = server.received
      if (!mail) throw new Error('nothing arrived')
      expect(mail.to).toEqual(['ada@example.org'])
      const text = partOf(mail, 'text/plain')
      expect(text).toContain('Hello Ada Example,')
      expect(text).toContain('until November 24, 2026 at 10:00 UTC')
      expect(text).toContain('If you did not ask for it, do nothing')
      const link = /https:\S+/.exec(text)?.[0] ?? ''
      expect(link).toMatch(/^https:\/\/sign-in\.test\/reset-password\?token=[\w-]{43}$/)
      expect(partOf(mail, 'text/html')).toContain(`<a href="${link}">`)

      const path = link.replace(origin, '')
      const page = await browser.open(path)
      expect(textOf(page.html)).toContain('ada@example.org')
      const done = await choose(path, newPassword, browser)
      expect(done.at).toBe('/sign-in?notice=password-reset')
      expect(textOf(done.html)).toContain('Your password is changed')
      expect(browser.session).toBeUndefined()
      expect(browser.signIn).toBeUndefined()
      expect((await signIn(browser, person)).status).toBe(422)
      expect((await signIn(browser, { ...person, password: newPassword })).at).toBe('/my-profile')
    })

    test('is told by mail once it is changed', async () => {
      await addPerson(running)
      await choose(await askForLink())
      await running.deliver()
      const told = server.received.at(-1)
      if (!told) throw new Error('nothing arrived')
      expect(told.to).toEqual(['ada@example.org'])
      expect(told.raw).toContain('Subject: Your password was changed')
      expect(partOf(told, 'text/plain')).not.toMatch(/token=/)
    })

    test('ends every session and every sign-in, and leaves 2FA as it is', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      const pending = new Browser(running)
      await signIn(pending, person)
      const factors = () => running.db.selectFrom('totp_factors').selectAll().execute()
      const codes = () => running.db.selectFrom('recovery_codes').selectAll().execute()
      const before = [await factors(), await codes()]

      await choose(await askForLink())
      expect(await isIn(browser)).toBe(false)
      expect(await countSessions(running, person.id)).toBe(0)
      expect((await pending.open('/sign-in/verification-code')).at).toMatch(/^\/sign-in\?/)
      expect([await factors(), await codes()]).toEqual(before)
      expect(await eventsOf(running, 'sessions.ended')).toContainEqual({ count: 1, because: 'password-changed' })

      const again = new Browser(running)
      running.time.now += minutes(1)
      expect((await signIn(again, { ...person, password: newPassword })).at).toBe('/sign-in/verification-code')
      expect(await isIn(again)).toBe(false)
      expect((await signInFully(running, again, { ...person, password: newPassword }, key)).at).toBe('/my-profile')
    })

    test('may be replaced by a shorter one only where a second factor is required', async () => {
      await addPerson(running)
      const link = await askForLink()
      const refused = await choose(link, shortPassword)
      expect(refused.status).toBe(422)
      expect(textOf(refused.html)).toContain('This password is too short: at least 15 characters.')
      await enforceMfa(running)
      expect(textOf((await new Browser(running).open(link)).html)).toContain('At least 8 characters')
      expect((await choose(link, shortPassword)).at).toBe('/sign-in?notice=password-reset')
    })

    test('a password that is refused does not use the link up', async () => {
      await addPerson(running)
      const link = await askForLink()
      for (const poor of ['', 'short', 'a'.repeat(20), 'ada ada ada ada ada'])
        expect((await choose(link, poor)).status).toBe(422)
      expect((await choose(link)).at).toBe('/sign-in?notice=password-reset')
    })

    test('the link works for one hour, and looking at it uses nothing up', async () => {
      await addPerson(running)
      const link = await askForLink()
      for (let look = 0; look < 3; look += 1) expect((await new Browser(running).open(link)).status).toBe(200)
      running.time.now += hours(1)
      expect((await new Browser(running).open(link)).status).toBe(404)
      const late = await choose(link)
      expect(late.status).toBe(404)
      expect(textOf(late.html)).toContain('You can ask for a new one.')
      expect(late.html).toContain('href="/forgot-password"')
    })

    test('a newer link voids the older', async () => {
      const person = await addPerson(running)
      const older = await askForLink()
      const newer = await askForLink()
      expect((await choose(older)).status).toBe(404)
      expect((await choose(newer)).at).toBe('/sign-in?notice=password-reset')
      expect((await signIn(new Browser(running), { ...person, password: newPassword })).at).toBe('/my-profile')
    })

    test('whoever was kept waiting after wrong guesses gets in with the new password at once', async () => {
      const person = await addPerson(running)
      const guesser = new Browser(running, '198.51.100.7')
      for (let guess = 0; guess < 6; guess += 1) await guesser.send('/sign-in', { email: person.email, password: 'no' })
      expect((await signIn(new Browser(running), person)).status).toBe(429)
      await choose(await askForLink())
      expect((await signIn(new Browser(running), { ...person, password: newPassword })).at).toBe('/my-profile')
    })

    test('leaves somebody else who uses the same browser signed out, and their account as it is', async () => {
      await addPerson(running)
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob' })
      const browser = new Browser(running)
      await signIn(browser, bob)
      expect((await choose(await askForLink(), newPassword, browser)).at).toBe('/sign-in?notice=password-reset')
      expect((await signIn(browser, bob)).at).toBe('/my-profile')
    })

    test('what became of a request stands in the audit log, and nowhere that the asker can see', async () => {
      await addPerson(running)
      for (const email of ['ada@example.org', 'nobody@example.org'])
        await new Browser(running).send('/forgot-password', { email })
      await running.deliver()
      expect(await eventsOf(running, 'password.reset-requested')).toEqual([
        { outcome: 'mailed' },
        { outcome: 'no-such-user' },
      ])
      expect(await running.db.selectFrom('password_reset_requests').selectAll().execute()).toEqual([])
      expect(await eventsOf(running, 'password.set')).toEqual([{ by: 'invitation' }])
      await choose(await askForLink())
      expect(await eventsOf(running, 'password.set')).toContainEqual({ by: 'reset' })
    })

    test('a request that cannot be answered holds up no other, and is forgotten within the hour', async () => {
      await addPerson(running)
      await addPerson(running, { email: 'bob@example.org' })
      for (const email of ['bob@example.org', 'ada@example.org']) {
        await new Browser(running).send('/forgot-password', { email })
        running.time.now += 1000
      }
      const { machine } = running.service
      const mailLink: typeof machine.mailLink = async (trx, link, about) => {
        if (about.to.email === 'bob@example.org') throw new Error('This one is poisoned.')
        await machine.mailLink(trx, link, about)
      }
      const faults: unknown[] = []
      await answerResetRequests({ ...machine, mailLink }, (fault) => faults.push(fault))
      expect(faults).toMatchObject([{ message: 'This one is poisoned.' }])
      const mails = await running.db.selectFrom('outbox').select('recipient').execute()
      expect(mails).toEqual([{ recipient: 'ada@example.org' }])
      const waiting = () => running.db.selectFrom('password_reset_requests').selectAll().execute()
      expect(await waiting()).toMatchObject([{ email_key: 'bob@example.org' }])
      running.time.now += hours(1)
      await running.service.purge()
      expect(await waiting()).toEqual([])
    })

    test('mail goes out also while no request can be answered at all', async () => {
      await addPerson(running)
      await new Browser(running).send('/forgot-password', { email: 'ada@example.org' })
      await answerResetRequests(running.service.machine, (fault) => expect.fail(String(fault)))
      await running.db.schema.alterTable('password_reset_requests').renameTo('gone').execute()
      await running.deliver()
      expect(server.received.map(({ to }) => to)).toEqual([['ada@example.org']])
      expect(running.logged.join('\n')).toContain('ERROR a request for a password reset failed')
    })

    test('two workers answer one request with one mail', async () => {
      await addPerson(running)
      await new Browser(running).send('/forgot-password', { email: 'ada@example.org' })
      await Promise.all(Array.from({ length: 5 }, () => running.deliver()))
      expect(server.received).toHaveLength(1)
    })
  })
}

describe('a forgotten password where no mail server is set', () => {
  let running: TestService
  beforeEach(async () => {
    running = await startService({ hasMailServer: false })
    await addPerson(running)
  })
  afterEach(() => running.stop())

  test('is no promise of mail: the page says whom to ask', async () => {
    const browser = new Browser(running)
    const page = await browser.open('/forgot-password')
    expect(textOf(page.html)).toContain('This service cannot send mail, so it cannot send you a link.')
    expect(textOf(page.html)).toContain('Ask your administrator')
    expect(page.html).not.toContain('<form method="post" action="/forgot-password"')
    await running.db.updateTable('installation').set({ help_contact: 'help@example.org' }).execute()
    expect((await browser.open('/forgot-password')).html).toContain('mailto:help@example.org')
  })

  test('answers alike for every address, and keeps nothing', async () => {
    const answers = []
    for (const email of ['ada@example.org', 'nobody@example.org']) {
      const { at, html, status } = await new Browser(running).send('/forgot-password', { email })
      answers.push({ at, html, status })
    }
    expect(answers[0]).toEqual(answers[1])
    await running.deliver()
    expect(running.mails).toEqual([])
    expect(await running.db.selectFrom('password_reset_requests').selectAll().execute()).toEqual([])
    expect(await running.db.selectFrom('attempts').selectAll().execute()).toEqual([])
  })
})
