// Where I am signed in: a list that I can recognise my devices in, and a way to sign out those I do not. Never anybody
// else's.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hours, minutes } from '../../src/time.ts'
import { copyOf, countSessions, eventsOf, isIn } from '../support/attack.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, type Person, password, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const path = '/my-profile/sessions'
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'

for (const dialect of dialects) {
  describe(`my own sessions on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    async function signInFrom(person: Person, address: string, userAgent: string): Promise<Browser> {
      const browser = new Browser(running, address)
      await browser.send('/sign-in', { email: person.email, password }, { 'user-agent': userAgent })
      return browser
    }
    const idsOn = async (browser: Browser) => inputs((await browser.open(path)).html, 'session')

    test('are listed with device, address, what was proved, since when and last seen', async () => {
      const person = await addPerson(running)
      await signInFrom(person, '198.51.100.7', safari)
      await signInFrom(person, '198.51.100.8', 'SomethingElse/1.0')
      running.time.now += minutes(5)
      const browser = await signInFrom(person, '192.0.2.1', firefox)
      expect((await browser.open('/my-profile/settings')).html).toContain(`href="${path}"`)
      const text = textOf((await browser.open(path)).html)
      for (const said of [
        'Firefox on Linux This session',
        'Safari on iPhone',
        'From 198.51.100.7, with password.',
        'Unknown device From 198.51.100.8',
        'Signed in November 24, 2026 at 09:00 UTC. Last seen November 24, 2026 at 09:00 UTC.',
        'Signed in November 24, 2026 at 09:05 UTC.',
      ])
        expect(text).toContain(said)
      expect(text.match(/This session/g)).toHaveLength(1)
    })

    test('say that a second factor was proved, and never show a token', async () => {
      const { browser } = await addProtectedPerson(running)
      const { html } = await browser.open(path)
      expect(textOf(html)).toContain('with password, authenticator app.')
      expect(html).not.toContain(browser.session ?? 'none')
    })

    test('can be ended one by one', async () => {
      const person = await addPerson(running)
      const other = await signInFrom(person, '198.51.100.7', safari)
      const third = await signInFrom(person, '198.51.100.8', firefox)
      const browser = await signInFrom(person, '192.0.2.1', firefox)
      await running.db
        .updateTable('sessions')
        .set({ address: '203.0.113.9' })
        .where('address', '=', '198.51.100.7')
        .execute()
      const row = await running.db
        .selectFrom('sessions')
        .select('id')
        .where('address', '=', '203.0.113.9')
        .executeTakeFirst()
      const ended = await browser.send(path, { session: row?.id ?? '' })
      expect(ended.at).toBe(`${path}?notice=ended`)
      expect(textOf(ended.html)).toContain('Signed out there.')
      expect(await isIn(other)).toBe(false)
      expect(await isIn(third)).toBe(true)
      expect(await isIn(browser)).toBe(true)
      expect(await eventsOf(running, 'sessions.ended')).toEqual([{ count: 1, because: 'by-owner' }])
      await running.deliver()
      expect(running.mails.map(({ subject }) => subject)).toEqual(['You were signed out on another device'])
    })

    test('can all be ended but this one, with what is only signing in', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      const others = [new Browser(running), new Browser(running)]
      for (const other of others) {
        await signIn(other, person)
        await other.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
        running.time.now += minutes(1)
      }
      const pending = new Browser(running)
      await signIn(pending, person)
      expect(await countSessions(running, person.id)).toBe(3)
      expect((await browser.send(path, { others: 'yes' })).at).toBe(`${path}?notice=ended`)
      expect(await countSessions(running, person.id)).toBe(1)
      expect(await isIn(browser)).toBe(true)
      for (const other of others) expect(await isIn(other)).toBe(false)
      expect((await pending.open('/sign-in/verification-code')).at).toMatch(/^\/sign-in\?/)
      expect(textOf((await browser.open(path)).html)).toContain('You are signed in nowhere else.')
    })

    test('that have run out are not listed', async () => {
      const person = await addPerson(running)
      await signInFrom(person, '198.51.100.7', safari)
      running.time.now += hours(1)
      const browser = await signInFrom(person, '192.0.2.1', firefox)
      expect(textOf((await browser.open(path)).html)).not.toContain('198.51.100.7')
    })

    test('are ended only after a fresh proof', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      const other = new Browser(running)
      await signIn(other, person)
      await other.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      running.time.now += minutes(11)
      expect((await browser.send(path, { others: 'yes' })).at).toBe('/sign-in/verification-code')
      expect(await isIn(other)).toBe(true)
      const back = await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(back.at).toBe(path)
      await browser.send(path, { others: 'yes' })
      expect(await isIn(other)).toBe(false)
    })

    test('are mine alone: nobody ends a session of somebody else, or learns that there is one', async () => {
      const ada = await addPerson(running)
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob', role: 'administrator' })
      const theirs = await signInFrom(ada, '198.51.100.7', safari)
      const mine = await signInFrom(bob, '192.0.2.1', firefox)
      const row = await running.db.selectFrom('sessions').select('id').where('user_id', '=', ada.id).executeTakeFirst()
      const id = row?.id ?? ''
      const unknown = await mine.send(path, { session: '00000000-0000-4000-8000-000000000000' })
      const foreign = await mine.send(path, { session: id })
      expect([unknown.status, foreign.status]).toEqual([404, 404])
      const words = (html: string) => textOf(html).replace(/[0-9a-f]{16}/, '')
      expect(words(foreign.html)).toBe(words(unknown.html))
      expect((await mine.open(path)).html).not.toContain(id)
      expect((await mine.open(`${path}?user=${ada.id}`)).html).not.toContain(id)
      await mine.send(path, { others: 'yes', user: ada.id, userId: ada.id, user_id: ada.id })
      expect(await isIn(theirs)).toBe(true)
      expect(await idsOn(theirs)).not.toContain(id)
    })

    test.each([
      [{}],
      [{ session: '' }],
      [{ others: 'no' }],
      [{ others: ['yes', 'yes'] }],
      [{ session: ['a', 'b'] }],
      [{ others: 'yes', session: 'a' }],
      [{ 'session[]': 'a' }],
    ] as Record<string, string | string[]>[][])('a form that says %j ends nothing', async (form) => {
      const person = await addPerson(running)
      const other = await signInFrom(person, '198.51.100.7', safari)
      const browser = await signInFrom(person, '192.0.2.1', firefox)
      expect((await browser.send(path, form ?? {})).status).toBe(400)
      expect(await isIn(other)).toBe(true)
      expect(await isIn(browser)).toBe(true)
    })

    test('one that was ended twice at once is ended once', async () => {
      const person = await addPerson(running)
      await signInFrom(person, '198.51.100.7', safari)
      const browser = await signInFrom(person, '192.0.2.1', firefox)
      const [id = ''] = await idsOn(browser)
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => copyOf(running, browser).send(path, { session: id })),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(await eventsOf(running, 'sessions.ended')).toHaveLength(1)
    })
  })
}
