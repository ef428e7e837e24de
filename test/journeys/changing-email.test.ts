// A person changes their email address: a link goes to the new one, word of it to the old one, and nothing changes until
// the link is opened by the same account. Nobody learns on the way whose addresses there are.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { smtpMailer } from '../../src/mail/mailer.ts'
import { hours, minutes } from '../../src/time.ts'
import { issueLink } from '../../src/users/one-time-links.ts'
import { atOnce, copyOf, dumpOf, eventsOf } from '../support/attack.ts'
import { Browser, codeAt, textOf } from '../support/browser.ts'
import { type MailServer, partOf, type Received, startMailServer } from '../support/mail-server.ts'
import { addPerson, addProtectedPerson, type Person, signIn } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

const path = '/my-profile/settings/change-email'
const wanted = 'ada.new@example.org'

for (const dialect of dialects) {
  describe(`changing the email address on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let server: MailServer
    let ada: Person
    let browser: Browser
    beforeEach(async () => {
      server = await startMailServer()
      const mailer = await smtpMailer(`smtp://${server.address}`, 'no-reply@example.org')
      running = await startService({ dialect, hasMailServer: true, mailer })
      ada = await addPerson(running)
      browser = new Browser(running)
      await signIn(browser, ada)
    })
    afterEach(async () => {
      await running.stop()
      await server.close()
    })

    async function mails(): Promise<Received[]> {
      await running.deliver()
      return server.received.splice(0)
    }
    const told = (all: readonly Received[]) =>
      all.map(({ to, raw }) => `${to.join()}: ${/^Subject: (.+)\r$/m.exec(raw)?.[1]}`).sort()
    const linkIn = (all: readonly Received[]) =>
      (
        all.map((mail) => /https:\S+confirm-email\S+/.exec(partOf(mail, 'text/plain'))?.[0]).find(Boolean) ?? ''
      ).replace(origin, '')
    const tokenOf = (link: string) => new URL(link, origin).searchParams.get('token') ?? ''
    async function ask(email = wanted): Promise<string> {
      expect((await browser.send(path, { email })).at).toBe('/my-profile/settings?notice=email-asked')
      return linkIn(await mails())
    }
    const confirm = (link: string, by = browser) => by.send('/confirm-email', { token: tokenOf(link) })
    const addressOf = async (id = ada.id) =>
      (
        await running.db
          .selectFrom('users')
          .select(['email', 'email_key'])
          .where('id', '=', id)
          .executeTakeFirstOrThrow()
      ).email

    test('is asked for in the settings, told to both addresses, and made when the link is opened', async () => {
      expect((await browser.open('/my-profile/settings')).html).toContain(`href="${path}"`)
      expect(textOf((await browser.open(path)).html)).toContain('You sign in with ada@example.org now.')
      const asked = await browser.send(path, { email: wanted })
      expect(textOf(asked.html)).toContain('A link is on its way to the new address.')
      const first = await mails()
      expect(told(first)).toEqual([
        'ada.new@example.org: Confirm your new email address for Countersign',
        'ada@example.org: Your email address is about to change',
      ])
      expect(await addressOf()).toBe('ada@example.org')
      const page = await browser.open(linkIn(first))
      expect(textOf(page.html)).toContain('ada@example.org New address ada.new@example.org')
      expect(await addressOf()).toBe('ada@example.org')
      const done = await confirm(linkIn(first))
      expect(done.at).toBe('/my-profile/settings?notice=email-changed')
      expect(told(await mails())).toEqual(['ada@example.org: Your email address was changed'])
      expect((await signIn(new Browser(running), ada)).status).toBe(422)
      expect((await signIn(new Browser(running), { ...ada, email: wanted })).at).toBe('/my-profile')
      expect(await eventsOf(running, 'email.change-asked')).toHaveLength(1)
      expect(await eventsOf(running, 'email.changed')).toHaveLength(1)
    })

    test('needs a fresh proof', async () => {
      const { browser: own, key } = await addProtectedPerson(running, { email: 'bob@example.org', name: 'Bob' })
      running.time.now += minutes(11)
      await mails()
      expect((await own.send(path, { email: wanted })).at).toBe('/sign-in/verification-code')
      expect(await mails()).toEqual([])
      expect((await own.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })).at).toBe(path)
    })

    test('happens once, within an hour, by the newest link, and not by looking', async () => {
      const older = await ask()
      const newer = await ask('ada.newer@example.org')
      expect((await confirm(older)).status).toBe(404)
      for (let look = 0; look < 3; look += 1) expect((await browser.open(newer)).status).toBe(200)
      expect((await confirm(newer)).status).toBe(200)
      expect(await addressOf()).toBe('ada.newer@example.org')
      expect((await confirm(newer)).status).toBe(404)
      const late = await ask('ada.late@example.org')
      running.time.now += hours(1) - minutes(1)
      await browser.open('/my-profile')
      running.time.now += minutes(1)
      const again = new Browser(running)
      await signIn(again, { ...ada, email: 'ada.newer@example.org' })
      expect((await confirm(late, again)).status).toBe(404)
      expect(await addressOf()).toBe('ada.newer@example.org')
    })

    test('of fifty confirmations at once, one happens', async () => {
      const link = await ask()
      const copies = Array.from({ length: 50 }, () => copyOf(running, browser))
      const pages = await atOnce(copies, (copy) => confirm(link, copy))
      expect(pages.filter(({ at }) => at.includes('email-changed'))).toHaveLength(1)
      expect(await eventsOf(running, 'email.changed')).toHaveLength(1)
    })

    test('works for the account that asked, and for no other, and for nobody who is not signed in', async () => {
      const link = await ask()
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob' })
      const other = new Browser(running)
      await signIn(other, bob)
      expect((await other.open(link)).status).toBe(404)
      expect((await confirm(link, other)).status).toBe(404)
      expect(await addressOf(bob.id)).toBe('bob@example.org')
      const nobody = new Browser(running)
      const page = await nobody.open(link)
      expect(textOf(page.html)).toContain('Sign in to your account first')
      expect(page.html).not.toContain(tokenOf(link))
      expect((await confirm(link, nobody)).at).toMatch(/^\/sign-in/)
      expect(await addressOf()).toBe('ada@example.org')
      expect((await confirm(link)).status).toBe(200)
    })

    test('a link for another purpose confirms nothing, and this one does nothing else', async () => {
      const reset = await running.db
        .transaction()
        .execute((trx) => issueLink(trx, { purpose: 'reset-password', userId: ada.id }, running.time.now))
      expect((await browser.send('/confirm-email', { token: reset.token })).status).toBe(404)
      const token = tokenOf(await ask())
      const password = 'seven quiet otters sing'
      expect((await new Browser(running).send('/reset-password', { token, password })).status).toBe(404)
      expect((await new Browser(running).send('/accept-invitation', { token, password })).status).toBe(404)
    })

    test('voids other links, such as one to choose a password that went to the old address', async () => {
      await new Browser(running).send('/forgot-password', { email: ada.email })
      const reset = (await mails()).map((mail) => /token=([\w-]{43})/.exec(partOf(mail, 'text/plain'))?.[1])[0] ?? ''
      expect((await new Browser(running).open(`/reset-password?token=${reset}`)).status).toBe(200)
      await confirm(await ask())
      expect((await new Browser(running).open(`/reset-password?token=${reset}`)).status).toBe(404)
    })

    test('answers alike when the address is somebody’s: only that somebody is told', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob' })
      const free = await browser.send(path, { email: wanted })
      await mails()
      const taken = await browser.send(path, { email: 'BOB@example.org' })
      expect([taken.at, taken.status]).toEqual([free.at, free.status])
      expect(taken.html).toBe(free.html)
      const sent = await mails()
      expect(told(sent)).toEqual([
        'ada@example.org: Your email address is about to change',
        'bob@example.org: Somebody asked to use your email address',
      ])
      for (const mail of sent) expect(partOf(mail, 'text/plain')).not.toContain('token=')
      const toBob = sent.find(({ to }) => to.includes('bob@example.org'))
      expect(toBob ? partOf(toBob, 'text/plain') : '').not.toMatch(/ada/i)
      expect(await addressOf(bob.id)).toBe('bob@example.org')
    })

    test('an address that somebody else took meanwhile stays theirs', async () => {
      const link = await ask()
      const eve = await addPerson(running, { email: 'Ada.New@Example.org', name: 'Eve' })
      const refused = await confirm(link)
      expect(refused.status).toBe(409)
      expect(await addressOf()).toBe('ada@example.org')
      expect(await addressOf(eve.id)).toBe('Ada.New@Example.org')
      expect((await browser.open('/my-profile')).status).toBe(200)
    })

    test('two who want one address at once: one gets it', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob' })
      const other = new Browser(running)
      await signIn(other, bob)
      const mine = await ask()
      await other.send(path, { email: wanted.toUpperCase() })
      const theirs = linkIn(await mails())
      const answers = await Promise.all([confirm(mine), confirm(theirs, other)])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    })

    test.each([
      [''],
      ['no address'],
      ['a@example.org,b@example.org'],
      ['a@example.org\r\nBcc: eve@evil.test'],
      ['<a@example.org>'],
      ['a@example.org\u202e'],
    ])('%j is refused with the form filled in', async (email) => {
      const refused = await browser.send(path, { email })
      expect(refused.status).toBe(422)
      expect(await mails()).toEqual([])
    })

    test('a field sent twice is none, and the same address is no change', async () => {
      expect((await browser.send(path, { email: [wanted, 'eve@evil.test'] })).status).toBe(422)
      const same = await browser.send(path, { email: 'ada@example.org' })
      expect(textOf(same.html)).toContain('This is your address already.')
      const typed = await ask('Ada@Example.org')
      expect((await confirm(typed)).status).toBe(200)
      expect(await addressOf()).toBe('Ada@Example.org')
    })

    test('sends a few mails an hour, to one address and from one account', async () => {
      for (let count = 0; count < 3; count += 1)
        expect((await browser.send(path, { email: `ada${count}@example.org` })).status).toBe(200)
      const blocked = await browser.send(path, { email: 'ada9@example.org' })
      expect(blocked.status).toBe(429)
      expect(textOf(blocked.html)).toContain('Try again in 60 minutes')
      expect(told(await mails()).filter((line) => line.includes('Confirm'))).toHaveLength(3)
    })

    test('its link is nowhere readable while it waits, and leads to the public address alone', async () => {
      const headers = { 'x-forwarded-host': 'evil.test', forwarded: 'host=evil.test' }
      await browser.send(path, { email: wanted }, headers)
      const waiting = await dumpOf(running)
      const sent = await mails()
      const token = tokenOf(linkIn(sent))
      expect(token).toMatch(/^[\w-]{43}$/)
      for (const value of [...waiting, ...(await dumpOf(running)), ...running.logged])
        expect(value).not.toContain(token)
      for (const { raw } of sent) expect(raw).not.toContain('evil.test')
    })
  })
}

test('without a mail server, the page says that an address cannot be confirmed', async () => {
  const running = await startService()
  const browser = new Browser(running)
  await signIn(browser, await addPerson(running))
  expect(textOf((await browser.open(path)).html)).toContain('This service cannot send mail')
  expect((await browser.send(path, { email: wanted })).status).toBe(503)
  await running.deliver()
  expect(running.mails).toEqual([])
  await running.stop()
})
