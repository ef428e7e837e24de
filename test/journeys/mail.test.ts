import { type AddressInfo, createServer } from 'node:net'
import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { deliverDue } from '../../src/mail/delivery.ts'
import { smtpMailer } from '../../src/mail/mailer.ts'
import { send } from '../../src/mail/outbox.ts'
import { minutes } from '../../src/time.ts'
import { Browser } from '../support/browser.ts'
import { type MailServer, partOf, type Received, startMailServer } from '../support/mail-server.ts'
import { addPerson, enrol, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`mail by SMTP on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let server: MailServer
    let received: Received[]
    let refused: Set<string>
    beforeEach(async () => {
      running = await startService({ dialect })
      received = []
      refused = new Set()
    })
    afterEach(async () => {
      await server.close()
      await running.stop()
    })

    /** Starts a mail server and returns its address. */
    async function listen(options: SMTPServerOptions = {}): Promise<string> {
      server = await startMailServer({ refused }, options)
      received = server.received
      return server.address
    }
    const deliver = async (url: string) =>
      deliverDue({
        db: running.db,
        mailer: await smtpMailer(url, 'Sign-in <no-reply@example.org>'),
        sealer: running.service.machine.sealer,
        clock: () => running.time.now,
      })
    const queue = (to: string, subject = 'Hello') => {
      const message = { to, subject, text: 'In words', html: '<p>In words</p>' }
      return running.db.transaction().execute((trx) => send(trx, message, running.time.now))
    }
    test('a notice arrives, as text and as HTML', async () => {
      const address = await listen()
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running, { name: 'Zoë Müller' }))
      await enrol(running, browser)
      expect(await deliver(`smtp://${address}`)).toEqual({ sent: 1, failed: 0 })
      const [mail] = received
      if (!mail) throw new Error('nothing arrived')
      expect(mail).toMatchObject({ from: 'no-reply@example.org', to: ['ada@example.org'] })
      expect(mail.raw).toMatch(/^Subject: 2FA was turned on\r$/m)
      expect(mail.raw).toMatch(/^From: "?Sign-in"? <no-reply@example.org>\r$/m)
      expect(mail.raw).toMatch(/^To: ada@example.org\r$/m)
      expect(partOf(mail, 'text/plain')).toContain('Hello Zoë Müller,')
      expect(partOf(mail, 'text/plain')).toContain('2FA was turned on for your account ada@example.org')
      expect(partOf(mail, 'text/html')).toMatch(/<p style="[^"]+">Hello Zoë Müller,<\/p>/)
      expect(await deliver(`smtp://${address}`)).toEqual({ sent: 0, failed: 0 })
      expect(received).toHaveLength(1)
    })

    test('a recipient that the server refuses is tried again later, and the others get theirs', async () => {
      const address = await listen()
      await queue('ada@example.org')
      await queue('bob@example.org')
      refused.add('ada@example.org')
      expect(await deliver(`smtp://${address}`)).toEqual({ sent: 1, failed: 1 })
      const waiting = await running.db.selectFrom('outbox').selectAll().where('sent_at', 'is', null).execute()
      expect(waiting).toMatchObject([{ recipient: 'ada@example.org', tries: 1 }])
      expect(waiting[0]?.last_error).toContain('no such mailbox')
      refused.clear()
      expect(await deliver(`smtp://${address}`)).toEqual({ sent: 0, failed: 0 })
      running.time.now += minutes(1)
      expect(await deliver(`smtp://${address}`)).toEqual({ sent: 1, failed: 0 })
      expect(received.map(({ to }) => to)).toEqual([['bob@example.org'], ['ada@example.org']])
    })

    test('a server that goes on talking holds a message no longer than a minute', async () => {
      const drips = createServer((socket) => {
        socket.write('220-wait\r\n')
        const timer = setInterval(() => socket.write('220-wait\r\n'), 50)
        socket.on('close', () => clearInterval(timer)).on('error', () => {})
      })
      await new Promise<void>((listening) => drips.listen(0, '127.0.0.1', listening))
      await listen()
      const { port } = drips.address() as AddressInfo
      const mailer = await smtpMailer(`smtp://127.0.0.1:${port}`, 'no-reply@example.org', 300)
      const message = { id: 'x', to: 'ada@example.org', subject: 'Hello', text: 'Hello', html: 'Hello' }
      await expect(mailer(message)).rejects.toThrow('Timed out: the server did not take it within 0.3 seconds.')
      await new Promise((closed) => drips.close(closed))
    })

    test('a message that is tried again has the same Message-ID', async () => {
      const address = await listen()
      const mailer = await smtpMailer(`smtp://${address}`, 'Sign-in <no-reply@example.org>')
      const message = { id: 'a-b-c', to: 'ada@example.org', subject: 'Hello', text: 'Hello', html: 'Hello' }
      for (let count = 0; count < 2; count += 1) await mailer(message)
      for (const { raw } of received) expect(raw).toMatch(/^Message-ID: <a-b-c@example\.org>\r$/m)
    })

    test('a server that is away for a while loses nothing', async () => {
      const address = await listen()
      await queue('ada@example.org')
      await server.close()
      expect(await deliver(`smtp://${address}`)).toEqual({ sent: 0, failed: 1 })
      const again = await listen()
      running.time.now += minutes(1)
      expect(await deliver(`smtp://${again}`)).toEqual({ sent: 1, failed: 0 })
    })

    test('name and password in the address are used, and never kept', async () => {
      const guests: string[] = []
      const address = await listen({
        authOptional: false,
        onAuth: ({ username = '', password = '' }, _session, done) => {
          guests.push(username)
          done(password === 's3cret/word' ? null : new Error('not this one'), { user: username })
        },
      })
      await queue('ada@example.org')
      expect(await deliver(`smtp://mailer:wr0ng-w0rd@${address}`)).toEqual({ sent: 0, failed: 1 })
      const { last_error } = await running.db.selectFrom('outbox').select('last_error').executeTakeFirstOrThrow()
      expect(last_error).not.toContain('wr0ng-w0rd')
      running.time.now += minutes(1)
      expect(await deliver(`smtp://mailer:s3cret%2Fword@${address}`)).toEqual({ sent: 1, failed: 0 })
      expect(guests).toEqual(['mailer', 'mailer'])
    })

    test('what somebody typed adds no header and no recipient', async () => {
      const address = await listen()
      await queue('ada@example.org', 'Hello\r\nBcc: eve@example.org\r\n\r\nx')
      await queue('bob@example.org, eve@example.org')
      await deliver(`smtp://${address}`)
      expect(received.flatMap(({ to }) => to)).not.toContain('eve@example.org')
      for (const { raw } of received) expect(raw).not.toMatch(/^bcc:/im)
    })
  })
}
