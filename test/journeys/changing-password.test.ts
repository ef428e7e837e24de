// A person changes the password in the settings: with a fresh proof and the old password. Everywhere else they are signed
// out. And a hash that was made at another cost is made anew when its owner next signs in.

import { hash } from '@node-rs/argon2'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { perAccount } from '../../src/attempts/attempts.ts'
import { isOutdated } from '../../src/passwords/hashing.ts'
import { minutes } from '../../src/time.ts'
import { issueLink } from '../../src/users/one-time-links.ts'
import { copyOf, enforceMfa, eventsOf, isIn, knownBrowsers } from '../support/attack.ts'
import { Browser, codeAt, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, password, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const path = '/my-profile/settings/change-password'
const newPassword = 'seven quiet otters sing'

for (const dialect of dialects) {
  describe(`changing the password on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const change = (browser: Browser, old = password, chosen = newPassword) =>
      browser.send(path, { old, password: chosen })

    test('begins in the settings, and the new one is the password from then on', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      expect((await browser.open('/my-profile/settings')).html).toContain(`href="${path}"`)
      expect(textOf((await browser.open(path)).html)).toContain('Change your password')
      const done = await change(browser)
      expect(done.at).toBe('/my-profile/settings?notice=password-changed')
      expect(textOf(done.html)).toContain('Your password is changed. You were signed out everywhere else.')
      expect((await signIn(new Browser(running), person)).status).toBe(422)
      expect((await signIn(new Browser(running), { ...person, password: newPassword })).at).toBe('/my-profile')
      expect(await eventsOf(running, 'password.set')).toContainEqual({ by: 'change' })
      await running.deliver()
      expect(running.mails.map(({ to, subject }) => `${to}: ${subject}`)).toEqual([
        'ada@example.org: Your password was changed',
      ])
    })

    test('ends other sessions, sign-ins in progress and open links, and gives this session a new token', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      const other = new Browser(running)
      await signInFully(running, other, person, key)
      running.time.now += minutes(1)
      const pending = new Browser(running)
      await signIn(pending, person)
      await running.db
        .transaction()
        .execute((trx) => issueLink(trx, { purpose: 'reset-password', userId: person.id }, running.time.now))
      const thief = copyOf(running, browser)

      await change(browser)
      expect(await isIn(browser)).toBe(true)
      expect(browser.session).not.toBe(thief.session)
      expect(await isIn(thief)).toBe(false)
      expect(await isIn(other)).toBe(false)
      const code = { code: codeAt(key, running.time.now) }
      expect((await pending.send('/sign-in/verification-code', code)).at).toMatch(/^\/sign-in\?/)
      expect(await running.db.selectFrom('one_time_links').selectAll().execute()).toEqual([])
      expect(await running.db.selectFrom('totp_factors').selectAll().execute()).toHaveLength(1)
    })

    test('asks for a fresh proof first', async () => {
      const { browser, key, person } = await addProtectedPerson(running)
      running.time.now += minutes(11)
      expect((await browser.open(path)).at).toBe('/sign-in/verification-code')
      const asked = await change(browser)
      expect(asked.at).toBe('/sign-in/verification-code')
      expect((await signIn(new Browser(running), person)).at).toBe('/sign-in/verification-code')
      const back = await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(back.at).toBe(path)
      expect((await change(browser)).at).toBe('/my-profile/settings?notice=password-changed')
    })

    test('asks for the old password, and counts wrong ones with all other guesses at it', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const before = browser.session
      for (let guess = 1; guess <= perAccount.free; guess += 1) {
        const refused = await change(browser, 'not the old one')
        expect(refused.status).toBe(422)
        expect(textOf(refused.html)).toContain('This password is not right.')
      }
      const blocked = await change(browser)
      expect(blocked.status).toBe(429)
      expect(blocked.headers.get('retry-after')).toBe('30')
      expect(textOf(blocked.html)).toContain('Try again in 30 seconds.')
      expect(browser.session).toBe(before)
      expect(await eventsOf(running, 'password.refused')).toHaveLength(perAccount.free)
      running.time.now += minutes(1)
      expect((await change(browser)).at).toBe('/my-profile/settings?notice=password-changed')
    })

    test('somebody else’s password is not the old one', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const hashed = await running.service.machine.hashing.hashPassword('eve has quite another one')
      const eve = await addPerson(running, { email: 'eve@example.org', name: 'Eve' })
      await running.db.updateTable('users').set({ password_hash: hashed }).where('id', '=', eve.id).execute()
      const more = { email: eve.email, user: eve.id, id: eve.id }
      const refused = await browser.send(path, { old: 'eve has quite another one', password: newPassword, ...more })
      expect(refused.status).toBe(422)
      expect((await browser.send(path, { old: password, password: newPassword, ...more })).status).toBe(200)
      const now = await running.db
        .selectFrom('users')
        .select('password_hash')
        .where('id', '=', eve.id)
        .executeTakeFirst()
      expect(now?.password_hash).toBe(hashed)
    })

    test('takes a shorter one only where a second factor is required', async () => {
      const { browser } = await addProtectedPerson(running)
      const short = 'otter4sing'
      expect(textOf((await change(browser, password, short)).html)).toContain('at least 15 characters')
      await enforceMfa(running)
      expect((await change(browser, password, short)).at).toBe('/my-profile/settings?notice=password-changed')
    })

    test('every known browser is unknown afterwards', async () => {
      const person = await addPerson(running)
      const [known] = await knownBrowsers(running, person, 1)
      const browser = new Browser(running)
      await signIn(browser, person)
      running.time.now += minutes(1)
      await change(browser)
      if (!known) throw new Error('no browser')
      await signIn(known, { ...person, password: newPassword })
      expect((await eventsOf(running, 'sign-in.begun')).at(-1)).toEqual({ knownBrowser: false })
    })

    test('the whole of a long one counts, and however its letters are typed', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const long = `${'é und ü '.repeat(15)}end?`
      expect([...long].length).toBeGreaterThan(120)
      await change(browser, password, long.normalize('NFD'))
      expect((await signIn(new Browser(running), { ...person, password: long.normalize('NFC') })).at).toBe(
        '/my-profile',
      )
      expect((await signIn(new Browser(running), { ...person, password: `${long.slice(0, -1)}!` })).status).toBe(422)
    })

    test('a hash of another cost is made anew at sign-in, and nothing else changes', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const old = await hash(password, { memoryCost: 8192, timeCost: 1, parallelism: 1, algorithm: 2 })
      expect(isOutdated(old)).toBe(true)
      await running.db.updateTable('users').set({ password_hash: old }).execute()
      const row = () =>
        running.db.selectFrom('users').select(['password_hash', 'password_changed_at']).executeTakeFirstOrThrow()
      const before = await row()
      await new Browser(running).send('/sign-in', { email: person.email, password: 'not this one' })
      expect(await row()).toEqual(before)
      expect((await signIn(new Browser(running), person)).at).toBe('/my-profile')
      const after = await row()
      expect(isOutdated(after.password_hash ?? '')).toBe(false)
      expect(after.password_changed_at).toBe(before.password_changed_at)
      expect(await isIn(browser)).toBe(true)
      expect((await signIn(new Browser(running), person)).at).toBe('/my-profile')
      expect(await row()).toEqual(after)
    })
  })
}
