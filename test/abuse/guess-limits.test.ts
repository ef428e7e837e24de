// Guessing: how many guesses are verified at all, whatever the guesser does: in parallel, over new sign-ins, over
// restarts, by another way. After a hundred wrong codes in a row an authenticator is disabled.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { days, hours, minutes, seconds } from '../../src/time.ts'
import { countAgainstAuthenticators, matchAuthenticator, spendStep } from '../../src/totp/authenticators.ts'
import {
  atOnce,
  beginStepUp,
  browserCookie,
  copyOf,
  eventsOf,
  isIn,
  knownBrowsers,
  pendingSignIns,
  signInCookie,
} from '../support/attack.ts'
import { codeAt, inputs, textOf, wrongCode } from '../support/browser.ts'
import { codePage, expectWait, guesserOf, recoveryPage, wrongPassword, wrongRecoveryCode } from '../support/guesser.ts'
import { addPerson, addProtectedPerson, keyOn, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const waits = [seconds(30), ...[1, 2, 5, 10, 20, 40, 60, 60].map(minutes)]

for (const dialect of dialects) {
  describe(`guessing on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let guesser: ReturnType<typeof guesserOf>
    beforeEach(async () => {
      running = await startService({ dialect })
      guesser = guesserOf(running)
    })
    afterEach(() => running.stop())

    test('of two hundred parallel wrong passwords five are verified, and the right one is refused until the wait is over', async () => {
      const person = await addPerson(running)
      await atOnce(Array.from({ length: 200 }, guesser.stranger), (one) => guesser.guessPassword(person.email, one))
      expect(await guesser.verifiedPasswords()).toBe(5)
      running.restart()
      const browser = guesser.stranger()
      expectWait(await signIn(browser, person), seconds(30))
      running.time.now += seconds(30)
      await signIn(browser, person)
      expect(await isIn(browser)).toBe(true)
    })

    for (const [way, kind] of [
      [codePage, 'codes'],
      [recoveryPage, 'recovery codes'],
      ['both', 'codes and recovery codes'],
    ] as const) {
      test(`of two hundred parallel wrong ${kind} five are verified, over forty sign-ins`, async () => {
        const { person, key } = await addProtectedPerson(running)
        const browsers = await guesser.strangersWithPassword(person, 40)
        const code = wrongCode(key, running.time.now)
        const guesses = browsers.flatMap((one) => Array.from({ length: 5 }, () => copyOf(running, one)))
        await atOnce(guesses, (one, i) =>
          way === codePage || (way === 'both' && i % 2 === 0)
            ? one.send(codePage, { code })
            : one.send(recoveryPage, { code: wrongRecoveryCode }),
        )
        expect(await guesser.verifiedCodes()).toBe(5)
        running.restart()
        const next = await guesser.strangerWithPassword(person)
        expectWait(await next.send(codePage, { code: codeAt(key, running.time.now) }), seconds(30))
        running.time.now += seconds(30)
        await next.send(codePage, { code: codeAt(key, running.time.now) })
        expect(await isIn(next)).toBe(true)
      })
    }

    test('one sign-in has five guesses, also from browsers that each have a count of their own', async () => {
      const { person, key } = await addProtectedPerson(running)
      const [pending = guesser.stranger()] = await pendingSignIns(running, person, 1)
      const browsers = await knownBrowsers(running, person, 50)
      for (const one of browsers) one.cookies.set(signInCookie, pending.signIn ?? '')
      await atOnce(browsers, (one) => one.send(codePage, { code: wrongCode(key, running.time.now) }))
      expect(await guesser.verifiedCodes()).toBe(5)
      await pending.send(codePage, { code: codeAt(key, running.time.now) })
      expect(await isIn(pending)).toBe(false)
    })

    test('the fifth wrong code ends the sign-in; a new one neither helps nor starts the count again', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = await guesser.strangerWithPassword(person)
      for (let i = 0; i < 4; i += 1)
        expect((await browser.send(codePage, { code: wrongCode(key, running.time.now) })).status).toBe(422)
      const fifth = await browser.send(codePage, { code: wrongCode(key, running.time.now) })
      expectWait(fifth, seconds(30))
      expect(textOf(fifth.html)).toContain('Please sign in again. Try again in 30 seconds.')
      expect(browser.signIn).toBeUndefined()
      running.time.now += seconds(30)
      expect((await browser.open(codePage)).at).toBe('/sign-in?notice=over')
      await browser.send(codePage, { code: codeAt(key, running.time.now) })
      expect(await isIn(browser)).toBe(false)
      const next = await guesser.strangerWithPassword(person)
      await next.send(recoveryPage, { code: wrongRecoveryCode })
      expectWait(await next.send(codePage, { code: codeAt(key, running.time.now) }), seconds(60))
    })

    test('waits grow from thirty seconds to an hour for passwords, over restarts and clean-ups', async () => {
      const person = await addPerson(running)
      for (let i = 0; i < 5; i += 1) await guesser.guessPassword(person.email)
      for (const wait of waits) {
        running.restart()
        expectWait(await signIn(guesser.stranger(), person), wait)
        running.time.now += wait - 1
        await running.service.purge()
        expect((await signIn(guesser.stranger(), person)).status).toBe(429)
        running.time.now += 1
        expect((await guesser.guessPassword(person.email)).status).toBe(422)
      }
      expect(await guesser.verifiedPasswords()).toBe(5 + waits.length)
    })

    test('waits grow from thirty seconds to an hour for codes, over new sign-ins, restarts, clean-ups and days of rest', async () => {
      const { person, key } = await addProtectedPerson(running)
      await guesser.failCodes(person, key, 5)
      for (const wait of waits) {
        running.restart()
        expectWait(
          await (await guesser.strangerWithPassword(person)).send(codePage, { code: codeAt(key, running.time.now) }),
          wait,
        )
        running.time.now += wait
        if (wait === hours(1)) {
          running.time.now += days(3)
          await running.service.purge()
        }
        await guesser.failCodes(person, key, 1)
      }
      expect(await guesser.verifiedCodes()).toBe(5 + waits.length)
    })

    test('a success starts the counts again', async () => {
      const { person, key } = await addProtectedPerson(running)
      for (let round = 0; round < 2; round += 1) {
        for (let i = 0; i < 4; i += 1) await guesser.guessPassword(person.email)
        await guesser.failCodes(person, key, 4)
        running.time.now += minutes(1)
        const browser = guesser.stranger()
        await signInFully(running, browser, person, key)
        expect(await isIn(browser)).toBe(true)
      }
      expect(await guesser.verifiedPasswords()).toBe(8)
      expect(await guesser.verifiedCodes()).toBe(8)
      const [factor] = await running.db.selectFrom('totp_factors').select('failures').execute()
      expect(factor?.failures).toBe(0)
    })

    test('a right password does not start the count of codes again', async () => {
      const { person, key } = await addProtectedPerson(running)
      for (let i = 0; i < 5; i += 1) await guesser.failCodes(person, key, 1)
      expectWait(
        await (await guesser.strangerWithPassword(person)).send(recoveryPage, { code: wrongRecoveryCode }),
        seconds(30),
      )
    })

    test('guesses at sign-in and at step-up share one count', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      await beginStepUp(running, browser)
      browser.cookies.delete(browserCookie)
      await guesser.failCodes(person, key, 3)
      for (let i = 0; i < 2; i += 1) await browser.send(codePage, { code: wrongCode(key, running.time.now) })
      expectWait(await browser.send(codePage, { code: codeAt(key, running.time.now) }), seconds(30))
      await browser.open('/recovery-codes')
      expectWait(await browser.send(recoveryPage, { code: wrongRecoveryCode }), seconds(30))

      const other = await addPerson(running, { email: 'bob@example.org' })
      const thief = guesser.stranger()
      await signIn(thief, other)
      thief.cookies.delete(browserCookie)
      expect((await beginStepUp(running, thief, '/set-up-mfa')).at).toBe('/sign-in/password')
      for (let i = 0; i < 4; i += 1) await thief.send('/sign-in/password', { password: wrongPassword })
      await guesser.guessPassword(other.email)
      expectWait(await thief.send('/sign-in/password', { password: other.password }), seconds(30))
      expectWait(await signIn(guesser.stranger(), other), seconds(30))
    })

    test('five wrong proofs end a step-up and leave the session as it was', async () => {
      const { browser, key } = await addProtectedPerson(running)
      await beginStepUp(running, browser)
      for (let i = 0; i < 4; i += 1) await browser.send(codePage, { code: wrongCode(key, running.time.now) })
      expect((await browser.send(codePage, { code: wrongCode(key, running.time.now) })).at).toBe('/my-profile')
      running.time.now += seconds(30)
      expect((await browser.send(codePage, { code: codeAt(key, running.time.now) })).at).toBe('/my-profile')
      expect((await browser.open('/recovery-codes')).at).toBe(codePage)
    })

    test('a hundred wrong codes in a row disable the authenticator: it is still owed, and a recovery code is the way in', async () => {
      const { person, browser, key, codes } = await addProtectedPerson(running)
      await browser.send('/sign-out', {})
      // Twenty browsers that the account knows, each with five guesses of its own: the authenticator counts them all.
      const code = wrongCode(key, running.time.now)
      const [last = browser, ...others] = await pendingSignIns(running, person, 20)
      for (const one of [...others, last])
        for (let i = 0; i < (one === last ? 4 : 5); i += 1) await one.send(codePage, { code })
      expect(await guesser.verifiedCodes()).toBe(99)
      expect(await eventsOf(running, 'totp.disabled-by-wrong-codes')).toEqual([])
      const inTime = await guesser.strangerWithPassword(person)
      const page = await inTime.send(codePage, { code })
      expect(textOf(page.html)).toContain('Your authenticator was blocked after too many wrong codes.')
      expect(await eventsOf(running, 'totp.disabled-by-wrong-codes')).toHaveLength(1)
      await running.deliver()
      expect(running.mails.filter(({ to }) => to === person.email).map(({ subject }) => subject)).toContain(
        'Your authenticator app was blocked',
      )

      running.time.now += days(30)
      running.restart()
      expect((await signIn(browser, person)).at).toBe(recoveryPage)
      await browser.send(codePage, { code: codeAt(key, running.time.now) })
      expect(await isIn(browser)).toBe(false)
      expect((await browser.open('/set-up-mfa?replace=yes')).at).not.toMatch(/set-up-mfa/)
      await signIn(browser, person)
      await browser.send(recoveryPage, { code: codes[0] ?? '' })
      expect(await isIn(browser)).toBe(true)
      expect((await beginStepUp(running, browser)).at).toBe(recoveryPage)
      await browser.send(codePage, { code: codeAt(key, running.time.now) })
      expect((await browser.open('/recovery-codes')).at).toBe(recoveryPage)

      await browser.send(recoveryPage, { code: codes[1] ?? '' })
      const setUp = await browser.open('/set-up-mfa?replace=yes')
      const [newKey, enrolment = ''] = [keyOn(setUp.html), ...inputs(setUp.html, 'enrolment')]
      const fields = { enrolment, replace: 'yes', name: 'New', code: codeAt(newKey, running.time.now) }
      const { html } = await browser.send('/set-up-mfa', fields)
      await saveCodes(browser, { key: newKey, codes: inputs(html, 'code'), setId: inputs(html, 'set')[0] ?? '' })
      running.time.now += minutes(1)
      await browser.send('/sign-out', {})
      await signInFully(running, browser, person, newKey)
      expect(await isIn(browser)).toBe(true)
    })

    test('a right code that was compared just before the authenticator was disabled is not accepted after it', async () => {
      const { person, key } = await addProtectedPerson(running)
      const { db, time } = running
      const { sealer } = running.service.machine
      const guessed = await db.transaction().execute((trx) => countAgainstAuthenticators(trx, person.id))
      const guess = { userId: person.id, guessed, code: codeAt(key, time.now) }
      const match = await matchAuthenticator(db, sealer, guess, time.now)
      if (!match.ok) throw new Error('The code was not right.')
      await db.updateTable('totp_factors').set({ disabled_at: time.now }).execute()
      const spent = await db.transaction().execute((trx) => spendStep(trx, { ...match, now: time.now }))
      expect(spent).toBe(false)
    })

    test('a right code in between starts the way to a hundred again, a recovery code does not', async () => {
      const { person, key, codes } = await addProtectedPerson(running)
      const failures = async () =>
        (await running.db.selectFrom('totp_factors').select('failures').execute())[0]?.failures
      await guesser.failCodes(person, key, 3)
      const browser = await guesser.strangerWithPassword(person)
      await browser.send(recoveryPage, { code: codes[0] ?? '' })
      expect(await failures()).toBe(3)
      await signInFully(running, guesser.stranger(), person, key)
      expect(await failures()).toBe(0)
    })
  })
}
