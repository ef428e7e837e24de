import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { smtpMailer } from '../../src/mail/mailer.ts'
import { deliverDue, send } from '../../src/mail/outbox.ts'
import { minutes } from '../../src/time.ts'
import { Browser } from '../support/browser.ts'
import { addPerson, enrol, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

interface Received {
  from: string
  to: string[]
  raw: string
}

for (const dialect of dialects) {
  describe(`mail by SMTP on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let server: SMTPServer
    let received: Received[]
    let refused: Set<string>
    beforeEach(async () => {
      running = await startService({ dialect })
      received = []
      refused = new Set()
    })
    afterEach(async () => {
      await new Promise<void>((closed) => server.close(closed))
      await running.stop()
    })

    /** Starts a mail server and returns its address. */
    async function listen(options: SMTPServerOptions = {}): Promise<string> {
      server = new SMTPServer({
        authOptional: true,
        disabledCommands: ['STARTTLS'],
        allowInsecureAuth: true,
        onRcptTo: ({ address }, _session, done) =>
          done(refused.has(address) ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null),
        onData: (stream, { envelope }, done) => {
          const chunks: Buffer[] = []
          stream.on('data', (chunk: Buffer) => chunks.push(chunk))
          stream.on('end', () => {
            const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
            const to = envelope.rcptTo.map(({ address }) => address)
            received.push({ from, to, raw: Buffer.concat(chunks).toString('utf8') })
            done()
          })
        },
        ...options,
      })
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
      return `127.0.0.1:${(server.server.address() as AddressInfo).port}`
    }
    const deliver = async (url: string) =>
      deliverDue(running.db, await smtpMailer(url, 'Sign-in <no-reply@example.org>'), running.time.now)
    const queue = (to: string, subject = 'Hello') => {
      const message = { to, subject, text: 'In words', html: '<p>In words</p>' }
      return running.db.transaction().execute((trx) => send(trx, message, running.time.now))
    }
    const partOf = ({ raw }: Received, type: string) => {
      const boundary = /boundary="([^"]+)"/.exec(raw)?.[1] ?? ''
      const part = raw.split(`--${boundary}`).find((it) => it.includes(`Content-Type: ${type}`)) ?? ''
      const body = part.slice(part.indexOf('\r\n\r\n') + 4)
      if (/Content-Transfer-Encoding: base64/i.test(part)) return Buffer.from(body, 'base64').toString('utf8')
      const bytes = body
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      return Buffer.from(bytes, 'latin1').toString('utf8')
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
      expect(partOf(mail, 'text/html')).toContain('<p>Hello Zoë Müller,</p>')
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

    test('a server that is away for a while loses nothing', async () => {
      const address = await listen()
      await queue('ada@example.org')
      await new Promise<void>((closed) => server.close(closed))
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
