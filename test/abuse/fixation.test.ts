// Tokens: never chosen by anybody else, new at every change of assurance, and dead on the server when they should be.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hours, minutes } from '../../src/time.ts'
import {
  beginStepUp,
  browserWith,
  copyOf,
  deactivate,
  enforceMfa,
  isIn,
  sessionCookie,
  signInCookie,
} from '../support/attack.ts'
import { Browser, codeAt, inputs } from '../support/browser.ts'
import { codePage, recoveryPage } from '../support/guesser.ts'
import { addPerson, addProtectedPerson, enrol, keyOn, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`tokens on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const holding = (session: string | undefined) => browserWith(running, { [sessionCookie]: session })
    const pendingWith = (signInToken: string | undefined) => browserWith(running, { [signInCookie]: signInToken })

    test('planted cookies are never adopted', async () => {
      const { person, key } = await addProtectedPerson(running)
      const planted = 'A'.repeat(43)
      const victim = browserWith(running, { [sessionCookie]: planted, [signInCookie]: planted })
      await signIn(victim, person)
      expect(victim.signIn).not.toBe(planted)
      expect(victim.session).toBeUndefined()
      await victim.send(codePage, { code: codeAt(key, running.time.now) })
      expect(await isIn(victim)).toBe(true)
      expect(victim.session).not.toBe(planted)
      expect(await isIn(holding(planted))).toBe(false)
      expect((await pendingWith(planted).open(codePage)).at).toBe('/sign-in?notice=over')
    })

    test('a planted sign-in or session of the attacker’s own dies when the victim signs in over it', async () => {
      const victim = await addProtectedPerson(running)
      const mallory = await addProtectedPerson(running, { email: 'mallory@example.org' })
      const pending = new Browser(running)
      await signIn(pending, mallory.person)
      const browser = browserWith(running, { [sessionCookie]: mallory.browser.session, [signInCookie]: pending.signIn })
      await signInFully(running, browser, victim.person, victim.key)
      expect(await isIn(browser)).toBe(true)
      await pending.send(codePage, { code: codeAt(mallory.key, running.time.now) })
      expect(await isIn(pending)).toBe(false)
      expect(await isIn(mallory.browser)).toBe(false)
    })

    test('each step of a sign-in has a new token, and the one before is dead', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const first = browser.signIn
      await browser.send(codePage, { code: codeAt(key, running.time.now) })
      expect(browser.session).toBeDefined()
      expect(browser.session).not.toBe(first)
      expect(browser.signIn).toBeUndefined()
      expect((await pendingWith(first).open(codePage)).at).toBe('/sign-in?notice=over')
      expect(await isIn(holding(first))).toBe(false)
    })

    test('setting 2FA up within a sign-in gives new tokens, and the old ones are dead', async () => {
      const person = await addPerson(running)
      await enforceMfa(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const first = browser.signIn
      const enrolled = await enrol(running, browser)
      const second = browser.signIn
      expect(second).not.toBe(first)
      expect((await pendingWith(first).open('/recovery-codes')).at).toMatch(/^\/sign-in\?/)
      await saveCodes(browser, enrolled)
      expect(await isIn(browser)).toBe(true)
      expect((await pendingWith(second).open('/recovery-codes')).at).toMatch(/^\/sign-in\?/)
    })

    test('setting 2FA up in a session gives it a new token, and the old one is dead', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const before = browser.session
      const enrolled = await enrol(running, browser)
      await saveCodes(browser, enrolled)
      expect(await isIn(browser)).toBe(true)
      expect(browser.session).not.toBe(before)
      expect(await isIn(holding(before))).toBe(false)
    })

    test('a step-up gives the session a new token, and both old ones are dead', async () => {
      const { browser, key } = await addProtectedPerson(running)
      await beginStepUp(running, browser)
      const before = copyOf(running, browser)
      await browser.send(codePage, { code: codeAt(key, running.time.now) })
      expect(await isIn(browser)).toBe(true)
      expect(browser.session).not.toBe(before.session)
      expect(browser.signIn).toBeUndefined()
      expect(await isIn(before)).toBe(false)
      expect((await before.open(codePage)).at).toBe('/sign-in?notice=over')
    })

    test('signing out ends the session and the sign-in on the server', async () => {
      const { person, browser } = await addProtectedPerson(running)
      const thief = copyOf(running, browser)
      await beginStepUp(running, browser)
      const stepUp = copyOf(running, browser)
      await browser.send('/sign-out', {})
      expect(await isIn(thief)).toBe(false)
      expect((await stepUp.open(codePage)).at).toBe('/sign-in?notice=over')
      await signIn(browser, person)
      const pending = copyOf(running, browser)
      await browser.send('/sign-out', {})
      expect((await pending.open(codePage)).at).toBe('/sign-in?notice=over')
      expect(await running.db.selectFrom('sign_ins').select('id').execute()).toEqual([])
    })

    test('a session ends after an hour without use, though the cookie is still sent', async () => {
      const { browser } = await addProtectedPerson(running)
      running.time.now += minutes(58)
      expect(await isIn(browser)).toBe(true)
      running.time.now += hours(1)
      expect(await isIn(browser)).toBe(false)
      running.restart()
      expect((await browser.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
    })

    test('a session ends after a day, however much it is used and stepped up', async () => {
      const { browser, key } = await addProtectedPerson(running)
      const end = running.time.now - minutes(1) + hours(24)
      while (running.time.now < end - minutes(50)) {
        running.time.now += minutes(50)
        expect(await isIn(browser)).toBe(true)
      }
      await browser.open('/recovery-codes')
      await browser.send(codePage, { code: codeAt(key, running.time.now) })
      running.time.now = end - 1
      expect(await isIn(browser)).toBe(true)
      running.time.now = end
      expect(await isIn(browser)).toBe(false)
    })

    test('a shorter overall limit, once set, holds for sessions that are older than the setting', async () => {
      const { browser } = await addProtectedPerson(running)
      running.time.now += minutes(40)
      expect(await isIn(browser)).toBe(true)
      running.service.machine.limits.overall = minutes(30)
      expect(await isIn(browser)).toBe(false)
    })

    test('a longer overall limit, once set, lengthens no session that has begun', async () => {
      const { browser } = await addProtectedPerson(running)
      Object.assign(running.service.machine.limits, { overall: hours(72), idle: hours(72) })
      running.time.now += hours(24)
      expect(await isIn(browser)).toBe(false)
    })

    test('an idle session is not brought back by a step-up that was begun in time', async () => {
      const { browser, key } = await addProtectedPerson(running)
      running.service.machine.limits.idle = minutes(15)
      await beginStepUp(running, browser)
      running.time.now += minutes(16)
      await browser.send(codePage, { code: codeAt(key, running.time.now) })
      expect(await isIn(browser)).toBe(false)
    })

    test('a sign-in runs out after half an hour, whatever it has proved', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      running.time.now += minutes(30)
      expect((await browser.send(codePage, { code: codeAt(key, running.time.now) })).at).toBe('/sign-in?notice=over')
      expect(await isIn(browser)).toBe(false)
    })

    const changes: Record<string, (browser: Browser, factor: string) => Promise<unknown>> = {
      'renaming the authenticator': (browser, authenticator) =>
        browser.send('/my-profile/settings/rename-authenticator', { authenticator, name: 'New' }),
      'renewing the recovery codes': (browser) => browser.send('/recovery-codes', {}),
      'turning 2FA off': (browser) => browser.send('/my-profile/settings/disable-2fa', {}),
      'replacing the authenticator': async (browser) => {
        const { html } = await browser.open('/set-up-mfa?replace=yes')
        const fields = { enrolment: inputs(html, 'enrolment')[0] ?? '', name: 'New', replace: 'yes' }
        await browser.send('/set-up-mfa', { ...fields, code: codeAt(keyOn(html), running.time.now) })
      },
    }
    for (const [change, act] of Object.entries(changes)) {
      test(`${change} ends other sessions, sign-ins and step-ups, and gives a new token`, async () => {
        const { person, browser, key } = await addProtectedPerson(running)
        const { id } = await running.db.selectFrom('totp_factors').select('id').executeTakeFirstOrThrow()
        await beginStepUp(running, browser)
        const [session, pending, ownBefore] = [new Browser(running), new Browser(running), copyOf(running, browser)]
        await signInFully(running, session, person, key)
        await signIn(pending, person)
        await act(session, id)
        expect((await session.open('/my-profile')).at).toMatch(/^\/(my-profile|recovery-codes)/)
        expect(await isIn(browser)).toBe(false)
        expect(await isIn(ownBefore)).toBe(false)
        for (const other of [pending, browser]) expect((await other.open(codePage)).at).toBe('/sign-in?notice=over')
        expect(await running.db.selectFrom('sessions').select('id').execute()).toHaveLength(1)
        expect(await running.db.selectFrom('sign_ins').select('id').execute()).toEqual([])
      })
    }

    test('turning 2FA on ends sessions that knew the password only', async () => {
      const person = await addPerson(running)
      const [thief, browser] = [new Browser(running), new Browser(running)]
      await signIn(thief, person)
      await signIn(browser, person)
      await saveCodes(browser, await enrol(running, browser))
      expect(await isIn(thief)).toBe(false)
      expect(await running.db.selectFrom('sessions').select('id').execute()).toHaveLength(1)
      await browser.send('/my-profile/settings/disable-2fa', {})
      expect(await isIn(thief)).toBe(false)
    })

    test('a deactivated user’s session and sign-in are worth nothing from the next request on', async () => {
      const { person, browser, key, codes } = await addProtectedPerson(running)
      const pending = new Browser(running)
      await signIn(pending, person)
      await deactivate(running, person.id)
      expect(await isIn(browser)).toBe(false)
      await pending.send(codePage, { code: codeAt(key, running.time.now) })
      await pending.send(recoveryPage, { code: codes[0] ?? '' })
      expect(await isIn(pending)).toBe(false)
      const anew = new Browser(running)
      expect((await signIn(anew, person)).status).toBe(422)
      expect(anew.signIn).toBeUndefined()
    })
  })
}
