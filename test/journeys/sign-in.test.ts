import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hours, minutes } from '../../src/time.ts'
import { Browser, codeAt, inputs, textOf, wrongCode } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const wanted = '/my-profile/settings?notice=x'

for (const dialect of dialects) {
  describe(`signing in on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
      // Before there is an administrator, the page has something else to say.
      await running.db.updateTable('installation').set({ first_administrator_at: 1 }).execute()
    })
    afterEach(() => running.stop())

    const sessions = async () => (await running.db.selectFrom('sessions').select('id').execute()).length
    const signIns = async () => (await running.db.selectFrom('sign_ins').select('id').execute()).length

    test('leads to the page that was asked for', async () => {
      const browser = new Browser(running)
      const asked = await browser.open(wanted)
      expect(asked.at).toBe(`/sign-in?next=${encodeURIComponent(wanted)}`)
      expect(inputs(asked.html, 'next')).toEqual([wanted])
      expect((await signIn(browser, await addPerson(running), inputs(asked.html, 'next')[0])).at).toBe(wanted)
    })

    test('keeps the page that was asked for through a wrong password, wrong codes, and another way', async () => {
      const { person, key, codes } = await addProtectedPerson(running)
      const browser = new Browser(running)
      const wrong = await browser.send('/sign-in', { email: person.email, password: 'wrong', next: wanted })
      expect(wrong.status).toBe(422)
      expect(inputs(wrong.html, 'next')).toEqual([wanted])
      expect(inputs(wrong.html, 'email')).toEqual([person.email])
      expect(wrong.html).not.toContain('value="wrong"')
      await signIn(browser, person, wanted)
      await browser.send('/sign-in/verification-code', { code: wrongCode(key, running.time.now) })
      await browser.open('/sign-in/recovery-code')
      const done = await browser.send('/sign-in/recovery-code', { code: codes[0] ?? '' })
      expect(done.html).toContain(`href="${wanted}"`)
      const again = new Browser(running)
      expect((await signInFully(running, again, person, key, wanted)).at).toBe(wanted)
    })

    test('keeps it through enrolment and saving the codes', async () => {
      await running.db.updateTable('policies').set({ requires: 'mfa' }).execute()
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running), wanted)
      expect((await saveCodes(browser, await enrol(running, browser))).at).toBe(wanted)
    })

    test.each([
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '/sign-in',
      '/sign-out',
      'javascript:alert(1)',
    ])('does not follow %s', async (next) => {
      const browser = new Browser(running)
      const page = await browser.open(`/sign-in?next=${encodeURIComponent(next)}`)
      expect(inputs(page.html, 'next')).toEqual([])
      expect((await signIn(browser, await addPerson(running), next)).at).toBe('/my-profile')
      expect((await browser.open(`/sign-in?next=${encodeURIComponent(next)}`)).at).toBe('/my-profile')
    })

    test('whoever is signed in already is taken on, to where they wanted to go', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      expect((await browser.open('/sign-in')).at).toBe('/my-profile')
      expect((await browser.open('/')).at).toBe('/my-profile')
      expect((await browser.open(`/sign-in?next=${encodeURIComponent(wanted)}`)).at).toBe(wanted)
    })

    test('a person’s address may be written in any case, with spaces around it', async () => {
      const person = await addPerson(running)
      expect((await signIn(new Browser(running), { ...person, email: '  ADA@Example.ORG ' })).at).toBe('/my-profile')
    })

    test('signing out ends the session on the server, here and nowhere else', async () => {
      const person = await addPerson(running)
      const [browser, other] = [new Browser(running), new Browser(running)]
      await signIn(browser, person)
      await signIn(other, person)
      const stolen = browser.session ?? ''
      const page = await browser.send('/sign-out', {})
      expect(page.at).toBe('/sign-in?notice=signed-out')
      expect(textOf(page.html)).toContain('You are signed out.')
      expect(browser.session).toBeUndefined()
      expect(await sessions()).toBe(1)
      browser.cookies.set('__Host-countersign-session', stolen)
      expect((await browser.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
      expect((await other.open('/my-profile')).status).toBe(200)
    })

    test('signing out clears what the browser has kept of pages', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const headers = { origin: 'https://sign-in.test', 'content-type': 'application/x-www-form-urlencoded' }
      const response = await browser.request('/sign-out', { method: 'POST', headers, body: '' })
      expect(response.status).toBe(303)
      expect(response.headers.get('clear-site-data')).toBe('"cache", "storage"')
    })

    test('signing out without being signed in, or twice, is fine', async () => {
      const browser = new Browser(running)
      expect((await browser.send('/sign-out', {})).at).toBe('/sign-in?notice=signed-out')
      expect((await browser.send('/sign-out', {})).status).toBe(200)
    })

    test('signing out in the middle of a sign-in ends that', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const pending = browser.signIn ?? ''
      await browser.send('/sign-out', {})
      expect(await signIns()).toBe(0)
      browser.cookies.set('__Host-countersign-sign-in', pending)
      const page = await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(page.at).toBe('/sign-in?notice=over')
    })

    test('one browser is one person: who signs in where another was ends the other’s session', async () => {
      const ada = await addPerson(running)
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob Builder' })
      const browser = new Browser(running)
      await signIn(browser, ada)
      const before = browser.session ?? ''
      const page = await signIn(browser, bob)
      expect(textOf(page.html)).toContain('Bob Builder')
      expect(textOf(page.html)).not.toContain('Ada Example')
      expect(await sessions()).toBe(1)
      const stolen = new Browser(running)
      stolen.cookies.set('__Host-countersign-session', before)
      expect((await stolen.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
    })

    test('a wrong password leaves whoever is signed in signed in', async () => {
      const ada = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, ada)
      await browser.send('/sign-in', { email: ada.email, password: 'wrong' })
      expect((await browser.open('/my-profile')).status).toBe(200)
    })

    test('a second sign-in in the same browser takes the first one’s place', async () => {
      const { person } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      await signIn(browser, person)
      expect(await signIns()).toBe(1)
    })

    test('a sign-in that is left lying for half an hour is over', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      running.time.now += minutes(30) - 1
      expect((await browser.open('/sign-in/verification-code')).status).toBe(200)
      running.time.now += 1
      const page = await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(page.at).toBe('/sign-in?notice=over')
      expect(textOf(page.html)).toContain('Your sign-in has ended.')
      expect(browser.session).toBe(undefined)
    })

    test('a step that is not due leads to the one that is', async () => {
      const { person } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      expect((await browser.open('/sign-in/password')).at).toBe('/sign-in/verification-code')
      expect((await browser.open('/set-up-mfa')).at).toBe('/sign-in/verification-code')
      expect((await browser.open('/recovery-codes')).at).toBe('/sign-in/verification-code')
      expect((await browser.open('/sign-in/recovery-code')).at).toBe('/sign-in/recovery-code')
    })

    test('a wrong code is told, and the next right one gets in', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      for (const code of [wrongCode(key, running.time.now), '', 'abc', '12345']) {
        const page = await browser.send('/sign-in/verification-code', { code })
        expect(page.status).toBe(422)
        expect(textOf(page.html)).toContain('This code is not right.')
        expect(page.html).toMatch(/<input[^>]*name="code"[^>]*autofocus/)
      }
      expect((await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })).at).toBe(
        '/my-profile',
      )
    })

    test('a session ends an hour after it was last used, and a day after it began', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const began = running.time.now
      for (let count = 0; count < 23; count += 1) {
        running.time.now += hours(1) - 1
        expect((await browser.open('/my-profile')).at).toBe('/my-profile')
      }
      running.time.now = began + hours(24)
      expect((await browser.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
      const idle = new Browser(running)
      await signIn(idle, { id: '', email: 'ada@example.org', password: 'four words nobody would guess' })
      running.time.now += hours(1)
      expect((await idle.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
    })

    test('what has run out is cleared away', async () => {
      const { person } = await addProtectedPerson(running)
      await signIn(new Browser(running), person)
      expect([await sessions(), await signIns()]).toEqual([1, 1])
      running.time.now += hours(24)
      await running.service.purge()
      expect([await sessions(), await signIns()]).toEqual([0, 0])
    })

    test('a user who is deactivated is out at once and cannot come back', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      const pending = new Browser(running)
      await signIn(pending, person)
      await running.db.updateTable('users').set({ deactivated_at: running.time.now }).execute()
      expect((await browser.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
      const late = await pending.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(late.at).toBe('/sign-in?notice=over')
      const again = await signIn(new Browser(running), person)
      expect(again.status).toBe(422)
      expect(textOf(again.html)).toContain('password is not right')
    })

    test('the language of the browser is heard, and a page says which one it speaks', async () => {
      const page = await new Browser(running).open('/sign-in', { 'accept-language': 'xx, en-GB;q=0.5' })
      expect(page.html).toMatch(/<html lang="en" dir="ltr"/)
    })
  })
}
