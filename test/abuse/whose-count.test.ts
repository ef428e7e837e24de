// Whose count a guess is charged to: other spellings and other addresses do not help a guesser, and somebody else's
// guesses do not lock the owner out.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { admit } from '../../src/attempts/attempts.ts'
import { inOrder, passwordLimits } from '../../src/sign-in/guesses.ts'
import { days, seconds } from '../../src/time.ts'
import { atOnce, browserCookie, copyOf, isIn, knownBrowsers } from '../support/attack.ts'
import { Browser, codeAt, wrongCode } from '../support/browser.ts'
import { codePage, expectWait, guesserOf, wrongPassword } from '../support/guesser.ts'
import { addPerson, addProtectedPerson, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`the count of guesses on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let guesser: ReturnType<typeof guesserOf>
    beforeEach(async () => {
      running = await startService({ dialect })
      guesser = guesserOf(running)
    })
    afterEach(() => running.stop())

    test('one address has thirty wrong passwords for everybody together, whatever it says of itself', async () => {
      const person = await addPerson(running)
      const forged = (i: number) => ({
        'x-forwarded-for': `203.0.113.${i}`,
        'x-real-ip': `203.0.113.${i}`,
        'true-client-ip': `203.0.113.${i}`,
        forwarded: `for=203.0.113.${i}`,
      })
      const [known = guesser.stranger()] = await knownBrowsers(running, person, 1)
      const fields = (i: number) => ({ email: `nobody${i}@example.org`, password: wrongPassword })
      const bot = (i: number) => new Browser(running, '192.0.2.1').send('/sign-in', fields(i), forged(i))
      await Promise.all(Array.from({ length: 200 }, (_, i) => bot(i)))
      expect(await guesser.verifiedPasswords()).toBe(30)
      expectWait(await signIn(new Browser(running, '192.0.2.1'), person), seconds(30))
      await signIn(known, person)
      expect(await isIn(known)).toBe(true)
      const elsewhere = guesser.stranger()
      await signIn(elsewhere, person)
      expect(await isIn(elsewhere)).toBe(true)
    })

    test('whoever has one IPv6 address has the whole network', async () => {
      const person = await addPerson(running)
      const from = (i: number) => new Browser(running, `2001:db8:0:7:${i.toString(16)}::${i}`)
      await Promise.all(Array.from({ length: 40 }, (_, i) => guesser.guessPassword(`nobody${i}@example.org`, from(i))))
      expect(await guesser.verifiedPasswords()).toBe(30)
      expect((await signIn(new Browser(running, '2001:0db8:0000:0007::1'), person)).status).toBe(429)
      expect((await signIn(new Browser(running, '2001:db8:0:8::1'), person)).at).toBe('/my-profile')
    })

    test('wrong codes count for their address as wrong passwords do, whoever’s account they are tried on', async () => {
      const one = await addProtectedPerson(running, { email: 'one@example.org' })
      const other = await addProtectedPerson(running, { email: 'other@example.org' })
      const from = '192.0.2.66'
      const [atOne, atOther] = [new Browser(running, from), new Browser(running, from)]
      await signIn(atOne, one.person)
      await signIn(atOther, other.person)
      for (let i = 0; i < 25; i += 1) await guesser.guessPassword(`nobody${i}@example.org`, new Browser(running, from))
      for (let i = 0; i < 5; i += 1) await atOne.send(codePage, { code: wrongCode(one.key, running.time.now) })
      expect(await guesser.verifiedCodes()).toBe(5)

      const right = () => ({ code: codeAt(other.key, running.time.now) })
      expectWait(await atOther.send(codePage, right()), seconds(30))
      expect(await isIn(atOther)).toBe(false)
      running.time.now += seconds(31)
      await atOther.send(codePage, right())
      expect(await isIn(atOther)).toBe(true)
    })

    test('an address that is blocked keeps nobody out elsewhere', async () => {
      const { person, key } = await addProtectedPerson(running)
      const from = '192.0.2.66'
      for (let i = 0; i < 30; i += 1) await guesser.guessPassword(`nobody${i}@example.org`, new Browser(running, from))
      const elsewhere = new Browser(running, '198.51.100.7')
      await signInFully(running, elsewhere, person, key)
      expect(await isIn(elsewhere)).toBe(true)
    })

    test('signing in to an account of one’s own does not wipe the count of one’s address', async () => {
      const mallory = await addPerson(running, { email: 'mallory@example.org' })
      const from = '192.0.2.66'
      for (let i = 0; i < 15; i += 1) await guesser.guessPassword(`victim${i}@example.org`, new Browser(running, from))
      const own = new Browser(running, from)
      await signIn(own, mallory)
      expect(await isIn(own)).toBe(true)
      for (let i = 15; i < 40; i += 1) await guesser.guessPassword(`victim${i}@example.org`, new Browser(running, from))
      expect(await guesser.verifiedPasswords()).toBe(30)
    })

    test('other spellings of an address share its count', async () => {
      const person = await addPerson(running)
      const spellings = [
        'ada@example.org',
        'ADA@Example.ORG',
        '  ada@example.org ',
        'ａｄａ@example.org',
        '\u3000Ada@example.org',
      ]
      for (const email of spellings) expect((await guesser.guessPassword(email)).status).toBe(422)
      expect(await guesser.verifiedPasswords()).toBe(5)
      for (const email of spellings) expect((await signIn(guesser.stranger(), { ...person, email })).status).toBe(429)
      running.time.now += seconds(30)
      const browser = guesser.stranger()
      await signIn(browser, { ...person, email: 'ＡＤＡ@EXAMPLE.org' })
      expect(await isIn(browser)).toBe(true)
    })

    test('a browser that the account knows still gets in while somebody else fails, with password and code', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      await browser.send('/sign-out', {})
      await guesser.failCodes(person, key, 5)
      for (let i = 0; i < 5; i += 1) await guesser.guessPassword(person.email)
      expect((await signIn(guesser.stranger(), person)).status).toBe(429)
      await signInFully(running, browser, person, key)
      expect(await isIn(browser)).toBe(true)
      expect((await signIn(guesser.stranger(), person)).status).toBe(429)
    })

    test('a known browser has its own limit, and its failures lock nobody else out', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      await browser.send('/sign-out', {})
      await atOnce(
        Array.from({ length: 20 }, () => copyOf(running, browser)),
        (one) => guesser.guessPassword(person.email, one),
      )
      expect(await guesser.verifiedPasswords()).toBe(5)
      expectWait(await signIn(browser, person), seconds(30))
      const other = guesser.stranger()
      await signInFully(running, other, person, key)
      expect(await isIn(other)).toBe(true)
    })

    test('the cookie of a known browser of somebody else, forged, too old or from before a new password gives nothing', async () => {
      // Both chose their passwords at the same moment, so that nothing but the account tells their cookies apart.
      const mallory = await addPerson(running, { email: 'mallory@example.org' })
      const { person, browser } = await addProtectedPerson(running)
      const own = new Browser(running)
      await signIn(own, mallory)
      const [mine = '', theirs = ''] = [browser, own].map((one) => one.cookies.get(browserCookie))
      const [issued, id, signature] = mine.split('.')
      const forged = [
        theirs,
        `${issued}.${id}.${theirs.split('.')[2]}`,
        `${issued}0.${id}.${signature}`,
        `${issued}.x${id}.${signature}`,
        `${issued}.${id}.`,
        '..',
        'x',
      ]
      for (let i = 0; i < 5; i += 1) await guesser.guessPassword(person.email)
      const withCookie = async (cookie: string) => {
        const thief = guesser.stranger()
        thief.cookies.set(browserCookie, cookie)
        return (await signIn(thief, person)).status
      }
      for (const cookie of forged) expect(await withCookie(cookie)).toBe(429)
      expect(await withCookie(mine)).toBe(200)

      running.time.now += days(180)
      for (let i = 0; i < 5; i += 1) await guesser.guessPassword(person.email)
      expect(await withCookie(mine)).toBe(429)

      const [fresh] = await knownBrowsers(running, person, 1)
      const cookie = fresh?.cookies.get(browserCookie) ?? ''
      expect(await withCookie(cookie)).toBe(200)
      await running.db.updateTable('users').set({ password_changed_at: running.time.now }).execute()
      expect(await withCookie(cookie)).toBe(429)
    })

    test('a known browser without password or code is no more signed in than any other', async () => {
      const { person, browser } = await addProtectedPerson(running)
      const [known = browser] = await knownBrowsers(running, person, 1)
      expect(await isIn(known)).toBe(false)
      expect((await signIn(known, person)).at).toBe(codePage)
      expect(await isIn(known)).toBe(false)
    })

    test('a flood of other names does not push a victim’s count out', async () => {
      const person = await addPerson(running)
      for (let i = 0; i < 5; i += 1) await guesser.guessPassword(person.email)
      // Counted as the pages count, without a hash for each of the two thousand.
      for (let i = 0; i < 2000; i += 1) {
        const address = `198.18.${Math.floor(i / 250)}.${i % 250}`
        const limits = passwordLimits({ emailKey: `flood${i}@example.org`, browser: null, address })
        await admit(running.service.machine, inOrder(limits), running.time.now)
      }
      await running.service.purge()
      expectWait(await signIn(guesser.stranger(), person), seconds(30))
      running.time.now += days(2)
      await running.service.purge()
      expect(await running.db.selectFrom('attempts').select('key').execute()).toEqual([])
    })
  })
}
