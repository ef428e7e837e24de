// Replay: a code that was used once, or that is older than one that was, is worth nothing, wherever it is typed.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seconds } from '../../src/time.ts'
import { beginStepUp, countSessions, enforceMfa, isIn, pendingSignIns } from '../support/attack.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, keyOn, type Person, saveCodes, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const codePage = '/sign-in/verification-code'
const slow = 'The clock of your phone seems to be slow.'
const fast = 'The clock of your phone seems to be fast.'

for (const dialect of dialects) {
  describe(`a replayed code on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    /** A new browser in which the password has been typed. */
    async function pending(person: Person): Promise<Browser> {
      const browser = new Browser(running)
      expect((await signIn(browser, person)).at).toBe(codePage)
      return browser
    }

    async function signsInWith(person: Person, code: string): Promise<boolean> {
      const browser = await pending(person)
      await browser.send(codePage, { code })
      return isIn(browser)
    }

    test('codes of the present step and of one step either way are accepted, and no others', async () => {
      const { person, key } = await addProtectedPerson(running)
      const accepted: number[] = []
      for (const steps of [-2, -1, 0, 1, 2]) {
        running.time.now += seconds(600)
        if (await signsInWith(person, codeAt(key, running.time.now, steps))) accepted.push(steps)
      }
      expect(accepted).toEqual([-1, 0, 1])
    })

    test('the window does not depend on where in the step one is', async () => {
      const { person, key } = await addProtectedPerson(running)
      for (const offset of [0, 29_999]) {
        running.time.now = Math.ceil(running.time.now / 30_000) * 30_000 + seconds(600) + offset
        expect(await signsInWith(person, codeAt(key, running.time.now, -2))).toBe(false)
        expect(await signsInWith(person, codeAt(key, running.time.now, 2))).toBe(false)
        expect(await signsInWith(person, codeAt(key, running.time.now, -1))).toBe(true)
        expect(await signsInWith(person, codeAt(key, running.time.now, 1))).toBe(true)
      }
    })

    test('a code that was used is refused at the next sign-in, and the person is told to wait for another', async () => {
      const { person, key } = await addProtectedPerson(running)
      const code = codeAt(key, running.time.now)
      expect(await signsInWith(person, code)).toBe(true)
      const thief = await pending(person)
      const page = await thief.send(codePage, { code })
      expect(page.status).toBe(422)
      expect(textOf(page.html)).toContain('This code was used already.')
      expect(await isIn(thief)).toBe(false)
    })

    test('a used code stays used in the next step, where it would still be in the window, and after a restart', async () => {
      const { person, key } = await addProtectedPerson(running)
      const code = codeAt(key, running.time.now)
      expect(await signsInWith(person, code)).toBe(true)
      running.restart()
      expect(await signsInWith(person, code)).toBe(false)
      running.time.now += seconds(30)
      expect(await signsInWith(person, code)).toBe(false)
      expect(await signsInWith(person, codeAt(key, running.time.now))).toBe(true)
    })

    test('a code taken from a fast phone is refused again when its own step comes', async () => {
      const { person, key } = await addProtectedPerson(running)
      const ahead = codeAt(key, running.time.now, 1)
      expect(await signsInWith(person, ahead)).toBe(true)
      running.time.now += seconds(30)
      expect(await signsInWith(person, ahead)).toBe(false)
      running.time.now += seconds(30)
      expect(await signsInWith(person, ahead)).toBe(false)
    })

    test('an older code is refused once a newer one was used, though it was never used itself', async () => {
      const { person, key } = await addProtectedPerson(running)
      expect(await signsInWith(person, codeAt(key, running.time.now))).toBe(true)
      expect(await signsInWith(person, codeAt(key, running.time.now, -1))).toBe(false)
      running.time.now += seconds(300)
      expect(await signsInWith(person, codeAt(key, running.time.now, 1))).toBe(true)
      expect(await signsInWith(person, codeAt(key, running.time.now))).toBe(false)
      expect(await signsInWith(person, codeAt(key, running.time.now, -1))).toBe(false)
    })

    const sensitive = [
      '/my-profile/settings/disable-2fa',
      '/my-profile/settings/rename-authenticator',
      '/recovery-codes',
      '/set-up-mfa?replace=yes',
    ]
    for (const wanted of sensitive) {
      test(`a code used to sign in does not open ${wanted} in an older session`, async () => {
        const { person, key, browser } = await addProtectedPerson(running)
        expect((await beginStepUp(running, browser, wanted)).at).toBe(codePage)
        const code = codeAt(key, running.time.now)
        expect(await signsInWith(person, code)).toBe(true)
        expect((await browser.send(codePage, { code })).status).toBe(422)
        expect((await browser.open(wanted)).at).toBe(codePage)
        const next = await browser.send(codePage, { code: codeAt(key, running.time.now, 1) })
        expect(next.at).toBe(wanted)
      })
    }

    test('a code used to step up does not sign in, and does not step up another session', async () => {
      const { person, key, browser } = await addProtectedPerson(running)
      const [other = browser] = await pendingSignIns(running, person, 1)
      await other.send(codePage, { code: codeAt(key, running.time.now) })
      expect(await isIn(other)).toBe(true)
      await beginStepUp(running, browser)
      await other.open('/recovery-codes')
      const code = codeAt(key, running.time.now)
      expect((await browser.send(codePage, { code })).at).toBe('/recovery-codes')
      expect((await other.send(codePage, { code })).status).toBe(422)
      expect((await other.open('/recovery-codes')).at).toBe(codePage)
      expect(await signsInWith(person, code)).toBe(false)
    })

    test('the code that confirmed the authenticator does not sign in, nor does the one before it', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const enrolled = await enrol(running, browser)
      await saveCodes(browser, enrolled)
      expect(await signsInWith(person, codeAt(enrolled.key, running.time.now))).toBe(false)
      expect(await signsInWith(person, codeAt(enrolled.key, running.time.now, -1))).toBe(false)
      expect(await signsInWith(person, codeAt(enrolled.key, running.time.now, 1))).toBe(true)
    })

    test('the same holds where enforcement led to the set-up, and for an authenticator that replaced another', async () => {
      const person = await addPerson(running)
      await enforceMfa(running)
      const browser = new Browser(running)
      expect((await signIn(browser, person)).at).toBe('/set-up-mfa')
      const enrolled = await enrol(running, browser)
      await saveCodes(browser, enrolled)
      expect(await isIn(browser)).toBe(true)
      expect(await signsInWith(person, codeAt(enrolled.key, running.time.now))).toBe(false)

      const page = await browser.open('/set-up-mfa?replace=yes')
      const key = keyOn(page.html)
      const code = codeAt(key, running.time.now)
      const fields = { enrolment: inputs(page.html, 'enrolment')[0] ?? '', name: 'New', replace: 'yes', code }
      const shown = await browser.send('/set-up-mfa', fields)
      await saveCodes(browser, { key, codes: inputs(shown.html, 'code'), setId: inputs(shown.html, 'set')[0] ?? '' })
      expect(await isIn(browser)).toBe(true)
      expect(await signsInWith(person, code)).toBe(false)
      expect(await countSessions(running, person.id)).toBe(1)
    })

    test('at sign-in the hint about the clock is given for past steps only, and the hinted code is not accepted', async () => {
      const { person, key } = await addProtectedPerson(running)
      running.time.now += seconds(7200)
      const hinted: number[] = []
      for (const steps of [-121, -120, -2, 2, 3, 120]) {
        running.time.now += seconds(3600)
        const browser = await pending(person)
        const page = await browser.send(codePage, { code: codeAt(key, running.time.now, steps) })
        expect(page.status).toBe(422)
        expect(await isIn(browser)).toBe(false)
        const text = textOf(page.html)
        expect(text).not.toContain(fast)
        if (text.includes(slow)) hinted.push(steps)
      }
      expect(hinted).toEqual([-120, -2])
    })

    test('while setting up, the hint is given both ways, and the hinted code does not confirm', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const page = await browser.open('/set-up-mfa')
      const key = keyOn(page.html)
      for (const [steps, hint] of [
        [-120, slow],
        [-2, slow],
        [2, fast],
        [120, fast],
      ] as const) {
        const refused = await browser.send('/set-up-mfa', {
          enrolment: inputs(page.html, 'enrolment')[0] ?? '',
          name: 'Phone',
          code: codeAt(key, running.time.now, steps),
        })
        expect(refused.status).toBe(422)
        expect(textOf(refused.html)).toContain(hint)
      }
      expect(await running.db.selectFrom('totp_factors').select('id').execute()).toEqual([])
    })

    test('the time is the server’s own: nothing that a request says about it is believed', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = await pending(person)
      const later = running.time.now + seconds(600)
      const headers = { date: new Date(later).toUTCString(), 'x-request-start': String(later) }
      const fields = { code: codeAt(key, later), time: String(later), now: String(later), step: '1' }
      expect((await browser.send(codePage, fields, headers)).status).toBe(422)
      expect(await isIn(browser)).toBe(false)
    })
  })
}
