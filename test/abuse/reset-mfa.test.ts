// A reset of MFA is the softest spot of any second factor. It must not become a way in for who knows the password, nor for who
// finds a link, nor a way for the help desk or an administrator to be somebody else.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes } from '../../src/time.ts'
import { resetMfa, tokenIn, userPath } from '../support/admin.ts'
import { atOnce, countIn, countSessions, eventsOf, isIn } from '../support/attack.ts'
import { Browser, codeAt, inputs } from '../support/browser.ts'
import { addProtectedPerson, enrol, keyOn, password, saveCodes, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`a reset of MFA on ${dialect}`, { timeout: 120_000 }, () => {
    let running: TestService
    let ada: Awaited<ReturnType<typeof addProtectedPerson>>
    let root: Awaited<ReturnType<typeof addProtectedPerson>>
    beforeEach(async () => {
      running = await startService({ dialect })
      ada = await addProtectedPerson(running)
      root = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator', name: 'Root' })
    })
    afterEach(() => running.stop())

    const factors = (userId: string) =>
      running.db.selectFrom('totp_factors').select('id').where('user_id', '=', userId).execute()
    const use = (browser: Browser, link: string, words = password) =>
      browser.send('/set-up-mfa-link', { token: tokenIn(link), password: words })

    test('lets nobody enrol who has the password alone, by whatever form they send', async () => {
      await resetMfa(root.browser, ada.person)
      const thief = new Browser(running)
      await signIn(thief, ada.person)
      const own = new Browser(running)
      await signIn(own, (await addProtectedPerson(running, { email: 'thief@example.org' })).person)
      const form = { enrolment: 'x', name: 'Phone', code: '000000' }
      for (const [path, fields] of [
        ['/set-up-mfa', form],
        ['/recovery-codes', {}],
        ['/recovery-codes/saved', { set: 'x', saved: 'yes' }],
        ['/sign-in/verification-code', { code: codeAt(ada.key, running.time.now) }],
        ['/sign-in/recovery-code', { code: ada.codes[0] ?? '' }],
        ['/set-up-mfa-link', {}],
        ['/set-up-mfa-link', { token: '' }],
        ['/set-up-mfa-link', { token: 'x'.repeat(43) }],
      ] as const)
        await thief.send(path, fields)
      expect(await isIn(thief)).toBe(false)
      expect(await factors(ada.person.id)).toEqual([])
      expect(await countSessions(running, ada.person.id)).toBe(0)
    })

    test('lets nobody in who has the link alone', async () => {
      const link = await resetMfa(root.browser, ada.person)
      const thief = new Browser(running)
      for (const words of ['', 'null', 'not the password', `${password} `])
        expect((await use(thief, link, words)).status).toBe(422)
      expect(await eventsOf(running, 'mfa.link-used')).toEqual([])
      expect(thief.signIn).toBeUndefined()
    })

    test('wrong passwords on the page of the link are counted with those of the sign-in page', async () => {
      const link = await resetMfa(root.browser, ada.person)
      const thief = new Browser(running)
      for (let count = 0; count < 5; count += 1) await use(thief, link, 'not the password')
      expect((await use(thief, link)).status).toBe(429)
      expect((await signIn(new Browser(running), ada.person)).status).toBe(429)
    })

    test("somebody else's link proves nothing: not with one's own password, nor in one's own sign-in", async () => {
      const mallory = await addProtectedPerson(running, { email: 'mallory@example.org' })
      const adas = await resetMfa(root.browser, ada.person)
      const mallorys = await resetMfa(root.browser, mallory.person)
      const browser = new Browser(running)
      await signIn(browser, mallory.person)
      // In Mallory's sign-in, the link of Ada asks for Ada's password.
      expect((await browser.open(adas)).html).toContain('type="password"')
      await browser.send('/set-up-mfa-link', { token: tokenIn(adas) })
      expect((await browser.open('/set-up-mfa')).at).toBe('/sign-in/set-up-link')
      expect((await use(browser, mallorys)).at).toBe('/set-up-mfa')
      expect(await eventsOf(running, 'mfa.link-used')).toHaveLength(1)
      expect((await use(new Browser(running), adas)).at).toBe('/set-up-mfa')
    })

    test('a link for another purpose does not do', async () => {
      const link = await resetMfa(root.browser, ada.person)
      await running.db
        .updateTable('one_time_links')
        .set({ purpose: 'reset-password' })
        .where('user_id', '=', ada.person.id)
        .execute()
      expect((await new Browser(running).open(link)).status).toBe(404)
      expect((await use(new Browser(running), link)).status).toBe(404)
    })

    test('of fifty uses of the link at once, one gets on', async () => {
      const link = await resetMfa(root.browser, ada.person)
      const browsers = Array.from({ length: 50 }, (_, index) => new Browser(running, `198.51.100.${index + 1}`))
      const pages = await atOnce(browsers, (browser) => use(browser, link))
      expect(pages.filter(({ at }) => at === '/set-up-mfa')).toHaveLength(1)
      expect(await eventsOf(running, 'mfa.link-used')).toEqual([{}])
    })

    test('of fifty sign-ins that wait for the link and get it at once, one gets on', async () => {
      const link = await resetMfa(root.browser, ada.person)
      const browsers = Array.from({ length: 50 }, (_, index) => new Browser(running, `198.51.100.${index + 1}`))
      for (const browser of browsers) await signIn(browser, ada.person)
      const pages = await atOnce(browsers, (browser) => browser.send('/set-up-mfa-link', { token: tokenIn(link) }))
      expect(pages.filter(({ at }) => at === '/set-up-mfa')).toHaveLength(1)
      expect(await countIn(browsers)).toBe(0)
    })

    test('a second reset undoes what the first link has begun', async () => {
      const link = await resetMfa(root.browser, ada.person)
      const first = new Browser(running)
      const page = await use(first, link)
      const enrolment = inputs((await first.open('/set-up-mfa')).html, 'enrolment')[0] ?? ''
      running.time.now += minutes(1)
      await resetMfa(root.browser, ada.person)
      const code = codeAt(keyOn(page.html), running.time.now)
      await first.send('/set-up-mfa', { enrolment, name: 'Phone', code })
      expect(await factors(ada.person.id)).toEqual([])
      expect((await first.open('/set-up-mfa')).at).toBe('/sign-in?next=%2Fset-up-mfa')
    })

    test('a link that was not needed any more opens nothing', async () => {
      const link = await resetMfa(root.browser, ada.person)
      await running.db.updateTable('users').set({ mfa_reset_at: null }).where('id', '=', ada.person.id).execute()
      const browser = new Browser(running)
      await signIn(browser, ada.person)
      await saveCodes(browser, await enrol(running, browser))
      await running.db.updateTable('users').set({ mfa_reset_at: 1 }).where('id', '=', ada.person.id).execute()
      const made = await browser.send('/recovery-codes', {})
      await browser.send('/recovery-codes/saved', {
        set: inputs(made.html, 'set'),
        code: inputs(made.html, 'code'),
        saved: 'yes',
      })
      expect((await new Browser(running).open(link)).status).toBe(404)
    })

    test('is refused on oneself, with everything else right', async () => {
      for (const act of ['reset-mfa', 'set-up-link']) {
        expect((await root.browser.open(userPath(root.person, act))).status).toBe(403)
        expect((await root.browser.send(userPath(root.person, act), { reason: 'x' })).status).toBe(403)
      }
      expect(await isIn(root.browser)).toBe(true)
      expect(await factors(root.person.id)).toHaveLength(1)
    })

    test.each(['administrator', 'auditor', 'help-desk'] as const)(
      'the help desk cannot do it to a person who is %s',
      async (role) => {
        const desk = await addProtectedPerson(running, { email: 'desk@example.org', role: 'help-desk' })
        const victim = await addProtectedPerson(running, { email: 'victim@example.org', role })
        expect((await desk.browser.open(userPath(victim.person))).html).not.toContain(
          userPath(victim.person, 'reset-mfa'),
        )
        for (const act of ['reset-mfa', 'set-up-link']) {
          expect((await desk.browser.open(userPath(victim.person, act))).status).toBe(403)
          expect((await desk.browser.send(userPath(victim.person, act), { reason: 'x' })).status).toBe(403)
        }
        expect(await isIn(victim.browser)).toBe(true)
      },
    )

    test('auditors and members cannot do it to anyone', async () => {
      const auditor = await addProtectedPerson(running, { email: 'auditor@example.org', role: 'auditor' })
      const member = await addProtectedPerson(running, { email: 'member@example.org' })
      for (const { browser } of [auditor, member])
        for (const act of ['reset-mfa', 'set-up-link']) {
          expect((await browser.open(userPath(ada.person, act))).status).toBe(403)
          expect((await browser.send(userPath(ada.person, act), { reason: 'x' })).status).toBe(403)
        }
      expect(await isIn(ada.browser)).toBe(true)
    })

    test('a set-up link opens nothing to somebody who was deactivated or whose account has run out', async () => {
      const link = await resetMfa(root.browser, ada.person)
      for (const column of ['deactivated_at', 'expires_at'] as const) {
        await running.db
          .updateTable('users')
          .set({ [column]: 1 })
          .where('id', '=', ada.person.id)
          .execute()
        expect((await use(new Browser(running), link)).status).toBe(404)
        await running.db
          .updateTable('users')
          .set({ [column]: null })
          .where('id', '=', ada.person.id)
          .execute()
      }
      expect((await use(new Browser(running), link)).at).toBe('/set-up-mfa')
    })
  })
}
