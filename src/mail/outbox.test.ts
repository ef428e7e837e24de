import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { openKeys, strangeKeys } from '../../test/support/keys.ts'
import { dialects } from '../../test/support/service.ts'
import { dataKey } from '../secrets/data-key.ts'
import { type Sealer, sealerFor } from '../secrets/sealing.ts'
import { days, hours, type Instant, minutes } from '../time.ts'
import { type DeliveryOptions, deliverDue, type Mailer, type OutgoingMessage } from './delivery.ts'
import { linkPlace, type Message, purgeOutbox, send, sendWithLink } from './outbox.ts'

for (const dialect of dialects) {
  describe(`the outbox on ${dialect}`, () => {
    const start: Instant = 1_700_000_000_000
    let sealer: Sealer
    let database: TestDatabase
    let sent: OutgoingMessage[]
    const mailer: Mailer = async (message) => void sent.push(message)
    const refusing: Mailer = async () => {
      throw new Error('mailbox unavailable')
    }
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      sealer = sealerFor(await openKeys(database.db))
      sent = []
    })
    afterEach(() => database.close())

    const message = (to: string): Message => ({ to, subject: 'Hello', text: 'In words', html: '<p>In words</p>' })
    const queue = (to = 'ada@example.org', now = start) =>
      database.db.transaction().execute((trx) => send(trx, message(to), now))
    const deliver = (mailer: Mailer, at: Instant, sealedBy = sealer, options: DeliveryOptions = {}) =>
      deliverDue({ db: database.db, mailer, sealer: sealedBy, clock: () => at }, options)
    const rows = () => database.db.selectFrom('outbox').selectAll().orderBy('recipient').execute()

    test('delivers what is due, once', async () => {
      await queue()
      expect(await deliver(mailer, start)).toEqual({ sent: 1, failed: 0 })
      expect(await deliver(mailer, start + days(1))).toEqual({ sent: 0, failed: 0 })
      expect(sent).toMatchObject([message('ada@example.org')])
      expect(await rows()).toMatchObject([{ sent_at: start, tries: 1, last_error: null }])
    })

    test('does not deliver what its transaction took back', async () => {
      const failing = database.db.transaction().execute(async (trx) => {
        await send(trx, message('ada@example.org'), start)
        throw new Error('something else went wrong')
      })
      await expect(failing).rejects.toThrow('something else')
      expect(await deliver(mailer, start)).toEqual({ sent: 0, failed: 0 })
    })

    test('hands each message to one of several that deliver at once', async () => {
      for (let count = 0; count < 20; count += 1) await queue(`user${count}@example.org`)
      const results = await Promise.all(Array.from({ length: 4 }, () => deliver(mailer, start)))
      expect(results.reduce((sum, result) => sum + result.sent, 0)).toBe(20)
      expect(new Set(sent.map(({ to }) => to)).size).toBe(20)
      expect(sent).toHaveLength(20)
    })

    test('does not send a message again while another process is still at it', async () => {
      await queue()
      let handedOver: () => void = () => {}
      const slow: Mailer = (mail) => {
        sent.push(mail)
        return new Promise((resolve) => {
          handedOver = resolve
        })
      }
      const first = deliver(slow, start)
      await expect.poll(() => sent.length).toBe(1)
      expect(await deliver(mailer, start + minutes(2) - 1)).toEqual({ sent: 0, failed: 0 })
      handedOver()
      expect(await first).toEqual({ sent: 1, failed: 0 })
    })

    test('does not send a message again either that had to wait for slow ones before it', async () => {
      await queue('a@example.org', start - 1)
      await queue('b@example.org')
      let now = start
      let handedOver: () => void = () => {}
      const slow: Mailer = async (mail) => {
        sent.push(mail)
        if (mail.to === 'a@example.org') now += minutes(3)
        else await new Promise<void>((resolve) => (handedOver = resolve))
      }
      const first = deliverDue({ db: database.db, mailer: slow, sealer, clock: () => now })
      await expect.poll(() => sent.length).toBe(2)
      expect(await deliver(mailer, now)).toEqual({ sent: 0, failed: 0 })
      handedOver()
      expect(await first).toEqual({ sent: 2, failed: 0 })
      expect(await rows()).toMatchObject([{ sent_at: now }, { sent_at: now }])
    })

    test('goes out under the same id at each try, and another message under another', async () => {
      await queue('a@example.org')
      await queue('b@example.org')
      const refused: string[] = []
      await deliver(async ({ id }) => {
        refused.push(id)
        throw new Error('no')
      }, start)
      await deliver(mailer, start + minutes(1))
      expect(sent.map(({ id }) => id).sort()).toEqual(refused.sort())
      expect(new Set(refused).size).toBe(2)
    })

    test('leaves the rest for later when it is told to stop', async () => {
      for (const to of ['a@example.org', 'b@example.org']) await queue(to)
      expect(await deliver(mailer, start, sealer, { isStopping: () => sent.length > 0 })).toEqual({
        sent: 1,
        failed: 0,
      })
      expect((await rows()).map(({ tries }) => tries).sort()).toEqual([0, 1])
    })

    test('blames no mail for a database that fails once it is sent', async () => {
      await queue()
      const failing: Mailer = async (mail) => {
        sent.push(mail)
        await database.db.schema.alterTable('outbox').renameTo('gone').execute()
      }
      await expect(deliver(failing, start)).rejects.toThrow()
      await database.db.schema.alterTable('gone').renameTo('outbox').execute()
      expect(await rows()).toMatchObject([{ last_error: null, next_try_at: start + minutes(2) }])
    })

    test('tries again what a process left behind when it was killed', async () => {
      await queue()
      void deliver(() => new Promise(() => {}), start)
      await expect.poll(async () => (await rows())[0]?.tries).toBe(1)
      expect(await deliver(mailer, start + minutes(2))).toEqual({ sent: 1, failed: 0 })
    })

    test('waits longer after each failure, and gives up after the twelfth', async () => {
      await queue()
      let now = start
      const pauses: number[] = []
      for (let count = 1; count <= 12; count += 1) {
        expect(await deliver(refusing, now)).toEqual({ sent: 0, failed: 1 })
        const [row] = await rows()
        expect(row).toMatchObject({ tries: count, sent_at: null, last_error: 'mailbox unavailable' })
        pauses.push((row?.next_try_at ?? 0) - now)
        expect(await deliver(mailer, (row?.next_try_at ?? 0) - 1)).toEqual({
          sent: 0,
          failed: 0,
        })
        now = row?.next_try_at ?? 0
      }
      const grown = [minutes(1), minutes(5), minutes(15), hours(1), hours(3), hours(6)]
      expect(pauses).toEqual([...grown, ...Array(6).fill(hours(6))])
      expect(await deliver(mailer, now + days(10))).toEqual({ sent: 0, failed: 0 })
    })

    describe('a one-time link', () => {
      const link = 'https://sign-in.test/reset-password?token=SECRET'
      const queueLink = (to = 'ada@example.org') =>
        database.db.transaction().execute((trx) => {
          const text = `Open ${linkPlace} soon`
          const html = `<a href="${linkPlace}">${linkPlace}</a>`
          return sendWithLink(trx, sealer, { message: { to, subject: 'Link', text, html }, link }, start)
        })

      test('waits sealed, arrives whole, and is forgotten then', async () => {
        await queueLink()
        const [waiting] = await rows()
        expect(JSON.stringify(waiting)).not.toContain('SECRET')
        expect(JSON.stringify(waiting)).not.toContain(Buffer.from('SECRET').toString('base64url'))
        expect(waiting?.sealed_link).toEqual(expect.any(String))
        expect(await deliver(mailer, start)).toEqual({ sent: 1, failed: 0 })
        expect(sent).toMatchObject([{ text: `Open ${link} soon`, html: `<a href="${link}">${link}</a>` }])
        const [gone] = await rows()
        expect(gone).toMatchObject({ sealed_link: null, body_text: `Open ${linkPlace} soon` })
      })

      test('survives a failed try, and is not told by its error', async () => {
        await queueLink()
        await deliver(refusing, start)
        expect(await deliver(mailer, start + minutes(1))).toEqual({ sent: 1, failed: 0 })
        expect(sent[0]?.text).toContain(link)
      })

      test('is forgotten when the mail is given up', async () => {
        await queueLink()
        await database.db.updateTable('outbox').set({ tries: 11 }).execute()
        await deliver(refusing, start)
        expect(await rows()).toMatchObject([{ tries: 12, sealed_link: null }])
      })

      test('does not open in the row of another mail, nor with another key', async () => {
        await queueLink('ada@example.org')
        await queueLink('eve@example.org')
        const [ada] = await rows()
        await database.db
          .updateTable('outbox')
          .set({ sealed_link: ada?.sealed_link ?? null })
          .where('recipient', '=', 'eve@example.org')
          .execute()
        expect(await deliver(mailer, start)).toEqual({ sent: 1, failed: 1 })
        expect(sent.map(({ to }) => to)).toEqual(['ada@example.org'])
        const other = sealerFor(strangeKeys(dataKey(1, randomBytes(32))))
        expect(await deliver(mailer, start + minutes(1), other)).toEqual({ sent: 0, failed: 1 })
      })
    })

    test('a message that fails holds up no other', async () => {
      await queue('a@example.org')
      await queue('b@example.org')
      const picky: Mailer = async (mail) => (mail.to === 'a@example.org' ? refusing(mail) : mailer(mail))
      expect(await deliver(picky, start)).toEqual({ sent: 1, failed: 1 })
      expect(sent.map(({ to }) => to)).toEqual(['b@example.org'])
      expect(await deliver(mailer, start + minutes(1))).toEqual({ sent: 1, failed: 0 })
      expect((await rows())[0]).toMatchObject({ recipient: 'a@example.org', last_error: null })
    })

    test('keeps no more of an error than fits', async () => {
      await queue()
      await deliver(() => Promise.reject(new Error('x'.repeat(5000))), start)
      expect((await rows())[0]?.last_error).toHaveLength(500)
    })

    test('delivers the one that waits longest first', async () => {
      for (const [to, at] of [
        ['late@example.org', 2],
        ['early@example.org', 0],
        ['middle@example.org', 1],
      ] as const)
        await queue(to, start + at)
      await deliver(mailer, start + 10)
      expect(sent.map(({ to }) => to)).toEqual(['early@example.org', 'middle@example.org', 'late@example.org'])
    })

    test('after thirty days forgets what was sent or given up, and nothing that is still to go', async () => {
      for (const to of ['given-up@example.org', 'sent@example.org', 'waiting@example.org']) await queue(to)
      await deliver(async (mail) => {
        if (mail.to !== 'sent@example.org') throw new Error('no')
      }, start)
      await database.db
        .updateTable('outbox')
        .set({ tries: 12 })
        .where('recipient', '=', 'given-up@example.org')
        .execute()
      await purgeOutbox(database.db, start + days(30))
      expect(await rows()).toHaveLength(3)
      await purgeOutbox(database.db, start + days(30) + 1)
      expect((await rows()).map(({ recipient }) => recipient)).toEqual(['waiting@example.org'])
    })
  })
}
