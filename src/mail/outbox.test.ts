import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { masterKey } from '../secrets/master-key.ts'
import { sealerFor } from '../secrets/sealing.ts'
import { days, hours, type Instant, minutes } from '../time.ts'
import { deliverDue, linkPlace, type Mailer, type Message, purgeOutbox, send, sendWithLink } from './outbox.ts'

for (const dialect of dialects) {
  describe(`the outbox on ${dialect}`, () => {
    const start: Instant = 1_700_000_000_000
    const sealer = sealerFor(masterKey(randomBytes(32)))
    let database: TestDatabase
    let sent: Message[]
    const mailer: Mailer = async (message) => void sent.push(message)
    const refusing: Mailer = async () => {
      throw new Error('mailbox unavailable')
    }
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      sent = []
    })
    afterEach(() => database.close())

    const message = (to: string): Message => ({ to, subject: 'Hello', text: 'In words', html: '<p>In words</p>' })
    const queue = (to = 'ada@example.org', now = start) =>
      database.db.transaction().execute((trx) => send(trx, message(to), now))
    const rows = () => database.db.selectFrom('outbox').selectAll().orderBy('recipient').execute()

    test('delivers what is due, once', async () => {
      await queue()
      expect(await deliverDue(database.db, mailer, sealer, start)).toEqual({ sent: 1, failed: 0 })
      expect(await deliverDue(database.db, mailer, sealer, start + days(1))).toEqual({ sent: 0, failed: 0 })
      expect(sent).toEqual([message('ada@example.org')])
      expect(await rows()).toMatchObject([{ sent_at: start, tries: 1, last_error: null }])
    })

    test('does not deliver what its transaction took back', async () => {
      const failing = database.db.transaction().execute(async (trx) => {
        await send(trx, message('ada@example.org'), start)
        throw new Error('something else went wrong')
      })
      await expect(failing).rejects.toThrow('something else')
      expect(await deliverDue(database.db, mailer, sealer, start)).toEqual({ sent: 0, failed: 0 })
    })

    test('hands each message to one of several that deliver at once', async () => {
      for (let count = 0; count < 20; count += 1) await queue(`user${count}@example.org`)
      const results = await Promise.all(Array.from({ length: 4 }, () => deliverDue(database.db, mailer, sealer, start)))
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
      const first = deliverDue(database.db, slow, sealer, start)
      await expect.poll(() => sent.length).toBe(1)
      expect(await deliverDue(database.db, mailer, sealer, start + minutes(2) - 1)).toEqual({ sent: 0, failed: 0 })
      handedOver()
      expect(await first).toEqual({ sent: 1, failed: 0 })
    })

    test('tries again what a process left behind when it was killed', async () => {
      await queue()
      void deliverDue(database.db, () => new Promise(() => {}), sealer, start)
      await expect.poll(async () => (await rows())[0]?.tries).toBe(1)
      expect(await deliverDue(database.db, mailer, sealer, start + minutes(2))).toEqual({ sent: 1, failed: 0 })
    })

    test('waits longer after each failure, and gives up after the twelfth', async () => {
      await queue()
      let now = start
      const pauses: number[] = []
      for (let count = 1; count <= 12; count += 1) {
        expect(await deliverDue(database.db, refusing, sealer, now)).toEqual({ sent: 0, failed: 1 })
        const [row] = await rows()
        expect(row).toMatchObject({ tries: count, sent_at: null, last_error: 'mailbox unavailable' })
        pauses.push((row?.next_try_at ?? 0) - now)
        expect(await deliverDue(database.db, mailer, sealer, (row?.next_try_at ?? 0) - 1)).toEqual({
          sent: 0,
          failed: 0,
        })
        now = row?.next_try_at ?? 0
      }
      const grown = [minutes(1), minutes(5), minutes(15), hours(1), hours(3), hours(6)]
      expect(pauses).toEqual([...grown, ...Array(6).fill(hours(6))])
      expect(await deliverDue(database.db, mailer, sealer, now + days(10))).toEqual({ sent: 0, failed: 0 })
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
        expect(await deliverDue(database.db, mailer, sealer, start)).toEqual({ sent: 1, failed: 0 })
        expect(sent).toMatchObject([{ text: `Open ${link} soon`, html: `<a href="${link}">${link}</a>` }])
        const [gone] = await rows()
        expect(gone).toMatchObject({ sealed_link: null, body_text: `Open ${linkPlace} soon` })
      })

      test('survives a failed try, and is not told by its error', async () => {
        await queueLink()
        await deliverDue(database.db, refusing, sealer, start)
        expect(await deliverDue(database.db, mailer, sealer, start + minutes(1))).toEqual({ sent: 1, failed: 0 })
        expect(sent[0]?.text).toContain(link)
      })

      test('is forgotten when the mail is given up', async () => {
        await queueLink()
        await database.db.updateTable('outbox').set({ tries: 11 }).execute()
        await deliverDue(database.db, refusing, sealer, start)
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
        expect(await deliverDue(database.db, mailer, sealer, start)).toEqual({ sent: 1, failed: 1 })
        expect(sent.map(({ to }) => to)).toEqual(['ada@example.org'])
        const other = sealerFor(masterKey(randomBytes(32)))
        expect(await deliverDue(database.db, mailer, other, start + minutes(1))).toEqual({ sent: 0, failed: 1 })
      })
    })

    test('a message that fails holds up no other', async () => {
      await queue('a@example.org')
      await queue('b@example.org')
      const picky: Mailer = async (mail) => (mail.to === 'a@example.org' ? refusing(mail) : mailer(mail))
      expect(await deliverDue(database.db, picky, sealer, start)).toEqual({ sent: 1, failed: 1 })
      expect(sent.map(({ to }) => to)).toEqual(['b@example.org'])
      expect(await deliverDue(database.db, mailer, sealer, start + minutes(1))).toEqual({ sent: 1, failed: 0 })
      expect((await rows())[0]).toMatchObject({ recipient: 'a@example.org', last_error: null })
    })

    test('keeps no more of an error than fits', async () => {
      await queue()
      await deliverDue(database.db, () => Promise.reject(new Error('x'.repeat(5000))), sealer, start)
      expect((await rows())[0]?.last_error).toHaveLength(500)
    })

    test('delivers the one that waits longest first', async () => {
      for (const [to, at] of [
        ['late@example.org', 2],
        ['early@example.org', 0],
        ['middle@example.org', 1],
      ] as const)
        await queue(to, start + at)
      await deliverDue(database.db, mailer, sealer, start + 10)
      expect(sent.map(({ to }) => to)).toEqual(['early@example.org', 'middle@example.org', 'late@example.org'])
    })

    test('after thirty days forgets what was sent or given up, and nothing that is still to go', async () => {
      for (const to of ['given-up@example.org', 'sent@example.org', 'waiting@example.org']) await queue(to)
      await deliverDue(
        database.db,
        async (mail) => {
          if (mail.to !== 'sent@example.org') throw new Error('no')
        },
        sealer,
        start,
      )
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
