import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { days, minutes } from '../../src/time.ts'
import { userPath } from '../support/admin.ts'
import { addToken, callByToken } from '../support/api.ts'
import { eventsOf } from '../support/attack.ts'
import { codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const filledIn = { name: 'Nightly report', days: '30', scope: ['profile:read'] }

for (const dialect of dialects) {
  describe(`the pages about tokens on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    test('lead from the settings to a token that works, shown once, and to its end', async () => {
      const { browser } = await addProtectedPerson(running)
      expect((await browser.open('/my-profile/settings')).html).toContain('href="/my-profile/tokens"')
      expect(textOf((await browser.open('/my-profile/tokens')).html)).toContain('You have no tokens.')

      const form = await browser.open('/my-profile/tokens/new')
      expect(inputs(form.html, 'scope')).toEqual(['profile:read', 'profile:write', 'sessions:read', 'sessions:write'])
      const made = await browser.send('/my-profile/tokens/new', filledIn)
      expect(made.headers.get('cache-control')).toBe('no-store')
      const token = /data-copy="(cs_pat_[0-9A-Za-z]{49})"/.exec(made.html)?.[1] ?? ''
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(200)

      const list = await browser.open('/my-profile/tokens')
      expect(list.html).not.toContain(token)
      expect(textOf(list.html)).toContain('Nightly report')
      expect(textOf(list.html)).toContain('Works until December 24, 2026. Last used on November 24, 2026 at 09:01 UTC.')

      const revoked = await browser.send('/my-profile/tokens/revoke', { token: inputs(list.html, 'token') })
      expect(revoked.at).toBe('/my-profile/tokens?notice=revoked')
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(401)
    })

    test('ask for a fresh proof before a token is made, and come back to the form', async () => {
      const { browser, key } = await addProtectedPerson(running)
      running.time.now += minutes(11)
      expect((await browser.open('/my-profile/tokens/new')).at).toBe('/sign-in/verification-code')
      const back = await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(back.at).toBe('/my-profile/tokens/new')
      running.time.now += minutes(11)
      expect((await browser.send('/my-profile/tokens/new', filledIn)).at).toBe('/sign-in/verification-code')
      expect(await running.db.selectFrom('personal_access_tokens').selectAll().execute()).toEqual([])
    })

    test('show the form again with what was typed, and say what is wrong', async () => {
      const { browser } = await addProtectedPerson(running)
      const wrong: [Record<string, string | string[]>, string][] = [
        [{ ...filledIn, name: '  ' }, 'Enter a name'],
        [{ ...filledIn, name: 'a\u200bb' }, 'Enter a name'],
        [{ ...filledIn, name: 'x'.repeat(61) }, 'Enter a name'],
        [{ ...filledIn, days: '31' }, 'Choose one of the list.'],
        [{ ...filledIn, days: '-1' }, 'Choose one of the list.'],
        [{ ...filledIn, days: ['30', '365'] }, 'Choose one of the list.'],
        [{ ...filledIn, scope: [] }, 'Tick at least one.'],
        [{ ...filledIn, scope: ['profile:read', 'users:write'] }, 'Tick at least one.'],
        [{ ...filledIn, scope: ['*'] }, 'Tick at least one.'],
        [{ ...filledIn, scope: ['constructor'] }, 'Tick at least one.'],
      ]
      for (const [fields, problem] of wrong) {
        const page = await browser.send('/my-profile/tokens/new', fields)
        expect([fields, page.status]).toEqual([fields, 422])
        expect(textOf(page.html)).toContain(problem)
        expect(page.html.match(/autofocus/g)).toHaveLength(1)
      }
      const kept = await browser.send('/my-profile/tokens/new', { ...filledIn, days: '31', scope: 'sessions:read' })
      expect(kept.html).toContain('value="Nightly report"')
      expect(kept.html).toMatch(/value="sessions:read" checked/)
      expect(await running.db.selectFrom('personal_access_tokens').selectAll().execute()).toEqual([])
    })

    test('tell an expired token from one that works', async () => {
      const { browser, person } = await addProtectedPerson(running)
      await addToken(running, person, ['profile:read'], minutes(5))
      expect(textOf((await browser.open('/my-profile/tokens')).html)).not.toContain('Expired')
      running.time.now += minutes(5)
      const list = textOf((await browser.open('/my-profile/tokens')).html)
      expect(list).toContain('Expired')
      expect(list).toContain('Worked until')
    })

    test('of an administrator list and revoke what somebody has, and tell them by mail', async () => {
      const admin = await addProtectedPerson(running, { role: 'administrator', email: 'root@example.org' })
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const { id, token } = await addToken(running, bob)
      const page = await admin.browser.open(userPath(bob))
      expect(textOf(page.html)).toContain('Nightly report')
      expect(page.html).not.toContain(token)
      const asked = await admin.browser.open(`${userPath(bob, 'revoke-token')}?token=${id}`)
      expect(textOf(asked.html)).toContain('“Nightly report”')
      const done = await admin.browser.send(userPath(bob, 'revoke-token'), { token: inputs(asked.html, 'token') })
      expect(done.at).toBe(`${userPath(bob)}?notice=token-revoked`)
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(401)
      expect(await eventsOf(running, 'access-token.revoked')).toEqual([{ token: id }])
      await running.deliver()
      expect(running.mails.at(-1)).toMatchObject({
        to: 'bob@example.org',
        subject: 'A personal access token was revoked',
      })
    })

    test('let an administrator revoke a token only of the user that the page is about', async () => {
      const admin = await addProtectedPerson(running, { role: 'administrator', email: 'root@example.org' })
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const eve = await addPerson(running, { email: 'eve@example.org' })
      const { id, token } = await addToken(running, eve)
      expect((await admin.browser.open(`${userPath(bob, 'revoke-token')}?token=${id}`)).status).toBe(404)
      expect((await admin.browser.send(userPath(bob, 'revoke-token'), { token: id })).status).toBe(404)
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(200)
    })

    test('nobody revokes what is somebody else’s in their own list', async () => {
      const { browser } = await addProtectedPerson(running)
      const { id, token } = await addToken(running, await addPerson(running, { email: 'bob@example.org' }))
      expect((await browser.send('/my-profile/tokens/revoke', { token: id })).status).toBe(404)
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(200)
    })

    test('tokens do not come back with an account that was deactivated', async () => {
      const admin = await addProtectedPerson(running, { role: 'administrator', email: 'root@example.org' })
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const { token } = await addToken(running, bob, ['profile:read'], days(90))
      await addToken(running, bob)
      await admin.browser.send(userPath(bob, 'deactivate'), {})
      expect(await eventsOf(running, 'access-token.revoked')).toHaveLength(2)
      await admin.browser.send(userPath(bob, 'reactivate'), {})
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(401)
    })
  })
}
