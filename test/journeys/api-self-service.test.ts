import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes } from '../../src/time.ts'
import { addToken, callBySession, callByToken } from '../support/api.ts'
import { countSessions, eventsOf } from '../support/attack.ts'
import { Browser } from '../support/browser.ts'
import { addPerson, addProtectedPerson, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`one’s own account by the API on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    test('name, language and theme are changed, together or one by one', async () => {
      const { person } = await addProtectedPerson(running)
      const { token } = await addToken(running, person, ['profile:read', 'profile:write'])
      const me = async () => (await callByToken(running, token, 'GET /api/v1/me')).body
      expect(await me()).toMatchObject({ name: 'Ada Example', language: null, theme: 'system' })
      const change = (body: unknown) => callByToken(running, token, 'PATCH /api/v1/me', body)
      expect((await change({ name: '  Ada   Other ', language: 'en', theme: 'dark' })).status).toBe(204)
      expect(await me()).toMatchObject({ name: 'Ada Other', language: 'en', theme: 'dark' })
      await change({ theme: 'light' })
      expect(await me()).toMatchObject({ name: 'Ada Other', language: 'en', theme: 'light' })
      await change({ name: null, language: null })
      expect(await me()).toMatchObject({ name: null, language: null, theme: 'light' })
      expect((await change({})).status).toBe(204)
      expect(await eventsOf(running, 'user.name-changed')).toHaveLength(2)
    })

    test('factors are listed without secrets, and codes are counted', async () => {
      const { person, key, codes } = await addProtectedPerson(running)
      const { token } = await addToken(running, person)
      const { body } = await callByToken(running, token, 'GET /api/v1/me/factors')
      expect(body).toEqual({
        authenticators: [
          {
            id: expect.any(String),
            kind: 'totp',
            name: 'My phone',
            added_at: '2026-11-24T09:00:10.000Z',
            last_used_at: expect.any(String),
            disabled_at: null,
          },
        ],
        recovery_codes: { left: 10, total: 10, made_at: '2026-11-24T09:00:10.000Z', saved: true },
      })
      for (const secret of [key, ...codes]) expect(JSON.stringify(body)).not.toContain(secret)
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const without = await callByToken(running, (await addToken(running, bob)).token, 'GET /api/v1/me/factors')
      expect(without.body).toEqual({ authenticators: [], recovery_codes: null })
    })

    test('sessions are listed, and ended one by one or all but this one', async () => {
      const { browser, person, key } = await addProtectedPerson(running)
      const others = [new Browser(running, '198.51.100.7'), new Browser(running), new Browser(running)]
      for (const other of others) {
        running.time.now += minutes(1)
        await signInFully(running, other, person, key)
      }
      const list = async () =>
        (await callBySession(browser, 'GET /api/v1/me/sessions')).body.sessions as {
          id: string
          current: boolean
          address: string
        }[]
      const sessions = await list()
      expect(sessions).toHaveLength(4)
      expect(sessions.filter(({ current }) => current)).toHaveLength(1)
      const away = sessions.find(({ address }) => address === '198.51.100.7')
      expect((await callBySession(browser, `DELETE /api/v1/me/sessions/${away?.id}`)).status).toBe(204)
      expect((await callBySession(others[0] as Browser, 'GET /api/v1/me')).status).toBe(401)
      expect((await callBySession(browser, `DELETE /api/v1/me/sessions/${away?.id}`)).status).toBe(404)
      expect(await list()).toHaveLength(3)
      expect((await callBySession(browser, 'DELETE /api/v1/me/sessions')).status).toBe(204)
      expect(await list()).toEqual([expect.objectContaining({ current: true })])
    })

    test('a token ends sessions if its scopes say so, and has none of its own to keep', async () => {
      const { person } = await addProtectedPerson(running)
      const { token } = await addToken(running, person, ['sessions:read', 'sessions:write'])
      running.time.now += minutes(30)
      const { body } = await callByToken(running, token, 'GET /api/v1/me/sessions')
      expect(body.sessions).toEqual([expect.objectContaining({ current: false })])
      expect((await callByToken(running, token, 'DELETE /api/v1/me/sessions')).status).toBe(204)
      expect(await countSessions(running, person.id)).toBe(0)
    })

    test('what is somebody else’s is not there: no session by id, with a session or a token', async () => {
      const ada = await addProtectedPerson(running)
      const bob = await addPerson(running, { email: 'bob@example.org' })
      await signIn(new Browser(running), bob)
      const { id } = await running.db
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', bob.id)
        .executeTakeFirstOrThrow()
      const { token } = await addToken(running, ada.person, ['sessions:write'])
      expect((await callBySession(ada.browser, `DELETE /api/v1/me/sessions/${id}`)).status).toBe(404)
      expect((await callByToken(running, token, `DELETE /api/v1/me/sessions/${id}`)).status).toBe(404)
      await callBySession(ada.browser, 'DELETE /api/v1/me/sessions')
      expect(await countSessions(running, bob.id)).toBe(1)
    })
  })
}
