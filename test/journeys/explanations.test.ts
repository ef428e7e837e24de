// "Why was I asked? Why was I not?" Every finished sign-in says so: to its owner, to administrators and in the log, as it
// was true at that time.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes } from '../../src/time.ts'
import { enforceMfa, eventsOf } from '../support/attack.ts'
import { Browser, codeAt, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, type Person, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`explanations on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    /** What the person's own list of sessions and the administrator's page about them say. */
    async function told(person: Person, browser: Browser): Promise<string[]> {
      const root = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' })
      const pages = [await browser.open('/my-profile/sessions'), await root.browser.open(`/admin/users/${person.id}`)]
      expect(pages.map(({ status }) => status)).toEqual([200, 200])
      return pages.map(({ html }) => textOf(html))
    }
    const lastEvent = async () => (await eventsOf(running, 'sign-in.completed')).at(-1)

    test('not asked, because nothing is required and nothing turned on', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      expect(await lastEvent()).toMatchObject({ asked: 'nothing-more', because: 'not-required' })
      for (const text of await told(person, browser))
        expect(text).toContain('Not asked for a second factor, because MFA was not required and 2FA was not turned on.')
    })

    test('asked, because the person has turned 2FA on', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signInFully(running, browser, person, key)
      expect(await lastEvent()).toMatchObject({ asked: 'second-factor', because: 'turned-on' })
      for (const text of await told(person, browser))
        expect(text).toContain('Asked for a second factor, because 2FA was turned on.')
    })

    test('asked, because MFA is enforced, and since when', async () => {
      const { person, key } = await addProtectedPerson(running)
      await enforceMfa(running)
      const enforcedAt = new Date(running.time.now).toISOString()
      running.time.now += minutes(1)
      const browser = new Browser(running)
      await signInFully(running, browser, person, key)
      expect(await lastEvent()).toMatchObject({ asked: 'second-factor', because: 'enforced', since: enforcedAt })
      for (const text of await told(person, browser))
        expect(text).toContain('because MFA was enforced for all users (since November 24, 2026 at 09:01 UTC).')
    })

    test('asked to set 2FA up, because MFA is enforced; the next time, asked for the factor', async () => {
      await enforceMfa(running)
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const enrolled = await enrol(running, browser)
      await saveCodes(browser, enrolled)
      expect(await lastEvent()).toMatchObject({ asked: 'set-up', because: 'enforced' })
      running.time.now += minutes(1)
      const again = new Browser(running)
      await signInFully(running, again, person, enrolled.key)
      expect(await lastEvent()).toMatchObject({ asked: 'second-factor', because: 'enforced' })
      for (const text of await told(person, again)) {
        expect(text).toContain('Asked to set up 2FA, because MFA was enforced for all users')
        expect(text).toContain('Asked for a second factor, because MFA was enforced for all users')
      }
    })

    test('what is told is what was true then, not what is true now', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signInFully(running, browser, person, key)
      await enforceMfa(running)
      for (const text of await told(person, browser)) {
        expect(text).toContain('because 2FA was turned on')
      }
      await running.db.updateTable('sessions').set({ explanation: null }).execute()
      expect(textOf((await browser.open('/my-profile/sessions')).html)).not.toContain('Asked for')
    })

    test('a step-up changes nothing about it', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signInFully(running, browser, person, key)
      const kept = () => running.db.selectFrom('sessions').select('explanation').execute()
      const before = await kept()
      await enforceMfa(running)
      running.time.now += minutes(11)
      await browser.open('/recovery-codes')
      await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect((await browser.open('/recovery-codes')).at).toBe('/recovery-codes')
      expect(await kept()).toEqual(before)
    })
  })
}
