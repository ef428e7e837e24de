// Somebody has the right password and guesses at the second factor: the owner is told by mail, once a day at most. And
// whoever has only the password learns nothing about the factor.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { days, hours, minutes } from '../../src/time.ts'
import { countSessions, eventsOf } from '../support/attack.ts'
import { Browser, textOf, wrongCode } from '../support/browser.ts'
import { addProtectedPerson, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`guesses behind the right password on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let ada: Awaited<ReturnType<typeof addProtectedPerson>>
    beforeEach(async () => {
      running = await startService({ dialect })
      ada = await addProtectedPerson(running)
    })
    afterEach(() => running.stop())

    async function guess(times: number, path = '/sign-in/verification-code', address = '198.51.100.7') {
      const stranger = new Browser(running, address)
      await signIn(stranger, ada.person)
      for (let count = 0; count < times; count += 1)
        await stranger.send(path, { code: wrongCode(ada.key, running.time.now) })
      return stranger
    }
    async function warnings() {
      await running.deliver()
      return running.mails.filter(({ subject }) => subject === 'Wrong codes after your right password')
    }

    test('four wrong codes are a slip, the fifth tells the owner, from where', async () => {
      await guess(4)
      expect(await warnings()).toEqual([])
      await guess(1)
      const [mail, ...more] = await warnings()
      expect(more).toEqual([])
      expect(mail?.to).toBe(ada.person.email)
      expect(mail?.text).toContain('198.51.100.7')
      expect(mail?.text).toContain('change it')
      expect(await eventsOf(running, 'second-factor.guesses-told')).toEqual([{}])
      expect(await countSessions(running, ada.person.id)).toBe(1)
    })

    test('wrong recovery codes count alike', async () => {
      await guess(5, '/sign-in/recovery-code')
      expect(await warnings()).toHaveLength(1)
    })

    test('however many guess, there is one mail a day, and another the next day', async () => {
      await guess(5)
      for (let count = 0; count < 6; count += 1) {
        running.time.now += hours(1)
        await guess(1)
      }
      expect(await warnings()).toHaveLength(1)
      running.time.now += days(1)
      await guess(1)
      expect(await warnings()).toHaveLength(2)
    })

    test('many who guess at once cause one mail', async () => {
      const strangers = await Promise.all(Array.from({ length: 10 }, (_, n) => guess(0, '', `198.51.100.${n}`)))
      const code = wrongCode(ada.key, running.time.now)
      await Promise.all(
        strangers.flatMap((stranger) =>
          Array.from({ length: 5 }, () => stranger.send('/sign-in/verification-code', { code })),
        ),
      )
      expect(await warnings()).toHaveLength(1)
    })

    test('a step-up that goes wrong tells nothing: that is no stranger with a password', async () => {
      running.time.now += minutes(11)
      await ada.browser.open('/recovery-codes')
      for (let count = 0; count < 5; count += 1)
        await ada.browser.send('/sign-in/verification-code', { code: wrongCode(ada.key, running.time.now) })
      expect(await warnings()).toEqual([])
    })

    test('without an event there is no mail, and no second one is held back', async () => {
      await guess(4)
      await running.db.schema.alterTable('audit_events').renameTo('lost').execute()
      await guess(1)
      await running.db.schema.alterTable('lost').renameTo('audit_events').execute()
      expect(await warnings()).toEqual([])
      running.time.now += hours(2)
      await guess(1)
      expect(await warnings()).toHaveLength(1)
    })

    test('the page for a code does not name the authenticator to whoever has only the password', async () => {
      await running.db.updateTable('totp_factors').set({ name: 'Pixel of Ada' }).execute()
      const stranger = await guess(0)
      expect((await stranger.open('/sign-in/verification-code')).html).not.toContain('Pixel of Ada')
      const wrong = await stranger.send('/sign-in/verification-code', { code: '000000' })
      expect(wrong.html).not.toContain('Pixel of Ada')
      running.time.now += minutes(11)
      expect(textOf((await ada.browser.open('/recovery-codes')).html)).toContain('Pixel of Ada')
    })

    test('the right code afterwards still gets the owner in', async () => {
      await guess(5)
      running.time.now += minutes(1)
      expect((await signInFully(running, new Browser(running), ada.person, ada.key)).at).toBe('/my-profile')
    })
  })
}
