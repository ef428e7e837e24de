// An account that is deactivated, has run out, or is deleted is closed at every door, whatever somebody holds of it: a running
// session, a sign-in half done, a step-up, an invitation, one of the one-time links, a token.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashToken } from '../../src/secrets/tokens.ts'
import { hours } from '../../src/time.ts'
import { issueLink } from '../../src/users/one-time-links.ts'
import { editUser, userPath } from '../support/admin.ts'
import { addToken, callByToken } from '../support/api.ts'
import { beginStepUp, isIn } from '../support/attack.ts'
import { Browser, codeAt } from '../support/browser.ts'
import { addProtectedPerson, type Person, password, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const root = { email: 'root@example.org', role: 'administrator' as const, name: 'Root' }

const ways: Record<string, (running: TestService, admin: Browser, person: Person) => Promise<unknown>> = {
  deactivated: (_running, admin, person) => admin.send(userPath(person, 'deactivate'), {}),
  'run out, before any sweep': (running, _admin, person) =>
    running.db.updateTable('users').set({ expires_at: running.time.now }).where('id', '=', person.id).execute(),
  'run out, swept': async (running, _admin, person) => {
    await running.db.updateTable('users').set({ expires_at: running.time.now }).where('id', '=', person.id).execute()
    await running.service.purge()
  },
  deleted: (_running, admin, person) => admin.send(userPath(person, 'delete'), { email: person.email }),
}

for (const dialect of dialects) {
  describe.each(Object.keys(ways))(`an account that is %s, on ${dialect}`, { timeout: 120_000 }, (way) => {
    let running: TestService
    let ada: Awaited<ReturnType<typeof addProtectedPerson>>
    let admin: Browser
    beforeEach(async () => {
      running = await startService({ dialect })
      ada = await addProtectedPerson(running)
    })
    afterEach(() => running.stop())

    const close = async () => {
      admin = (await addProtectedPerson(running, root)).browser
      const done = await ways[way]?.(running, admin, ada.person)
      if (done && typeof done === 'object' && 'status' in done) expect(done.status).toBe(200)
    }
    /** Opens the account again, where it is there: what was held must stay worth nothing. */
    const reopen = async () => {
      if (way === 'deactivated') await admin.send(userPath(ada.person, 'reactivate'), {})
      if (way.startsWith('run out')) await editUser(admin, ada.person, { lastDay: '2027-01-01' })
    }

    test('lets no session on, and none comes back', async () => {
      await close()
      for (const path of ['/my-profile', '/set-up-mfa', '/recovery-codes', '/admin/users'])
        expect((await ada.browser.open(path)).at).toMatch(/^\/sign-in/)
      expect(await isIn(ada.browser)).toBe(false)
      await reopen()
      expect(await isIn(ada.browser)).toBe(false)
    })

    test('lets no sign-in be begun or finished', async () => {
      const half = new Browser(running)
      await signIn(half, ada.person)
      await close()
      expect((await signIn(new Browser(running), ada.person)).status).toBe(422)
      const finish = () => half.send('/sign-in/verification-code', { code: codeAt(ada.key, running.time.now) })
      expect((await finish()).at).toBe('/sign-in?notice=over')
      await reopen()
      expect((await finish()).at).toBe('/sign-in?notice=over')
    })

    test('lets no step-up be finished', async () => {
      await beginStepUp(running, ada.browser)
      await close()
      const finished = await ada.browser.send('/sign-in/verification-code', { code: codeAt(ada.key, running.time.now) })
      expect(finished.at).toMatch(/^\/sign-in\?/)
      expect(await isIn(ada.browser)).toBe(false)
    })

    test('lets no link be used, for a new password, another address, 2FA, or an invitation', async () => {
      const tokens = await running.db.transaction().execute(async (trx) => {
        const issue = async (purpose: 'reset-password' | 'change-email' | 'set-up-mfa') =>
          (await issueLink(trx, { purpose, userId: ada.person.id, email: 'new@example.org' }, running.time.now)).token
        return {
          reset: await issue('reset-password'),
          email: await issue('change-email'),
          mfa: await issue('set-up-mfa'),
        }
      })
      const invitation = 'V'.repeat(43)
      await running.db
        .insertInto('invitations')
        .values({
          id: 'an-invitation',
          user_id: ada.person.id,
          token_hash: hashToken(invitation),
          created_at: running.time.now,
          expires_at: running.time.now + hours(1),
        })
        .execute()
      await close()
      for (const again of [false, true]) {
        if (again) await reopen()
        const browser = new Browser(running)
        for (const [path, token] of [
          ['/reset-password', tokens.reset],
          ['/set-up-mfa-link', tokens.mfa],
          ['/accept-invitation', invitation],
        ] as const) {
          expect(`${path} ${(await browser.open(`${path}?token=${token}`)).status}`).toBe(`${path} 404`)
          expect((await browser.send(path, { token, password })).status).toBe(404)
        }
        expect(browser.session).toBeUndefined()
        expect(browser.signIn).toBeUndefined()
      }
    })

    test('lets no token call the API, and none comes back', async () => {
      const { token } = await addToken(running, ada.person)
      const call = () => callByToken(running, token, 'GET /api/v1/me')
      expect((await call()).status).toBe(200)
      await close()
      expect((await call()).status).toBe(401)
      await reopen()
      expect((await call()).status).toBe(401)
    })
  })
}
