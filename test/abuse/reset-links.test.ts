// Links that somebody was mailed: used twice, fifty times at once, late, for another purpose, for another account, or to
// get in without the second factor. A link sets one password, once, and opens nothing.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { invite } from '../../src/users/invitations.ts'
import { issueLink } from '../../src/users/one-time-links.ts'
import { atOnce, countSessions, deactivate, dumpOf, eventsOf, isIn } from '../support/attack.ts'
import { Browser } from '../support/browser.ts'
import { addPerson, addProtectedPerson, type Person, password, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const newPassword = 'seven quiet otters sing'

for (const dialect of dialects) {
  describe(`links that somebody was mailed, on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let ada: Person
    beforeEach(async () => {
      running = await startService({ dialect, hasMailServer: true })
      ada = await addPerson(running)
    })
    afterEach(() => running.stop())

    async function resetToken(email = ada.email): Promise<string> {
      await new Browser(running).send('/forgot-password', { email })
      await running.deliver()
      return /reset-password\?token=([\w-]{43})/.exec(running.mails.at(-1)?.text ?? '')?.[1] ?? 'none'
    }
    const reset = (token: string, chosen = newPassword, browser = new Browser(running)) =>
      browser.send('/reset-password', { token, password: chosen })
    const hashOf = async (id: string) =>
      (await running.db.selectFrom('users').select('password_hash').where('id', '=', id).executeTakeFirstOrThrow())
        .password_hash

    test('fifty uses at the same moment are one', async () => {
      const token = await resetToken()
      const browsers = Array.from({ length: 50 }, () => new Browser(running))
      const pages = await atOnce(browsers, (browser, index) => reset(token, `number ${index} of quiet otters`, browser))
      expect(pages.filter(({ at }) => at === '/sign-in?notice=password-reset')).toHaveLength(1)
      expect(pages.filter(({ status }) => status === 404)).toHaveLength(49)
      expect((await eventsOf(running, 'password.set')).filter(({ by }) => by === 'reset')).toHaveLength(1)
    })

    test('a used link sets nothing more', async () => {
      const token = await resetToken()
      await reset(token)
      const before = await hashOf(ada.id)
      expect((await reset(token, 'another four quiet otters')).status).toBe(404)
      expect(await hashOf(ada.id)).toBe(before)
    })

    test('a link makes no session, whatever is typed and whoever has it', async () => {
      const { person, browser: own } = await addProtectedPerson(running, { email: 'bob@example.org', name: 'Bob' })
      for (const email of [ada.email, person.email]) {
        const thief = new Browser(running)
        const token = await resetToken(email)
        await thief.open(`/reset-password?token=${token}`)
        expect(thief.cookies.size).toBe(0)
        await reset(token, newPassword, thief)
        expect(await isIn(thief)).toBe(false)
        expect(thief.cookies.size).toBe(0)
      }
      expect(await countSessions(running, ada.id)).toBe(0)
      expect(await countSessions(running, person.id)).toBe(0)
      // The mailbox alone is not enough where there is a second factor.
      const thief = new Browser(running)
      expect((await signIn(thief, { ...person, password: newPassword })).at).toBe('/sign-in/verification-code')
      for (const path of ['/my-profile', '/set-up-mfa', '/recovery-codes', '/my-profile/settings'])
        expect((await thief.open(path)).at).not.toBe(path)
      expect(await isIn(own)).toBe(false)
    })

    test('a link in hand does not make a sign-in that owes the second factor any stronger', async () => {
      const { person } = await addProtectedPerson(running, { email: 'bob@example.org', name: 'Bob' })
      const thief = new Browser(running)
      await signIn(thief, person)
      await reset(await resetToken(person.email), newPassword, thief)
      expect(thief.signIn).toBeUndefined()
      expect(await isIn(thief)).toBe(false)
      expect((await thief.open('/sign-in/verification-code')).at).toMatch(/^\/sign-in\?/)
    })

    test('a link for one purpose is worth nothing for another', async () => {
      const about = { now: running.time.now, caller: null, actor: null }
      const guest = await addPerson(running, { email: 'guest@example.org', name: 'Guest' })
      const tokens = await running.db.transaction().execute(async (trx) => ({
        invitation: (await invite(trx, guest.id, about)).token,
        setUp: (await issueLink(trx, { purpose: 'set-up-mfa', userId: ada.id }, about.now)).token,
        email: (await issueLink(trx, { purpose: 'change-email', userId: ada.id, email: 'x@example.org' }, about.now))
          .token,
      }))
      const before = [await hashOf(ada.id), await hashOf(guest.id)]
      for (const token of Object.values(tokens)) expect((await reset(token)).status).toBe(404)
      const accept = { token: await resetToken(), password: newPassword }
      expect((await new Browser(running).send('/accept-invitation', accept)).status).toBe(404)
      expect((await new Browser(running).open(`/set-up?token=${accept.token}`)).status).toBe(404)
      expect([await hashOf(ada.id), await hashOf(guest.id)]).toEqual(before)
    })

    test('nobody chooses whose password a link sets', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob' })
      const before = await hashOf(bob.id)
      const more = { email: bob.email, user: bob.id, userId: bob.id, id: bob.id, user_id: bob.id }
      await new Browser(running).send('/reset-password', { token: await resetToken(), password: newPassword, ...more })
      expect(await hashOf(bob.id)).toBe(before)
      expect((await signIn(new Browser(running), { ...ada, password: newPassword })).at).toBe('/my-profile')
    })

    test('a repeated, missing or misshapen token is none', async () => {
      const token = await resetToken()
      const browser = () => new Browser(running)
      const attempts: Record<string, string | readonly string[]>[] = [
        { password: newPassword },
        { token: '', password: newPassword },
        { token: [token, token], password: newPassword },
        { token: `${token}\0`, password: newPassword },
        { token: ` ${token}`, password: newPassword },
        { token: `${token}=`, password: newPassword },
        { token: token.toLowerCase(), password: newPassword },
        { token: '%', password: newPassword },
        { 'token[]': token, password: newPassword },
      ]
      for (const fields of attempts) expect((await browser().send('/reset-password', fields)).status).toBe(404)
      expect((await browser().send('/reset-password', { token, password: [newPassword, newPassword] })).status).toBe(
        422,
      )
      expect((await signIn(browser(), ada)).at).toBe('/my-profile')
    })

    test('a link of somebody who was deactivated meanwhile sets nothing', async () => {
      const token = await resetToken()
      await deactivate(running, ada.id)
      const before = await hashOf(ada.id)
      expect((await new Browser(running).open(`/reset-password?token=${token}`)).status).toBe(404)
      expect((await reset(token)).status).toBe(404)
      expect(await hashOf(ada.id)).toBe(before)
    })

    test('a password that was changed meanwhile voids the links to change it', async () => {
      const token = await resetToken()
      const other = await running.db
        .transaction()
        .execute((trx) =>
          issueLink(trx, { purpose: 'change-email', userId: ada.id, email: 'x@example.org' }, running.time.now),
        )
      expect(other.token).not.toBe(token)
      await reset(token)
      const open = await running.db
        .selectFrom('one_time_links')
        .select('purpose')
        .where('used_at', 'is', null)
        .execute()
      expect(open).toEqual([])
    })

    test('neither the database nor the log holds a link, before or after it is mailed', async () => {
      await new Browser(running).send('/forgot-password', { email: ada.email })
      // The worker writes the mail, and the mail server is away.
      const away = running.service.machine
      const { answerResetRequests } = await import('../../src/sign-in/reset-password.ts')
      await answerResetRequests(away, (error) => expect.fail(String(error)))
      const waiting = await dumpOf(running)
      await running.deliver()
      const token = /token=([\w-]{43})/.exec(running.mails[0]?.text ?? '')?.[1] ?? 'none'
      expect(token).toMatch(/^[\w-]{43}$/)
      await new Browser(running).open(`/reset-password?token=${token}`)
      const known = [...waiting, ...(await dumpOf(running)), ...running.logged]
      for (const value of known) expect(value).not.toContain(token)
      for (const value of new Set(waiting)) expect((await reset(value)).status).toBe(404)
    })

    test('the page of a link tells no other site about it', async () => {
      const page = await new Browser(running).open(`/reset-password?token=${await resetToken()}`)
      expect(page.headers.get('referrer-policy')).toMatch(/^(no-referrer|same-origin)$/)
      expect(page.headers.get('cache-control')).toContain('no-store')
      const head = await running.fetch(`/reset-password?token=${await resetToken()}`, { method: 'HEAD' })
      expect(await head.text()).toBe('')
      expect((await reset(await resetToken())).status).not.toBe(500)
      expect((await signIn(new Browser(running), { ...ada, password })).status).toBe(422)
    })
  })
}
