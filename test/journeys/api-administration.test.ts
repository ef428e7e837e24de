import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { scopes } from '../../src/access-tokens/scopes.ts'
import { days, minutes } from '../../src/time.ts'
import { addToken, callBySession, callByToken } from '../support/api.ts'
import { countSessions, eventsOf, isIn } from '../support/attack.ts'
import { Browser } from '../support/browser.ts'
import { addPerson, addProtectedPerson, password, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`administration by the API on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let admin: Awaited<ReturnType<typeof addProtectedPerson>>
    let token: string
    beforeEach(async () => {
      running = await startService({ dialect })
      admin = await addProtectedPerson(running, { email: 'root@example.org', name: 'Root', role: 'administrator' })
      token = (await addToken(running, admin.person, scopes)).token
    })
    afterEach(() => running.stop())

    const byToken = (call: string, body?: unknown) => callByToken(running, token, call, body)
    const inPerson = (call: string, body?: unknown) =>
      callBySession(admin.browser, call, body, { 'content-type': 'application/json' })

    test('somebody is invited by a token, arrives, is changed, and goes', async () => {
      const invited = await byToken('POST /api/v1/users', { email: 'bob@example.org', name: 'Bob' })
      expect(invited).toMatchObject({ status: 201, body: { expires_at: '2026-11-27T09:01:10.000Z' } })
      const { user, link } = invited.body as { user: string; link: string }
      expect(await byToken(`GET /api/v1/users/${user}`)).toMatchObject({
        body: { email: 'bob@example.org', name: 'Bob', role: 'member', state: 'invited', mfa: 'off', groups: [] },
      })

      const again = await byToken(`POST /api/v1/users/${user}/invitation`)
      const links = [link, String(again.body.link)].map((one) => new URL(one).searchParams.get('token') ?? '')
      const bob = new Browser(running)
      const [older = '', newer = ''] = links
      expect((await bob.send('/accept-invitation', { token: older, password })).status).toBe(404)
      await bob.send('/accept-invitation', { token: newer, password })
      expect(await isIn(bob)).toBe(true)
      expect(await byToken(`POST /api/v1/users/${user}/invitation`)).toMatchObject({ status: 409 })

      await byToken(`PATCH /api/v1/users/${user}`, { name: 'Bobby', expires_at: '2026-12-01T00:00:00Z' })
      expect(await byToken(`GET /api/v1/users/${user}`)).toMatchObject({
        body: { name: 'Bobby', state: 'active', expires_at: '2026-12-01T00:00:00.000Z' },
      })

      const sessions = await byToken(`GET /api/v1/users/${user}/sessions`)
      expect(sessions.body.sessions).toHaveLength(1)
      const [session] = sessions.body.sessions as { id: string }[]
      expect((await byToken(`DELETE /api/v1/users/${user}/sessions/${session?.id}`)).status).toBe(204)
      expect(await isIn(bob)).toBe(false)

      expect((await byToken(`POST /api/v1/users/${user}/deactivate`)).status).toBe(204)
      expect((await byToken(`POST /api/v1/users/${user}/deactivate`)).status).toBe(409)
      expect((await byToken(`GET /api/v1/users/${user}`)).body.state).toBe('deactivated')
      expect((await byToken(`POST /api/v1/users/${user}/reactivate`)).status).toBe(204)
      expect((await byToken(`DELETE /api/v1/users/${user}`)).status).toBe(204)
      expect((await byToken(`GET /api/v1/users/${user}`)).status).toBe(404)
    })

    test('where there is a mail server, a link goes to its person and to nobody else', async () => {
      await running.stop()
      running = await startService({ dialect, hasMailServer: true })
      admin = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' })
      token = (await addToken(running, admin.person, scopes)).token
      const { status, body } = await byToken('POST /api/v1/users', { email: 'bob@example.org' })
      expect([status, body.link]).toEqual([201, null])
    })

    test('users are found and paged by a cursor', async () => {
      for (let index = 0; index < 55; index += 1)
        await running.db
          .insertInto('users')
          .values({
            id: crypto.randomUUID(),
            email: `user${String(index).padStart(2, '0')}@example.org`,
            email_key: `user${String(index).padStart(2, '0')}@example.org`,
            role: 'member',
            theme: 'system',
            created_at: running.time.now,
          })
          .execute()
      const first = await byToken('GET /api/v1/users?role=member')
      expect(first.body.users).toHaveLength(50)
      const second = await byToken(`GET /api/v1/users?role=member&after=${encodeURIComponent(String(first.body.next))}`)
      expect(second.body).toMatchObject({ next: null })
      expect(second.body.users).toHaveLength(5)
      const found = await byToken('GET /api/v1/users?search=USER07&state=invited&seen=never')
      expect(found.body.users).toEqual([expect.objectContaining({ email: 'user07@example.org' })])
    })

    test('a token acts on members only, and gives no other role', async () => {
      for (const role of ['administrator', 'auditor', 'help-desk'] as const) {
        const other = await addPerson(running, { email: `${role}@example.org`, role })
        const { id } = other
        const calls: [string, unknown?][] = [
          ['POST /api/v1/users', { email: `new-${role}@example.org`, role }],
          [`PATCH /api/v1/users/${id}`, { name: 'Other' }],
          [`PATCH /api/v1/users/${id}`, { role: 'member' }],
          [`POST /api/v1/users/${id}/deactivate`],
          [`DELETE /api/v1/users/${id}/sessions`],
          [`DELETE /api/v1/users/${id}`],
        ]
        for (const [call, body] of calls)
          expect([call, (await byToken(call, body)).body.code]).toEqual([call, 'not-allowed'])
        const member = await addPerson(running, { email: `member-${role}@example.org` })
        expect((await byToken(`PATCH /api/v1/users/${member.id}`, { role })).body.code).toBe('not-allowed')
        expect((await byToken(`GET /api/v1/users/${member.id}`)).body.role).toBe('member')
      }
      // In person it goes, as on the pages.
      const bob = await addPerson(running, { email: 'bob@example.org' })
      expect((await inPerson(`PATCH /api/v1/users/${bob.id}`, { role: 'auditor' })).status).toBe(204)
    })

    test('nobody does it to themselves, and the last administrator stays', async () => {
      const { id } = admin.person
      for (const call of [
        `POST /api/v1/users/${id}/deactivate`,
        `DELETE /api/v1/users/${id}`,
        `DELETE /api/v1/users/${id}/sessions`,
      ])
        expect([call, (await inPerson(call)).body.code]).toEqual([call, 'not-on-yourself'])
      expect((await inPerson(`POST /api/v1/users/${id}/mfa-reset`, { reason: 'x' })).body.code).toBe('not-on-yourself')
      expect(await inPerson(`PATCH /api/v1/users/${id}`, { role: 'member' })).toMatchObject({
        status: 409,
        body: { code: 'last-administrator' },
      })
    })

    test('MFA is reset in person, and the link sets it up again', async () => {
      const bob = await addProtectedPerson(running, { email: 'bob@example.org' })
      const path = `/api/v1/users/${bob.person.id}`
      expect((await byToken(`POST ${path}/mfa-reset`, { reason: 'Lost phone' })).body.code).toBe('not-for-tokens')
      const reset = await inPerson(`POST ${path}/mfa-reset`, { reason: 'Lost phone' })
      expect(reset.status).toBe(201)
      expect(await isIn(bob.browser)).toBe(false)
      expect((await inPerson(`GET ${path}`)).body.mfa).toBe('reset')
      const renewed = await inPerson(`POST ${path}/set-up-link`)
      const link = new URL(String(renewed.body.link))
      expect((await new Browser(running).open(`${link.pathname}${link.search}`)).status).toBe(200)
      const older = new URL(String(reset.body.link))
      expect((await new Browser(running).open(`${older.pathname}${older.search}`)).status).toBe(404)
    })

    test('tokens of others are listed and revoked in person', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const theirs = await addToken(running, bob)
      const path = `/api/v1/users/${bob.id}/tokens`
      expect((await byToken(`GET ${path}`)).body.code).toBe('not-for-tokens')
      const { body } = await inPerson(`GET ${path}`)
      expect(body.tokens).toEqual([expect.objectContaining({ id: theirs.id, name: 'Nightly report' })])
      expect(JSON.stringify(body)).not.toContain(theirs.token)
      expect((await inPerson(`DELETE ${path}/${theirs.id}`)).status).toBe(204)
      expect((await callByToken(running, theirs.token, 'GET /api/v1/me')).status).toBe(401)
    })

    test('groups are made, filled, renamed and deleted', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const { body } = await byToken('POST /api/v1/groups', { name: ' Night  shift ' })
      const group = `/api/v1/groups/${body.id}`
      expect(await byToken('POST /api/v1/groups', { name: 'night SHIFT' })).toMatchObject({ status: 409 })
      expect((await byToken(`PUT ${group}/members/${bob.id}`)).status).toBe(204)
      expect((await byToken(`PUT ${group}/members/${bob.id}`)).status).toBe(204)
      expect((await byToken('GET /api/v1/groups')).body.groups).toEqual([
        { id: body.id, name: 'Night shift', members: 1 },
      ])
      const members = await byToken(`GET /api/v1/users?group=${body.id}`)
      expect(members.body.users).toEqual([expect.objectContaining({ id: bob.id })])
      expect((await byToken(`GET /api/v1/users/${bob.id}`)).body.groups).toEqual([{ id: body.id, name: 'Night shift' }])
      expect((await byToken(`PATCH ${group}`, { name: 'Day shift' })).status).toBe(204)
      expect((await byToken(`DELETE ${group}/members/${bob.id}`)).status).toBe(204)
      expect((await byToken(`DELETE ${group}/members/${bob.id}`)).status).toBe(404)
      expect((await byToken(`DELETE ${group}`)).status).toBe(204)
      expect((await byToken('GET /api/v1/groups')).body.groups).toEqual([])
    })

    test('enforcement is seen by a token, and switched and confirmed in person from a newer sign-in', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org' })
      await signIn(new Browser(running), bob)
      await addToken(running, bob)
      expect((await byToken('GET /api/v1/policy')).body).toEqual({ enforce_mfa: 'off', since: null, confirm_by: null })
      expect((await byToken('GET /api/v1/policy/preview')).body).toMatchObject({
        will_be_asked: 1,
        protected: 1,
        tokens_refused: 1,
        first_to_be_asked: [{ email: 'bob@example.org' }],
      })
      expect((await byToken('PUT /api/v1/policy', { enforce_mfa: true })).body.code).toBe('not-for-tokens')
      const on = await inPerson('PUT /api/v1/policy', { enforce_mfa: true })
      expect(on.body).toMatchObject({ enforce_mfa: 'unconfirmed', confirm_by: '2026-11-24T09:16:10.000Z' })
      expect((await inPerson('POST /api/v1/policy/confirm')).status).toBe(409)
      running.time.now += minutes(1)
      await signInFully(running, admin.browser, admin.person, admin.key)
      expect((await inPerson('POST /api/v1/policy/confirm')).body).toMatchObject({
        enforce_mfa: 'on',
        confirm_by: null,
      })
      expect((await inPerson('PUT /api/v1/policy', { enforce_mfa: false })).body.enforce_mfa).toBe('off')
    })

    test('the audit log is read, filtered and paged', async () => {
      await byToken('POST /api/v1/groups', { name: 'Night shift' })
      const all = await byToken('GET /api/v1/audit-events')
      const events = all.body.events as { id: string; name: string }[]
      expect(events.length).toBeGreaterThan(5)
      const [newest] = events
      expect(newest).toMatchObject({
        name: 'group.created',
        actor: { id: admin.person.id, email: 'root@example.org' },
        subject: null,
        details: { name: 'Night shift' },
      })
      expect((await byToken(`GET /api/v1/audit-events/${newest?.id}`)).body).toMatchObject({ name: 'group.created' })
      const some = await byToken(`GET /api/v1/audit-events?event=totp.*&subject=${admin.person.id}&since=2026-11-24`)
      expect((some.body.events as { name: string }[]).every(({ name }) => name.startsWith('totp.'))).toBe(true)

      for (let count = 0; count < 120; count += 1) await byToken('GET /api/v1/me/tokens')
      const seen = new Set<string>()
      for (let after = '', pages = 0; pages < 5; pages += 1) {
        const page = await byToken(`GET /api/v1/audit-events?event=request.refused${after}`)
        for (const { id } of page.body.events as { id: string }[]) seen.add(id)
        if (page.body.next === null) break
        after = `&after=${page.body.next}`
      }
      expect(seen.size).toBe(120)
    })

    test('an act by the API ends what the act by the page ends', async () => {
      const bob = await addPerson(running, { email: 'bob@example.org' })
      await signIn(new Browser(running), bob)
      const theirs = await addToken(running, bob, ['profile:read'], days(9))
      await byToken(`POST /api/v1/users/${bob.id}/deactivate`)
      expect(await countSessions(running, bob.id)).toBe(0)
      await byToken(`POST /api/v1/users/${bob.id}/reactivate`)
      expect((await callByToken(running, theirs.token, 'GET /api/v1/me')).status).toBe(401)
      expect(await eventsOf(running, 'user.deactivated')).toHaveLength(1)
    })
  })
}
