// Mail as the real process delivers it: beside a server that does not answer, and while it is stopped.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { send } from '../../src/mail/outbox.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'
import { dialects } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`the delivery of mail by the process on ${dialect}`, { timeout: 60_000 }, () => {
    let folder: string
    let postgres: TestDatabase | null
    let server: MailServer
    let service: ServiceProcess | null
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'countersign-delivery-'))
      postgres = dialect === 'postgres' ? await createDatabase() : null
      service = null
    })
    afterEach(async () => {
      await service?.stop()
      await server.close()
      await postgres?.drop()
      await rm(folder, { recursive: true })
    })

    async function start(): Promise<ServiceProcess> {
      service = await startProcess({
        COUNTERSIGN_DATA: folder,
        SMTP_URL: `smtp://${server.address}`,
        COUNTERSIGN_MAIL_FROM: 'no-reply@example.org',
        ...(postgres ? { DATABASE_URL: postgres.url } : {}),
      })
      return service
    }
    async function inDatabase<Result>(act: (db: Awaited<ReturnType<typeof openDatabase>>) => Promise<Result>) {
      const db = await openDatabase(
        postgres ? { postgres: postgres.url } : { sqliteFile: join(folder, 'countersign.sqlite') },
      )
      return act(db).finally(() => db.destroy())
    }
    const queue = (...recipients: string[]) =>
      inDatabase(async (db) => {
        for (const [at, to] of recipients.entries()) {
          const message = { to, subject: 'Hello', text: 'In words', html: '<p>In words</p>' }
          await db.transaction().execute((trx) => send(trx, message, Date.now() - 1000 + at))
        }
      })

    test('does not wait for a server that does not answer about one recipient', async () => {
      server = await startMailServer(
        {},
        { onRcptTo: ({ address }, _session, done) => void (address.startsWith('slow') || done()) },
      )
      await start()
      await queue('slow1@example.org', 'slow2@example.org', 'ada@example.org')
      await expect.poll(() => server.received.map(({ to }) => to), { timeout: 15_000 }).toEqual([['ada@example.org']])
    })

    test('waits, when it is stopped, for what the mail server is just taking, so that it is not sent again', async () => {
      let isArriving = false
      server = await startMailServer(
        {},
        {
          onData: (stream, _session, done) => {
            isArriving = true
            stream.resume().on('end', () => setTimeout(done, 1500))
          },
        },
      )
      const { stop } = await start()
      await queue('ada@example.org', 'bob@example.org')
      await expect.poll(() => isArriving, { timeout: 15_000 }).toBe(true)
      expect(await stop()).toBe(0)
      const rows = await inDatabase((db) => db.selectFrom('outbox').selectAll().orderBy('recipient').execute())
      expect(rows).toMatchObject([
        { recipient: 'ada@example.org', tries: 1, sent_at: expect.any(Number) },
        { recipient: 'bob@example.org', tries: 0, sent_at: null },
      ])
    })
  })
}
