// Who gets the mail, how much of it, and where its links lead. A form can name any address in any way: mail goes to the
// stored address of that account or nowhere, to one recipient, a few times an hour, with links that no header can turn.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { smtpMailer } from '../../src/mail/mailer.ts'
import { hours, minutes } from '../../src/time.ts'
import { Browser } from '../support/browser.ts'
import { type MailServer, partOf, startMailServer } from '../support/mail-server.ts'
import { addPerson } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`mail to who asks for it, on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let server: MailServer
    beforeEach(async () => {
      server = await startMailServer()
      running = await startService({
        dialect,
        hasMailServer: true,
        mailer: await smtpMailer(`smtp://${server.address}`, 'no-reply@example.org'),
      })
      await addPerson(running, { email: 'Ada@example.org' })
    })
    afterEach(async () => {
      await running.stop()
      await server.close()
    })

    let asks = 0
    /** Asks from an address that nobody has asked from yet. */
    async function ask(fields: Record<string, string | readonly string[]>, headers: Record<string, string> = {}) {
      asks += 1
      const answer = await new Browser(running, `198.51.${asks >> 8}.${asks & 255}`).send(
        '/forgot-password',
        fields,
        headers,
      )
      await running.deliver()
      return answer
    }
    const recipients = () => server.received.flatMap(({ to }) => to)

    test('goes to the address as it is stored, however it was typed', async () => {
      await ask({ email: ' ADA@EXAMPLE.ORG ' })
      await ask({ email: 'ａｄａ@example.org' })
      expect(recipients()).toEqual(['Ada@example.org', 'Ada@example.org'])
    })

    test.each([
      'ada@example.org,eve@evil.test',
      'ada@example.org, eve@evil.test',
      'ada@example.org;eve@evil.test',
      'ada@example.org eve@evil.test',
      'eve@evil.test,ada@example.org',
      'ada@example.org\r\nBcc: eve@evil.test',
      'ada@example.org\nTo: eve@evil.test',
      'ada@example.org%0d%0aBcc:eve@evil.test',
      '<ada@example.org> <eve@evil.test>',
      'Ada <ada@example.org>',
      '"ada@example.org"@evil.test',
      'ada@example.org@evil.test',
      'ada@example.org\u0000@evil.test',
      'ada@example.org\u2028eve@evil.test',
      '["ada@example.org","eve@evil.test"]',
      '{"$ne":null}',
      '%',
      '*@example.org',
      'adá@example.org',
      'аda@example.org',
      'ada@exаmple.org',
      'ada@example.org.',
      'ada@example.orɡ',
      'ada+x@example.org',
      'a.da@example.org',
      'ada\u200d@example.org',
      'ada@example.org\u202e',
      "ada@example.org' or '1'='1",
    ])('goes nowhere for %j', async (email) => {
      const { status } = await ask({ email })
      expect([200, 422]).toContain(status)
      expect(recipients()).toEqual([])
    })

    test('goes nowhere for a field that was sent more than once, or under another name', async () => {
      await ask({ email: ['ada@example.org', 'eve@evil.test'] })
      await ask({ email: ['ada@example.org', 'ada@example.org'] })
      await ask({ 'email[]': ['ada@example.org', 'eve@evil.test'] })
      await ask({ 'email[0]': 'ada@example.org', 'email[1]': 'eve@evil.test' })
      expect(recipients()).toEqual([])
      await ask({ email: 'ada@example.org', to: 'eve@evil.test', bcc: 'eve@evil.test', Email: 'eve@evil.test' })
      expect(recipients()).toEqual(['Ada@example.org'])
    })

    test('is not taken in another encoding', async () => {
      const body = JSON.stringify({ email: ['ada@example.org', 'eve@evil.test'] })
      const response = await running.fetch('/forgot-password', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', origin: 'https://sign-in.test' },
      })
      expect(response.status).toBe(415)
      await running.deliver()
      expect(recipients()).toEqual([])
    })

    test.each([
      { host: 'evil.test' },
      { host: 'sign-in.test:8443' },
      { 'x-forwarded-host': 'evil.test' },
      { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'http', 'x-forwarded-port': '81' },
      { forwarded: 'host=evil.test;proto=http' },
      { 'x-original-host': 'evil.test', 'x-host': 'evil.test', 'x-http-host-override': 'evil.test' },
      { 'x-original-url': 'https://evil.test/', 'x-rewrite-url': 'https://evil.test/' },
    ])('its link begins with the public address, whatever a request says: %j', async (headers) => {
      await ask({ email: 'ada@example.org' }, headers as Record<string, string>)
      const [mail] = server.received
      if (!mail) throw new Error('nothing arrived')
      for (const type of ['text/plain', 'text/html']) {
        const addresses = partOf(mail, type).match(/https?:[^\s"<]+/g) ?? []
        expect(addresses.length).toBeGreaterThan(1)
        for (const address of addresses) expect(address).toMatch(/^https:\/\/sign-in\.test(\/|$)/)
      }
      expect(mail.raw).not.toContain('evil.test')
    })

    test('its link is the public address’s when the request itself names another', async () => {
      const response = await running.service.fetch(
        new Request('https://evil.test/forgot-password', {
          method: 'POST',
          body: 'email=ada%40example.org',
          headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://sign-in.test' },
        }),
        { remoteAddress: '192.0.2.9' },
      )
      expect(response.status).toBe(303)
      await running.deliver()
      for (const { raw } of server.received) expect(raw).not.toContain('evil.test')
    })

    test('comes three times, and then once an hour, whoever asks and however the address is written', async () => {
      const ways = ['ada@example.org', 'ADA@example.org', ' Ada@Example.Org', 'ａda@example.org', 'ada@EXAMPLE.ORG']
      for (let round = 0; round < 6; round += 1)
        for (const email of ways) expect((await ask({ email })).at).toBe('/forgot-password?notice=sent')
      expect(server.received).toHaveLength(3)
      for (let later = 1; later <= 4; later += 1) {
        running.time.now += hours(1)
        for (let round = 0; round < 5; round += 1) await ask({ email: 'ada@example.org' })
        expect(server.received).toHaveLength(3 + later)
      }
    })

    test('is not multiplied by asking many times at once', async () => {
      const all = Array.from({ length: 50 }, (_, index) =>
        new Browser(running, `203.0.113.${index}`).send('/forgot-password', { email: 'ada@example.org' }),
      )
      const answers = await Promise.all(all)
      expect(new Set(answers.map(({ at }) => at))).toEqual(new Set(['/forgot-password?notice=sent']))
      await running.deliver()
      expect(server.received).toHaveLength(3)
    })

    test('from one network address is bounded over all accounts, and says nothing about it', async () => {
      const asker = new Browser(running, '192.0.2.66')
      const answers = []
      for (let count = 0; count < 40; count += 1)
        answers.push(await asker.send('/forgot-password', { email: `user${count}@example.org` }))
      expect(new Set(answers.map(({ at, html }) => `${at} ${html.length}`)).size).toBe(1)
      expect(await running.db.selectFrom('password_reset_requests').selectAll().execute()).toHaveLength(30)
    })

    test('a flood for somebody keeps neither them from a link that works nor anybody else from theirs', async () => {
      await addPerson(running, { email: 'bob@example.org', name: 'Bob' })
      for (let count = 0; count < 10; count += 1) await ask({ email: 'ada@example.org' })
      await ask({ email: 'bob@example.org' })
      expect(recipients()).toContain('bob@example.org')
      const last = server.received.filter(({ to }) => to.includes('Ada@example.org')).at(-1)
      const link = /\/reset-password\?token=[\w-]{43}/.exec(last ? partOf(last, 'text/plain') : '')?.[0] ?? ''
      running.time.now += minutes(59)
      expect((await new Browser(running).open(link)).status).toBe(200)
    })

    test('the counts of mails and of guesses have nothing to do with each other', async () => {
      for (let count = 0; count < 6; count += 1) await ask({ email: 'ada@example.org' })
      const in_ = await new Browser(running).send('/sign-in', {
        email: 'ada@example.org',
        password: 'four words nobody would guess',
      })
      expect(in_.at).toBe('/my-profile')
    })
  })
}
