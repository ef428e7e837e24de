import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, keyOn, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const [slow, fast] = ['The clock of your phone seems to be slow.', 'The clock of your phone seems to be fast.']

for (const dialect of dialects) {
  describe(`the hint about the phone’s clock on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
      running.time.now += 3_600_000 * 3
    })
    afterEach(() => running.stop())

    const factors = async () => (await running.db.selectFrom('totp_factors').select('id').execute()).length

    async function enrolWith(stepsAway: number) {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const page = await browser.open('/set-up-mfa')
      const key = keyOn(page.html)
      const answer = await browser.send('/set-up-mfa', {
        enrolment: inputs(page.html, 'enrolment'),
        name: 'Phone',
        code: codeAt(key, running.time.now, stepsAway),
      })
      return { answer, key }
    }

    test.each([
      [-120, slow],
      [-2, slow],
      [2, fast],
      [120, fast],
    ])('while enrolling, a code %i steps away is not accepted, and says: %s', async (stepsAway, hint) => {
      const { answer, key } = await enrolWith(stepsAway)
      expect(answer.status).toBe(422)
      expect(textOf(answer.html)).toContain(hint)
      expect(textOf(answer.html)).toContain('Let your phone set its date and time by itself')
      expect(keyOn(answer.html)).toBe(key)
      expect(await factors()).toBe(0)
    })

    test.each([-1, 0, 1])('while enrolling, a code %i steps away is accepted without a word', async (stepsAway) => {
      const { answer } = await enrolWith(stepsAway)
      expect(answer.status).toBe(200)
      expect(await factors()).toBe(1)
      expect(answer.html).not.toContain('The clock')
    })

    test.each([-121, 121, 1000])('while enrolling, a code %i steps away is simply wrong', async (stepsAway) => {
      const { answer } = await enrolWith(stepsAway)
      expect(answer.status).toBe(422)
      expect(answer.html).not.toContain('The clock')
    })

    async function signInWith(stepsAway: number) {
      const { person, key } = await addProtectedPerson(running)
      running.time.now += 3_600_000
      const browser = new Browser(running)
      await signIn(browser, person)
      const answer = await browser.send('/sign-in/verification-code', {
        code: codeAt(key, running.time.now, stepsAway),
      })
      return { answer, browser }
    }

    test.each([-2, -60])(
      'at sign-in, a code %i steps past is not accepted, and says that the clock is slow',
      async (away) => {
        const { answer, browser } = await signInWith(away)
        expect(answer.status).toBe(422)
        expect(textOf(answer.html)).toContain(slow)
        expect(browser.session).toBeUndefined()
        const events = await running.db.selectFrom('audit_events').select(['name', 'details']).execute()
        const refused = events.filter(({ name }) => name === 'second-factor.refused')
        expect(refused.map(({ details }) => JSON.parse(details) as unknown)).toEqual([
          { method: 'totp', because: 'wrong', clockOff: true },
        ])
      },
    )

    test.each([2, 3, 60, 120])(
      'at sign-in, a code %i steps to come says nothing: it is going to be valid',
      async (away) => {
        const { answer, browser } = await signInWith(away)
        expect(answer.status).toBe(422)
        expect(answer.html).not.toContain('The clock')
        expect(browser.session).toBeUndefined()
      },
    )
  })
}
