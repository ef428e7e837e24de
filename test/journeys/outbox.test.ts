// The outbox on its page: what waits, fails, was given up or went out, and nothing of what it says; trying again, and the
// test message. The mail server answers as the test wants.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Message } from '../../src/mail/outbox.ts'
import { days, hours, minutes } from '../../src/time.ts'
import { eventsOf } from '../support/attack.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const refused = 'Can’t send mail - all recipients were rejected: 550 5.1.1 <no such user>'

for (const dialect of dialects) {
  describe(`the outbox on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    /** What the mail server says to every message, while it takes none. */
    let fault: string | null
    let taken: Message[]
    let root: Awaited<ReturnType<typeof addProtectedPerson>>
    beforeEach(async () => {
      fault = null
      taken = []
      const mailer = async (message: Message) => {
        if (fault !== null) throw new Error(fault)
        taken.push(message)
      }
      running = await startService({ dialect, hasMailServer: true, mailer })
      root = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator', name: 'Root' })
      await running.deliver()
      taken.length = 0
    })
    afterEach(() => running.stop())

    const outbox = (query = '') => root.browser.open(`/admin/outbox${query}`)
    const sendTest = (from = 'outbox') => root.browser.send('/admin/outbox/test', { from })
    const retry = (mail: string) => root.browser.send('/admin/outbox/retry', { mail })
    const rows = () => running.db.selectFrom('outbox').selectAll().orderBy('created_at').orderBy('id').execute()
    const fresh = async () => {
      running.time.now += minutes(1)
      await root.browser.open('/admin/users/new')
      await root.browser.send('/sign-in/verification-code', { code: codeAt(root.key, running.time.now) })
    }
    async function addMail(id: string, more: object = {}) {
      const mail = { recipient: `${id}@example.org`, subject: `Subject of ${id}`, body_text: 'Body', body_html: 'Body' }
      const times = { created_at: running.time.now, next_try_at: running.time.now + days(1), tries: 0 }
      await running.db
        .insertInto('outbox')
        .values({ id, ...mail, ...times, ...more })
        .execute()
    }

    test('shows to whom, about what and how it stands, and nothing of what is said', async () => {
      await addMail('secret', { body_text: 'the words within', body_html: 'the words within', sealed_link: 'sealed' })
      await addMail('failing', { tries: 2, last_error: 'connect ECONNREFUSED 127.0.0.1:25' })
      const page = await outbox()
      const text = textOf(page.html)
      expect(text).toMatch(/Subject of failing To failing@example\.org Failing .*Tried 2 times\. Next try/)
      expect(text).toContain('The mail server cannot be reached.')
      expect(text).toContain('connect ECONNREFUSED 127.0.0.1:25')
      expect(text).toMatch(/Subject of secret To secret@example\.org Waiting/)
      expect(text).toContain('2FA was turned on')
      expect(page.html).not.toContain('the words within')
      expect(page.html).not.toContain('sealed')
    })

    test('is narrowed by state, and paged', async () => {
      await addMail('one', { tries: 1, last_error: 'timeout' })
      await addMail('two', { tries: 12, last_error: 'timeout' })
      for (const [state, shown, hidden] of [
        ['failing', 'Subject of one', 'Subject of two'],
        ['given-up', 'Subject of two', 'Subject of one'],
        ['sent', '2FA was turned on', 'Subject of'],
        ['waiting', 'No messages found', 'Subject of'],
      ] as const) {
        const text = textOf((await outbox(`?state=${state}`)).html)
        expect(text).toContain(shown)
        expect(text).not.toContain(hidden)
      }
      for (let number = 100; number < 220; number += 1) await addMail(`m${number}`, { created_at: number })
      const seen: string[] = []
      let page = await outbox('?state=waiting')
      for (;;) {
        seen.push(...[...page.html.matchAll(/Subject of (m\d+)</g)].map(([, id = '']) => id))
        const next = /href="(\/admin\/outbox\?[^"]*after=[^"]*)"/.exec(page.html)?.[1]?.replaceAll('&amp;', '&')
        if (next === undefined) break
        page = await root.browser.open(next)
      }
      expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => `m${219 - index}`))
      expect((await outbox('?state=nonsense&after=nonsense%00')).status).toBe(200)
    })

    test('an auditor reads it and can do nothing, others see nothing', async () => {
      await addMail('one', { tries: 1, last_error: 'timeout' })
      const auditor = await addProtectedPerson(running, { email: 'a@example.org', role: 'auditor' })
      const page = await auditor.browser.open('/admin/outbox')
      expect(textOf(page.html)).toContain('Subject of one')
      expect(page.html).not.toContain('/admin/outbox/retry')
      expect(page.html).not.toContain('/admin/outbox/test')
      for (const path of ['/admin/outbox/test', '/admin/outbox/retry'])
        expect((await auditor.browser.send(path, { mail: 'one' })).status).toBe(403)
      const helper = await addProtectedPerson(running, { email: 'h@example.org', role: 'help-desk' })
      expect((await helper.browser.open('/admin/outbox')).status).toBe(403)
    })

    test('a test mail goes to the administrator, at once, and the page says so', async () => {
      const page = await sendTest()
      expect(page.at).toMatch(/^\/admin\/outbox\?mail=/)
      expect(textOf(page.html)).toContain('The mail server has taken the message to root@example.org.')
      expect(taken.map(({ to, subject }) => [to, subject])).toEqual([['root@example.org', 'Test mail']])
      await running.deliver()
      expect(taken).toHaveLength(1)
      expect(await eventsOf(running, 'mail.test-sent')).toHaveLength(1)
      const preview = await sendTest('enforcing')
      expect(preview.at).toMatch(/^\/admin\/settings\/enforce-mfa\?mail=/)
      expect(textOf(preview.html)).toContain('The mail server has taken the message')
    })

    test.each([
      [refused, 'does not take messages to this address'],
      ['Invalid login: 535 Authentication failed', 'did not accept the name and password'],
      ['connect ETIMEDOUT 192.0.2.9:25', 'cannot be reached'],
      ['451 Try later', 'The message was not taken.'],
    ])('a test mail that fails with “%s” says why, and is tried again later', async (said, words) => {
      fault = said
      const text = textOf((await sendTest()).html)
      expect(text).toContain(words)
      expect(text).toContain(said)
      fault = null
      running.time.now += minutes(1)
      await running.deliver()
      expect(taken).toHaveLength(1)
    })

    test('test mails are few: five, then a wait that the page tells', async () => {
      for (let count = 0; count < 5; count += 1) await sendTest()
      const page = await sendTest()
      expect(page.status).toBe(429)
      expect(page.headers.get('retry-after')).toBe('60')
      expect(textOf(page.html)).toContain('You have sent many test mails. Try again in 60 seconds.')
      expect(taken).toHaveLength(5)
    })

    test('what was refused is tried again at a click, and said what came of it', async () => {
      await addMail('one', { tries: 3, last_error: refused })
      fault = refused
      expect(textOf((await retry('one')).html)).toContain('does not take messages to this address')
      fault = null
      const page = await retry('one')
      expect(textOf(page.html)).toContain('has taken the message to one@example.org')
      expect(taken.map(({ to }) => to)).toEqual(['one@example.org'])
      expect((await retry('one')).status).toBe(404)
      expect(await eventsOf(running, 'mail.retried')).toEqual([{ mail: 'one' }, { mail: 'one' }])
    })

    test('of fifty clicks at once one sends', async () => {
      await addMail('one', { tries: 3, last_error: refused })
      await Promise.all(Array.from({ length: 50 }, () => retry('one')))
      expect(taken).toHaveLength(1)
    })

    test('a message is given up after twelve tries, which is logged and shown, and may be taken up again', async () => {
      fault = refused
      await sendTest()
      for (let count = 0; count < 20; count += 1) {
        running.time.now += hours(6)
        await running.deliver()
      }
      expect((await rows()).at(-1)).toMatchObject({ tries: 12, sent_at: null })
      expect(running.logged.filter((line) => line.includes('a mail was given up'))).toHaveLength(1)
      fault = null
      root.browser.forget()
      await signIn(root.browser, root.person)
      await root.browser.send('/sign-in/verification-code', { code: codeAt(root.key, running.time.now) })
      const page = await outbox('?state=given-up')
      expect(textOf(page.html)).toContain('Test mail To root@example.org Given up')
      expect(textOf((await retry(inputs(page.html, 'mail')[0] ?? '')).html)).toContain('has taken the message')
    })

    test('a message whose link has been forgotten cannot be tried again', async () => {
      await addMail('link', { tries: 12, last_error: 'timeout', body_text: 'Open [link]', sealed_link: null })
      expect((await outbox()).html).not.toContain('/admin/outbox/retry')
      expect((await retry('link')).status).toBe(404)
      for (const id of ['', 'nothing', "' or 1=1 --"]) expect((await retry(id)).status).toBe(404)
      expect(taken).toEqual([])
    })

    test('both acts ask for a fresh proof', async () => {
      await addMail('one', { tries: 1, last_error: 'timeout' })
      running.time.now += minutes(11)
      expect((await sendTest()).at).toBe('/sign-in/verification-code')
      expect((await retry('one')).at).toBe('/sign-in/verification-code')
      expect(taken).toEqual([])
      await fresh()
      expect(textOf((await retry('one')).html)).toContain('has taken the message')
    })

    test('what the server says is text, whatever it says', async () => {
      await addMail('evil', { tries: 1, last_error: '<script>alert(1)</script>', recipient: '<b>@example.org' })
      const { html } = await outbox()
      expect(html).not.toContain('<script>alert')
      expect(html).not.toContain('<b>@')
    })

    test('without a mail server it says what becomes of mail, and offers no test', async () => {
      const without = await startService({ dialect, hasMailServer: false })
      const { browser } = await addProtectedPerson(without, { role: 'administrator' })
      const page = await browser.open('/admin/outbox')
      expect(textOf(page.html)).toContain('No mail server is set')
      expect(textOf(page.html)).toContain('SMTP_URL')
      expect(page.html).not.toContain('/admin/outbox/test')
      await without.stop()
    })

    test('a member cannot read it', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running, { email: 'bob@example.org' }))
      expect((await browser.open('/admin/outbox')).status).toBe(403)
    })
  })
}
