// A personal access token in the wrong hands, or used for what it is not for: it widens nothing, makes no other, manages
// no factor, outlives no right of its owner, and is no cookie; and nothing else is a token.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { scopes } from '../../src/access-tokens/scopes.ts'
import { isTokenText, newTokenText } from '../../src/access-tokens/token-text.ts'
import type { Role } from '../../src/database/tables.ts'
import { hashToken, newToken } from '../../src/secrets/tokens.ts'
import { addToken, callBySession, callByToken } from '../support/api.ts'
import { browserWith, deactivate, dumpOf, eventsOf, sessionCookie, signInCookie } from '../support/attack.ts'
import { Browser } from '../support/browser.ts'
import { addPerson, addProtectedPerson, signIn } from '../support/people.ts'
import { bodyOf } from '../support/routes.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'
import type { State } from '../support/states.ts'
import { changesBetween, readTables } from '../support/tables.ts'

/** A body for methods that take one; what is refused before it is read need not fit. */
const anyBody = (method: string) => (method === 'GET' ? undefined : {})
const wish = { name: 'Mine', scopes: ['profile:read'] }
const someId = '00000000-0000-4000-8000-000000000000'

for (const dialect of dialects) {
  describe(`a token on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    /** What of the database a call changes, but for when somebody was last seen and what was noted. */
    const changesOf = async (act: () => Promise<unknown>) => {
      const before = await readTables(running.db)
      await act()
      const after = await readTables(running.db)
      return changesBetween(before, after).filter(
        (change) => !/last_used_at|last_seen_at|^audit_events \+1$/.test(change),
      )
    }

    test('with every scope there is, of an administrator, is kept from everything that is done in person', async () => {
      const { person } = await addProtectedPerson(running, { role: 'administrator' })
      const { id, token } = await addToken(running, person, scopes)
      const inPerson = running.service.routes.filter(({ scope }) => scope === null)
      expect(inPerson.map(({ method, path }) => `${method} ${path}`)).toEqual(
        expect.arrayContaining(['GET /api/v1/me/tokens', 'POST /api/v1/me/tokens', 'DELETE /api/v1/me/tokens/:token']),
      )
      for (const { method, path } of inPerson) {
        const route = `${method} ${path}`
        const state = { ids: { accessToken: id } } as State
        const text = method === 'GET' || method === 'DELETE' ? '' : bodyOf(route, state)
        const call = `${method} ${path.replace(/:(\w+)/g, id)}`
        const changes = await changesOf(async () => {
          const answer = await callByToken(running, token, call, text === '' ? undefined : JSON.parse(text))
          expect([route, answer.status, answer.body.code]).toEqual([route, 403, 'not-for-tokens'])
        })
        expect([route, changes]).toEqual([route, []])
      }
      expect((await eventsOf(running, 'request.refused'))[0]).toMatchObject({ because: 'not-for-tokens' })
    })

    test('opens no page and sends no form: pages do not know tokens', async () => {
      const { person } = await addProtectedPerson(running, { role: 'administrator' })
      const { token } = await addToken(running, person, scopes)
      const authorization = `Bearer ${token}`
      for (const { method, path } of running.service.routes.filter(({ path: it }) =>
        /^\/(my-profile|admin|set-up-mfa$|recovery)/.test(it),
      )) {
        const changes = await changesOf(async () => {
          const response = await running.fetch(path, { method, headers: { authorization, origin } })
          expect([method, path, response.status]).toEqual([method, path, 303])
          expect(response.headers.get('location')).toMatch(/^\/sign-in/)
        })
        expect(changes).toEqual([])
      }
      const form = { 'content-type': 'application/x-www-form-urlencoded' }
      const forged = await running.fetch('/sign-in', { method: 'POST', body: '', headers: { authorization, ...form } })
      expect(forged.status).toBe(403)
    })

    test('needs its scope, whatever the role of its owner grants', async () => {
      const { person } = await addProtectedPerson(running, { role: 'administrator' })
      const forTokens = running.service.routes.filter(({ scope }) => scope)
      expect(forTokens.length).toBeGreaterThan(0)
      for (const { method, path, scope } of forTokens) {
        const all = await addToken(
          running,
          person,
          scopes.filter((other) => other !== scope),
        )
        const changes = await changesOf(async () => {
          const answer = await callByToken(
            running,
            all.token,
            `${method} ${path.replace(/:(\w+)/g, someId)}`,
            anyBody(method),
          )
          expect([method, path, answer.status, answer.body.code]).toEqual([method, path, 403, 'scope-missing'])
          expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
        })
        expect(changes).toEqual([])
      }
    })

    test('never grants what the role of its owner lacks, from the request after a demotion on', async () => {
      const { person } = await addProtectedPerson(running, { role: 'administrator' })
      const { token } = await addToken(running, person, scopes)
      const forOthers = running.service.routes.filter(({ scope, access }) => scope && access !== 'signed-in')
      for (const { method, path } of forOthers) {
        const call = `${method} ${path.replace(/:(\w+)/g, someId)}`
        await running.db.updateTable('users').set({ role: 'member' }).where('id', '=', person.id).execute()
        const demoted = await callByToken(running, token, call, anyBody(method))
        expect([call, demoted.status, demoted.body.code]).toEqual([call, 403, 'not-allowed'])
        await running.db.updateTable('users').set({ role: 'administrator' }).where('id', '=', person.id).execute()
        expect((await callByToken(running, token, call, anyBody(method))).body.code).not.toBe('not-allowed')
      }
    })

    test.each(['member', 'help-desk', 'auditor'] as const)(
      'of a %s cannot be made for more than the role grants, to wait for a promotion',
      async (role: Role) => {
        const { browser } = await addProtectedPerson(running, { role })
        const granted: Record<string, string[]> = {
          member: ['profile:read', 'profile:write', 'sessions:read', 'sessions:write'],
          'help-desk': [
            'profile:read',
            'profile:write',
            'sessions:read',
            'sessions:write',
            'users:read',
            'users:write',
          ],
          auditor: [
            'profile:read',
            'profile:write',
            'sessions:read',
            'sessions:write',
            'users:read',
            'settings:read',
            'audit:read',
          ],
        }
        for (const scope of scopes) {
          const answer = await callBySession(browser, 'POST /api/v1/me/tokens', {
            ...wish,
            scopes: ['profile:read', scope],
          })
          expect([scope, answer.status]).toEqual([scope, granted[role]?.includes(scope) ? 201 : 403])
        }
      },
    )

    test('dies with its owner at once: deactivated, run out, deleted', async () => {
      const ends: ((id: string) => Promise<unknown>)[] = [
        (id) => deactivate(running, id),
        (id) => running.db.updateTable('users').set({ expires_at: running.time.now }).where('id', '=', id).execute(),
        (id) => running.db.deleteFrom('users').where('id', '=', id).execute(),
      ]
      for (const [index, end] of ends.entries()) {
        const person = await addPerson(running, { email: `user${index}@example.org` })
        const { token } = await addToken(running, person)
        expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(200)
        await end(person.id)
        expect(await callByToken(running, token, 'GET /api/v1/me')).toMatchObject({
          status: 401,
          body: { code: 'invalid-token' },
        })
      }
    })

    test('is no cookie, and a cookie is no token', async () => {
      const { person, browser } = await addProtectedPerson(running)
      const { token } = await addToken(running, person)
      for (const name of [sessionCookie, signInCookie]) {
        const forged = browserWith(running, { [name]: token })
        expect((await forged.open('/my-profile')).at).toMatch(/^\/sign-in/)
        expect((await callBySession(forged, 'GET /api/v1/me')).status).toBe(401)
      }
      const signingIn = new Browser(running)
      await signIn(signingIn, person)
      for (const other of [browser.session, signingIn.signIn])
        expect((await callByToken(running, other ?? '', 'GET /api/v1/me')).body.code).toBe('invalid-token')
    })

    test('is not made by an invitation, a link or a hash: what was made for another purpose is unknown', async () => {
      const admin = await addProtectedPerson(running, { role: 'administrator' })
      const added = await admin.browser.send('/admin/users/new', { email: 'new@example.org', name: '', role: 'member' })
      const invitation = /accept-invitation\?token=([\w-]{43})/.exec(added.html)?.[1] ?? ''
      expect(invitation).not.toBe('')
      const { token } = await addToken(running, admin.person)
      const setUp = newToken()
      for (const text of [
        invitation,
        setUp,
        hashToken(token),
        ...(await dumpOf(running)).filter((value) => value.length > 20),
      ]) {
        const answer = await running.fetch('/api/v1/me', {
          headers: { authorization: `Bearer ${encodeURIComponent(text).slice(0, 4000)}` },
        })
        expect(answer.status).toBe(401)
      }
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(200)
    })

    test('that was made up is refused, with a right checksum as well, and so is half a token or two', async () => {
      const { person } = await addProtectedPerson(running)
      const { token } = await addToken(running, person)
      const madeUp = newTokenText()
      expect(isTokenText(madeUp)).toBe(true)
      const texts = [
        '',
        ' ',
        madeUp,
        token.slice(0, -1),
        `${token}x`,
        token.toLowerCase(),
        `${token} ${token}`,
        `${token}, Bearer ${token}`,
        `"${token}"`,
        `${token}'--`,
      ]
      for (const text of texts)
        expect([text, (await callByToken(running, text, 'GET /api/v1/me')).status]).toEqual([text, 401])
      for (const path of [`/api/v1/me?access_token=${token}`, `/api/v1/me?token=${token}`])
        expect((await running.fetch(path)).status).toBe(401)
    })

    test('is judged alone: a request that also has the cookie of an administrator gets no more for it', async () => {
      const { browser } = await addProtectedPerson(running, { role: 'administrator' })
      const member = await addPerson(running, { email: 'bob@example.org' })
      const { token } = await addToken(running, member)
      const both = (call: string, text: string, body?: unknown) =>
        callBySession(browser, call, body, { authorization: `Bearer ${text}` })
      expect((await both('GET /api/v1/me', token)).body.id).toBe(member.id)
      expect((await both('POST /api/v1/me/tokens', token, wish)).body.code).toBe('not-for-tokens')
      expect((await both('GET /api/v1/me', 'nonsense')).status).toBe(401)
      expect((await both('GET /api/v1/me', '')).status).toBe(401)
      expect((await both('POST /api/v1/me/tokens', '', wish)).status).toBe(401)
    })

    test('does not lift the same-origin check for a cookie: another scheme, or none, is a browser', async () => {
      const { browser } = await addProtectedPerson(running)
      for (const authorization of ['Basic YTpi', 'Negotiate x', 'bearer-ish x', '']) {
        const headers: Record<string, string> = {
          'content-type': 'application/json',
          ...(authorization ? { authorization } : {}),
        }
        const response = await browser.request('/api/v1/me/tokens', {
          method: 'POST',
          body: JSON.stringify(wish),
          headers,
        })
        expect([authorization, response.status]).toEqual([authorization, 403])
      }
    })

    test('of somebody else cannot be seen or revoked: an id that is not mine is an id that is not there', async () => {
      const { browser } = await addProtectedPerson(running)
      const eve = await addProtectedPerson(running, { email: 'eve@example.org', role: 'administrator' })
      const theirs = await addToken(running, eve.person)
      const mine = await callBySession(browser, 'GET /api/v1/me/tokens')
      expect(mine.body).toEqual({ tokens: [] })
      for (const id of [
        theirs.id,
        someId,
        'x',
        '%00',
        '..',
        theirs.id.toUpperCase(),
        `${theirs.id}%20`,
        `${theirs.id}'`,
      ])
        expect([id, (await callBySession(browser, `DELETE /api/v1/me/tokens/${id}`)).status]).toEqual([id, 404])
      expect((await callByToken(running, theirs.token, 'GET /api/v1/me')).status).toBe(200)
    })

    test('is nowhere in the database, in a mail or in the log', async () => {
      const { browser } = await addProtectedPerson(running)
      const { body } = await callBySession(browser, 'POST /api/v1/me/tokens', wish)
      const token = String(body.token)
      await callByToken(running, token, 'GET /api/v1/me')
      await callByToken(running, token, 'GET /api/v1/me/tokens')
      await running.deliver()
      const written = [...(await dumpOf(running)), JSON.stringify(running.mails), ...running.logged].join('\n')
      expect(written).not.toContain(token)
      expect(written).not.toContain(token.slice('cs_pat_'.length))
    })
  })
}
