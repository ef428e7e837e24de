import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, keyOn, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`enrolment on ${dialect}`, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    test('a person turns 2FA on, saves the codes, and signs in with it afterwards', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      expect((await signIn(browser, person)).at).toBe('/my-profile')

      const enrolled = await enrol(running, browser)
      expect(enrolled.codes).toHaveLength(10)
      expect((await browser.open('/my-profile')).at).toBe('/recovery-codes?next=%2Fmy-profile')
      expect((await saveCodes(browser, enrolled)).at).toBe('/my-profile/settings?notice=codes-saved')
      expect((await browser.open('/my-profile')).at).toBe('/my-profile')

      await browser.send('/sign-out', {})
      expect((await browser.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
      running.time.now += 60_000
      expect((await signIn(browser, person)).at).toBe('/sign-in/verification-code')
      const inside = await browser.send('/sign-in/verification-code', { code: codeAt(enrolled.key, running.time.now) })
      expect(inside.at).toBe('/my-profile')
      expect(inside.status).toBe(200)
    })

    test('a recovery code signs in once, and the person is told how many are left', async () => {
      const { person, codes } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const page = await browser.send('/sign-in/recovery-code', {
        code: (codes[0] ?? '').toUpperCase().replaceAll('-', ' '),
      })
      expect(page.at).toBe('/sign-in/recovery-code-used?next=%2Fmy-profile')
      expect(textOf(page.html)).toContain('You have 9 recovery codes left.')
      const again = new Browser(running)
      await signIn(again, person)
      expect((await again.send('/sign-in/recovery-code', { code: codes[0] ?? '' })).status).toBe(422)
    })

    test('whoever leaves before saving the codes is led to a fresh set at the next sign-in', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const first = await enrol(running, browser)
      running.time.now += 60_000
      const later = new Browser(running)
      const page = await signInFully(running, later, person, first.key, '/my-profile/settings')
      expect(page.at).toBe('/recovery-codes')
      const fresh = await later.send('/recovery-codes', {})
      const codes = inputs(fresh.html, 'code')
      expect(codes).toHaveLength(10)
      expect(codes).not.toContain(first.codes[0])
      const done = await later.send('/recovery-codes/saved', {
        set: inputs(fresh.html, 'set')[0] ?? '',
        code: codes,
        saved: 'yes',
      })
      expect(done.at).toBe('/my-profile/settings')
    })

    test('a session older than ten minutes proves itself again before it sees a secret', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      running.time.now += 11 * 60_000
      const page = await browser.open('/set-up-mfa?next=/my-profile/settings')
      expect(page.at).toBe('/sign-in/password')
      expect(page.html).not.toMatch(/[A-Z2-7]{32}/)
      const after = await browser.send('/sign-in/password', { password: person.password })
      expect(after.at).toBe('/set-up-mfa?next=/my-profile/settings')
      expect(keyOn(after.html)).toMatch(/^[A-Z2-7]{32}$/)
    })

    test('a new phone takes the place of the old one, which works until the new one is confirmed', async () => {
      const { person, browser, key, codes } = await addProtectedPerson(running)
      const page = await browser.open('/set-up-mfa?replace=yes')
      const newKey = keyOn(page.html)
      expect(newKey).not.toBe(key)
      const elsewhere = new Browser(running)
      expect((await signInFully(running, elsewhere, person, key)).at).toBe('/my-profile')

      const fields = { enrolment: inputs(page.html, 'enrolment')[0] ?? '', name: 'New phone', replace: 'yes' }
      expect((await browser.send('/set-up-mfa', { ...fields, code: codeAt(key, running.time.now, 1) })).status).toBe(
        422,
      )
      const shown = await browser.send('/set-up-mfa', { ...fields, code: codeAt(newKey, running.time.now) })
      const fresh = { key: newKey, codes: inputs(shown.html, 'code'), setId: inputs(shown.html, 'set')[0] ?? '' }
      await saveCodes(browser, fresh)
      expect((await elsewhere.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')

      running.time.now += 60_000
      await signIn(elsewhere, person)
      expect((await elsewhere.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })).status).toBe(
        422,
      )
      expect((await elsewhere.send('/sign-in/recovery-code', { code: codes[0] ?? '' })).status).toBe(422)
      expect((await elsewhere.send('/sign-in/verification-code', { code: codeAt(newKey, running.time.now) })).at).toBe(
        '/my-profile',
      )
    })

    test('replacing an authenticator asks for a fresh proof of the old one, or of a recovery code', async () => {
      const { browser, codes } = await addProtectedPerson(running)
      running.time.now += 11 * 60_000
      expect((await browser.open('/set-up-mfa?replace=yes')).at).toBe('/sign-in/verification-code')
      const page = await browser.send('/sign-in/recovery-code', { code: codes[0] ?? '' })
      expect(page.at).toMatch(/^\/sign-in\/recovery-code-used/)
      expect(page.html).toContain('href="/set-up-mfa?replace=yes"')
      expect((await browser.open('/set-up-mfa?replace=yes')).at).toBe('/set-up-mfa?replace=yes')
    })
  })
}
