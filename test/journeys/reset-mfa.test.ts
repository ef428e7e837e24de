import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { resetMfa as resetOnHost } from '../../src/sign-in/reset-mfa.ts'
import { hours, minutes } from '../../src/time.ts'
import { resetMfa, setUpLinkOn, tokenIn, userPath } from '../support/admin.ts'
import { browserCookie, countSessions, enforceMfa, eventsOf, isIn } from '../support/attack.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, password, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const admin = { email: 'root@example.org', role: 'administrator' as const, name: 'Root' }

for (const dialect of dialects) {
  describe(`resetting MFA on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let ada: Awaited<ReturnType<typeof addProtectedPerson>>
    let root: Awaited<ReturnType<typeof addProtectedPerson>>
    beforeEach(async () => {
      running = await startService({ dialect })
      ada = await addProtectedPerson(running)
      root = await addProtectedPerson(running, admin)
    })
    afterEach(() => running.stop())

    const page = async () => textOf((await root.browser.open(userPath(ada.person))).html)
    const freshRoot = async () => {
      running.time.now += minutes(1)
      await signInFully(running, root.browser, root.person, root.key)
    }

    test('everything that proved a second factor goes, the person is told, and the link is shown once', async () => {
      const half = new Browser(running)
      await signIn(half, ada.person)
      const form = await root.browser.open(userPath(ada.person, 'reset-mfa'))
      expect(textOf(form.html)).toContain('Make sure that it is really them')
      const shown = await root.browser.send(userPath(ada.person, 'reset-mfa'), {
        reason: 'Phone stolen,\nknown by voice',
      })
      const link = setUpLinkOn(shown)
      expect(textOf(shown.html)).toMatch(/MFA reset .*Works once, until November 25, 2026/)
      expect(shown.html).toContain('QR code of the set-up link for ada@example.org')

      expect(await isIn(ada.browser)).toBe(false)
      expect(await countSessions(running, ada.person.id)).toBe(0)
      expect((await half.open('/sign-in/verification-code')).at).toBe('/sign-in?notice=over')
      for (const table of ['totp_factors', 'totp_enrolments', 'recovery_code_sets', 'sign_ins'] as const)
        expect(await running.db.selectFrom(table).select('id').where('user_id', '=', ada.person.id).execute()).toEqual(
          [],
        )
      expect(await eventsOf(running, 'mfa.reset')).toEqual([{ reason: 'Phone stolen,\nknown by voice', by: 'page' }])
      expect(await eventsOf(running, 'mfa.link-issued')).toEqual([{ expiresAt: '2026-11-25T09:02:10.000Z' }])
      expect(await eventsOf(running, 'sessions.ended')).toEqual([{ count: 1, because: 'mfa-reset' }])
      expect(await page()).toMatch(
        /State Reset Reset November 24, 2026 .* The set-up link works until November 25, 2026/,
      )

      await running.deliver()
      const [mail] = running.mails.filter(({ subject }) => subject === 'Your 2FA was reset')
      expect(mail?.to).toBe('ada@example.org')
      expect(mail?.text).toContain('Root reset 2FA for your account ada@example.org')
      expect(`${mail?.text}${mail?.html}`).not.toMatch(/token|set-up-mfa-link/)
      const kept = JSON.stringify([
        await running.db.selectFrom('one_time_links').selectAll().execute(),
        await running.db.selectFrom('audit_events').selectAll().execute(),
        running.logged,
      ])
      expect(kept).not.toContain(tokenIn(link))
    })

    test('the password alone leads to a page that asks for the link, whether or not MFA is enforced', async () => {
      await root.browser.send('/admin/settings', { enforce: '', helpContact: 'help@example.org' })
      await resetMfa(root.browser, ada.person)
      for (const enforced of [false, true]) {
        await enforceMfa(running, enforced)
        const browser = new Browser(running)
        const stopped = await signIn(browser, ada.person)
        expect(stopped.at).toBe('/sign-in/set-up-link')
        expect(textOf(stopped.html)).toContain('Your 2FA was reset. Open the link your administrator gave you.')
        expect(textOf(stopped.html)).toContain('help@example.org')
        for (const path of ['/set-up-mfa', '/recovery-codes', '/sign-in/verification-code', '/sign-in/recovery-code'])
          expect((await browser.open(path)).at).toBe('/sign-in/set-up-link')
        expect((await browser.open('/my-profile')).at).toMatch(/^\/sign-in\?/)
        expect(await isIn(browser)).toBe(false)
      }
    })

    test('link and password lead to set-up, and saving the codes ends the reset', async () => {
      const link = await resetMfa(root.browser, ada.person)
      for (const _ of [1, 2]) await new Browser(running).open(link)
      const browser = new Browser(running)
      const opened = await browser.open(link)
      expect(inputs(opened.html, 'username')).toEqual(['ada@example.org'])
      const wrong = await browser.send('/set-up-mfa-link', { token: tokenIn(link), password: 'not the password' })
      expect(wrong.status).toBe(422)
      expect(textOf(wrong.html)).toContain('The email address or the password is not right')
      const set = await browser.send('/set-up-mfa-link', { token: tokenIn(link), password })
      expect(set.at).toBe('/set-up-mfa')
      expect(textOf(set.html)).toContain('Your 2FA was reset. Set it up again')
      expect(await page()).toContain('The set-up link was used November 24, 2026')

      const enrolled = await enrol(running, browser)
      expect(await isIn(browser)).toBe(false)
      expect((await saveCodes(browser, enrolled)).at).toBe('/my-profile')
      expect(await isIn(browser)).toBe(true)
      expect((await eventsOf(running, 'sign-in.completed')).at(-1)).toMatchObject({
        asked: 'set-up-link',
        because: 'reset',
      })
      expect(await page()).toMatch(/State On Authenticator app/)
      expect(await page()).toContain('Asked for the set-up link, because an administrator had reset MFA.')
      running.time.now += minutes(1)
      expect((await signInFully(running, new Browser(running), ada.person, enrolled.key)).at).toBe('/my-profile')
      expect(await eventsOf(running, 'mfa.link-used')).toEqual([{}])
    })

    test('whoever has typed the password already opens the link in the same browser and goes on', async () => {
      const link = await resetMfa(root.browser, ada.person)
      const browser = new Browser(running)
      await signIn(browser, ada.person)
      const opened = await browser.open(link)
      expect(opened.html).not.toContain('type="password"')
      expect((await browser.send('/set-up-mfa-link', { token: tokenIn(link) })).at).toBe('/set-up-mfa')
    })

    test('who leaves between enrolling and saving the codes signs in with the new authenticator and saves them then', async () => {
      const link = await resetMfa(root.browser, ada.person)
      const browser = new Browser(running)
      await browser.send('/set-up-mfa-link', { token: tokenIn(link), password })
      const { key } = await enrol(running, browser)
      running.time.now += minutes(1)
      const again = new Browser(running)
      expect((await signIn(again, ada.person)).at).toBe('/sign-in/verification-code')
      const owed = await again.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(owed.at).toBe('/recovery-codes')
      const made = await again.send('/recovery-codes', {})
      const codes = { key, codes: inputs(made.html, 'code'), setId: inputs(made.html, 'set')[0] ?? '' }
      expect((await saveCodes(again, codes)).at).toBe('/my-profile')
      expect(await page()).not.toContain('Reset November')
    })

    test('a link works for twenty-four hours; after that, or when it is lost, there is a new one', async () => {
      const link = await resetMfa(root.browser, ada.person)
      running.time.now += hours(24) - minutes(2)
      expect((await new Browser(running).open(link)).status).toBe(200)
      running.time.now += minutes(2)
      const late = await new Browser(running).open(link)
      expect(late.status).toBe(404)
      expect(textOf(late.html)).toContain('ask your administrator for a new link')
      expect((await new Browser(running).send('/set-up-mfa-link', { token: tokenIn(link), password })).status).toBe(404)
      await freshRoot()
      expect(await page()).toContain('The set-up link ran out')
      const confirm = await root.browser.open(userPath(ada.person, 'set-up-link'))
      expect(textOf(confirm.html)).toContain('The older link stops working.')
      const second = setUpLinkOn(await root.browser.send(userPath(ada.person, 'set-up-link'), {}))
      const third = setUpLinkOn(await root.browser.send(userPath(ada.person, 'set-up-link'), {}))
      expect((await new Browser(running).open(second)).status).toBe(404)
      expect((await new Browser(running).send('/set-up-mfa-link', { token: tokenIn(third), password })).at).toBe(
        '/set-up-mfa',
      )
      expect(await eventsOf(running, 'mfa.link-issued')).toHaveLength(3)
    })

    test('every browser is unknown afterwards, for good', async () => {
      const known = ada.browser.cookies.get(browserCookie) ?? ''
      const link = await resetMfa(root.browser, ada.person)
      const browser = new Browser(running)
      await browser.send('/set-up-mfa-link', { token: tokenIn(link), password })
      await saveCodes(browser, await enrol(running, browser))
      running.time.now += minutes(1)
      const old = new Browser(running)
      old.cookies.set(browserCookie, known)
      await signIn(old, ada.person)
      expect((await eventsOf(running, 'sign-in.begun')).at(-1)).toEqual({ knownBrowser: false })
    })

    test('the count of wrong codes begins anew with the new authenticator', async () => {
      await running.db
        .insertInto('attempts')
        .values({
          key: `second-factor:account:${ada.person.id}`,
          failures: 30,
          blocked_until: running.time.now + hours(1),
          last_at: running.time.now,
        })
        .execute()
      const link = await resetMfa(root.browser, ada.person)
      const browser = new Browser(running)
      await browser.send('/set-up-mfa-link', { token: tokenIn(link), password })
      const enrolled = await enrol(running, browser)
      await saveCodes(browser, enrolled)
      running.time.now += minutes(1)
      expect((await signInFully(running, new Browser(running), ada.person, enrolled.key)).at).toBe('/my-profile')
    })

    test.each(['', '   ', 'x'.repeat(501), 'known\u202e', 'bell\u0007'])(
      'the reason %j is refused, and stays in the form',
      async (reason) => {
        const refused = await root.browser.send(userPath(ada.person, 'reset-mfa'), { reason })
        expect(refused.status).toBe(422)
        expect(textOf(refused.html)).toContain('Enter a reason of 1 to 500 characters')
        expect(await isIn(ada.browser)).toBe(true)
      },
    )

    test('asks for a fresh proof', async () => {
      running.time.now += minutes(11)
      expect((await root.browser.send(userPath(ada.person, 'reset-mfa'), { reason: 'x' })).at).toBe(
        '/sign-in/verification-code',
      )
      expect(await eventsOf(running, 'mfa.reset')).toEqual([])
    })

    test('is not for an account that cannot sign in', async () => {
      await root.browser.send('/admin/users/new', { email: 'new@example.org', name: 'New', role: 'member' })
      const invited = await running.db
        .selectFrom('users')
        .select('id')
        .where('email', '=', 'new@example.org')
        .executeTakeFirstOrThrow()
      expect((await root.browser.send(userPath(invited, 'reset-mfa'), { reason: 'x' })).status).toBe(409)
      await root.browser.send(userPath(ada.person, 'deactivate'), {})
      expect((await root.browser.send(userPath(ada.person, 'reset-mfa'), { reason: 'x' })).status).toBe(409)
      expect((await root.browser.send(userPath(ada.person, 'set-up-link'), {})).status).toBe(409)
    })

    test('works for the help desk, on members', async () => {
      const desk = await addProtectedPerson(running, { email: 'desk@example.org', role: 'help-desk', name: 'Desk' })
      const shown = await desk.browser.open(userPath(ada.person))
      expect(shown.html).toContain(userPath(ada.person, 'reset-mfa'))
      const link = await resetMfa(desk.browser, ada.person)
      expect((await new Browser(running).open(link)).status).toBe(200)
      expect(setUpLinkOn(await desk.browser.send(userPath(ada.person, 'set-up-link'), {}))).not.toBe(link)
    })

    test('works for somebody who never had 2FA, who needs the link from then on', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const link = await resetMfa(root.browser, bob)
      const browser = new Browser(running)
      expect((await signIn(browser, bob)).at).toBe('/sign-in/set-up-link')
      await browser.open(link)
      expect((await browser.send('/set-up-mfa-link', { token: tokenIn(link) })).at).toBe('/set-up-mfa')
    })

    test('works from the host, without a session, and says so to the person and in the log', async () => {
      const { machine } = running.service
      const { token } = await resetOnHost(machine, { userId: root.person.id, reason: 'Only administrator' })
      expect(await isIn(root.browser)).toBe(false)
      const browser = new Browser(running)
      expect((await browser.send('/set-up-mfa-link', { token, password })).at).toBe('/set-up-mfa')
      await saveCodes(browser, await enrol(running, browser))
      expect((await browser.open('/admin/users')).status).toBe(200)
      const event = await running.db
        .selectFrom('audit_events')
        .selectAll()
        .where('name', '=', 'mfa.reset')
        .executeTakeFirstOrThrow()
      expect(event).toMatchObject({ actor_id: null, address: null, subject_id: root.person.id })
      expect(JSON.parse(event.details)).toEqual({ reason: 'Only administrator', by: 'host' })
      await running.deliver()
      expect(running.mails.at(-1)?.subject).toBeDefined()
      expect(running.mails.some(({ text }) => text.includes('Whoever runs Countersign reset 2FA'))).toBe(true)
      await expect(resetOnHost(machine, { userId: 'nobody', reason: 'x' })).rejects.toThrow('not-found')
      await expect(resetOnHost(machine, { userId: root.person.id, reason: ' ' })).rejects.toThrow('bad-request')
    })
  })
}
