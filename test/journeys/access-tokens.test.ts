import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { days, minutes, seconds } from '../../src/time.ts'
import { addToken, callBySession, callByToken } from '../support/api.ts'
import { enforceMfa } from '../support/attack.ts'
import { Browser } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, saveCodes, signIn } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

const made = { name: 'Nightly report', scopes: ['profile:read'] }

for (const dialect of dialects) {
  describe(`personal access tokens on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const events = async () => {
      const rows = await running.db.selectFrom('audit_events').selectAll().orderBy('at').execute()
      return rows
        .filter(({ name }) => /^(access-token|request)\./.test(name))
        .map(({ name, details }) => ({ name, ...(JSON.parse(details) as object) }))
    }
    const lastUsed = async () =>
      (await running.db.selectFrom('personal_access_tokens').select('last_used_at').executeTakeFirstOrThrow())
        .last_used_at

    test('one is made after a fresh proof, shown once, used, listed and revoked', async () => {
      const { browser, person } = await addProtectedPerson(running)
      const answer = await callBySession(browser, 'POST /api/v1/me/tokens', made)
      expect(answer).toMatchObject({ status: 201, body: { expires_at: '2027-02-22T09:01:10.000Z' } })
      const { id, token } = answer.body as { id: string; token: string }

      expect(await callByToken(running, token, 'GET /api/v1/me')).toMatchObject({
        status: 200,
        body: { id: person.id, session: null, token: { id, name: 'Nightly report', scopes: ['profile:read'] } },
      })

      const { body } = await callBySession(browser, 'GET /api/v1/me/tokens')
      expect(body).toEqual({
        tokens: [
          {
            id,
            name: 'Nightly report',
            scopes: ['profile:read'],
            created_at: '2026-11-24T09:01:10.000Z',
            expires_at: '2027-02-22T09:01:10.000Z',
            last_used_at: '2026-11-24T09:01:10.000Z',
          },
        ],
      })
      expect(JSON.stringify(body)).not.toContain(token)

      expect((await callBySession(browser, `DELETE /api/v1/me/tokens/${id}`)).status).toBe(204)
      const after = await callByToken(running, token, 'GET /api/v1/me')
      expect(after).toMatchObject({ status: 401, body: { code: 'invalid-token' } })
      expect(after.headers.get('www-authenticate')).toBe('Bearer realm="Countersign", error="invalid_token"')
      expect((await callBySession(browser, `DELETE /api/v1/me/tokens/${id}`)).status).toBe(404)

      expect(await events()).toEqual([
        {
          name: 'access-token.created',
          token: id,
          scopes: ['profile:read'],
          expiresAt: '2027-02-22T09:01:10.000Z',
        },
        { name: 'access-token.revoked', token: id },
      ])
      await running.deliver()
      const told = running.mails.slice(-2)
      expect(told.map(({ subject }) => subject)).toEqual([
        'A personal access token was made',
        'A personal access token was revoked',
      ])
      for (const { to, text } of told) {
        expect(to).toBe('ada@example.org')
        expect(text).toContain('“Nightly report”')
        expect(text).not.toContain(token)
      }
      expect(running.logged.join()).not.toContain(token)
    })

    test('a proof that is too old is challenged, and one that is fresh enough helps', async () => {
      const { browser } = await addProtectedPerson(running)
      running.time.now += minutes(11)
      const answer = await callBySession(browser, 'POST /api/v1/me/tokens', made)
      expect(answer).toMatchObject({ status: 401, body: { code: 'step-up-needed' } })
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer realm="Countersign", error="insufficient_user_authentication", acr_values="urn:countersign:acr:two-factors", max_age="600"',
      )
      const other = new Browser(running)
      await signIn(other, await addPerson(running, { email: 'bob@example.org' }))
      running.time.now += minutes(11)
      const withoutMfa = await callBySession(other, 'POST /api/v1/me/tokens', made)
      expect(withoutMfa.headers.get('www-authenticate')).toContain('acr_values="urn:countersign:acr:one-factor"')
    })

    test('it ends when it was said to, and is told apart from no token at all', async () => {
      const person = await addPerson(running)
      const { token } = await addToken(running, person, ['profile:read'], days(30))
      running.time.now += days(30) - 1
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(200)
      running.time.now += 1
      expect(await callByToken(running, token, 'GET /api/v1/me')).toMatchObject({
        status: 401,
        body: { code: 'invalid-token' },
      })
      const nobody = await running.fetch('/api/v1/me')
      expect(nobody.headers.get('www-authenticate')).toBe('Bearer realm="Countersign"')
    })

    test('none lives longer than a year', async () => {
      const { browser } = await addProtectedPerson(running)
      const wish = (expires_in_days: unknown) => ({ ...made, expires_in_days })
      for (const wanted of [0, -1, 366, 1.5, '30', null, 1e9])
        expect((await callBySession(browser, 'POST /api/v1/me/tokens', wish(wanted))).status).toBe(422)
      const { body } = await callBySession(browser, 'POST /api/v1/me/tokens', wish(365))
      expect(Date.parse(String(body.expires_at)) - running.time.now).toBe(days(365))
    })

    test('its use is noted at most once a minute', async () => {
      const person = await addPerson(running)
      const { token } = await addToken(running, person)
      expect(await lastUsed()).toBeNull()
      const first = running.time.now
      await callByToken(running, token, 'GET /api/v1/me')
      expect(await lastUsed()).toBe(first)
      running.time.now += seconds(59)
      await callByToken(running, token, 'GET /api/v1/me')
      expect(await lastUsed()).toBe(first)
      running.time.now += seconds(1)
      await callByToken(running, token, 'GET /api/v1/me')
      expect(await lastUsed()).toBe(first + minutes(1))
    })

    test('an expired one stays in the list for thirty days, and is gone after that', async () => {
      const { browser, person } = await addProtectedPerson(running)
      await addToken(running, person, ['profile:read'], days(1))
      running.time.now += days(30)
      await running.service.purge()
      await signIn(browser, person)
      expect(await running.db.selectFrom('personal_access_tokens').select('id').execute()).toHaveLength(1)
      running.time.now += days(1)
      await running.service.purge()
      expect(await running.db.selectFrom('personal_access_tokens').select('id').execute()).toEqual([])
    })

    test('nobody keeps more than a hundred', async () => {
      const { browser, person } = await addProtectedPerson(running)
      for (let count = 0; count < 100; count += 1) await addToken(running, person)
      expect(await callBySession(browser, 'POST /api/v1/me/tokens', made)).toMatchObject({
        status: 409,
        body: { code: 'conflict' },
      })
    })

    describe('and enforcement', () => {
      /** Everything that can be the matter with a token's owner, and what their token then gets. */
      const states: Record<string, [make: () => Promise<{ id: string }>, status: number, code?: string]> = {
        'without 2FA, nothing enforced': [() => addPerson(running), 200],
        'without 2FA, enforced': [
          async () => {
            const person = await addPerson(running)
            await enforceMfa(running)
            return person
          },
          403,
          'enrolment-owed',
        ],
        'with 2FA, enforced': [
          async () => {
            const { person } = await addProtectedPerson(running)
            await enforceMfa(running)
            return person
          },
          200,
        ],
        'codes not saved': [
          async () => {
            const person = await addPerson(running)
            const browser = new Browser(running)
            await signIn(browser, person)
            await enrol(running, browser)
            return person
          },
          403,
          'recovery-codes-owed',
        ],
        'codes used up': [
          async () => {
            const { person } = await addProtectedPerson(running)
            await running.db.updateTable('recovery_codes').set({ used_at: running.time.now }).execute()
            return person
          },
          403,
          'recovery-codes-owed',
        ],
        'authenticator disabled by wrong codes': [
          async () => {
            const { person } = await addProtectedPerson(running)
            await running.db.updateTable('totp_factors').set({ disabled_at: running.time.now }).execute()
            return person
          },
          200,
        ],
        'MFA reset by somebody else': [
          async () => {
            const { person } = await addProtectedPerson(running)
            await running.db.deleteFrom('totp_factors').execute()
            await running.db.deleteFrom('recovery_code_sets').execute()
            await running.db.updateTable('users').set({ mfa_reset_at: running.time.now }).execute()
            return person
          },
          403,
          'enrolment-owed',
        ],
        deactivated: [
          async () => {
            const { person } = await addProtectedPerson(running)
            await running.db.updateTable('users').set({ deactivated_at: running.time.now }).execute()
            return person
          },
          401,
          'invalid-token',
        ],
        'deactivated, and without 2FA under enforcement': [
          async () => {
            const person = await addPerson(running)
            await enforceMfa(running)
            await running.db.updateTable('users').set({ deactivated_at: running.time.now }).execute()
            return person
          },
          401,
          'invalid-token',
        ],
        'run out': [
          async () => {
            const { person } = await addProtectedPerson(running)
            await running.db.updateTable('users').set({ expires_at: running.time.now }).execute()
            return person
          },
          401,
          'invalid-token',
        ],
      }

      for (const [what, [make, status, code]] of Object.entries(states))
        test(`${what}: ${status} ${code ?? ''}`, async () => {
          const { token } = await addToken(running, await make())
          const answer = await callByToken(running, token, 'GET /api/v1/me')
          expect([answer.status, answer.body.code]).toEqual([status, code])
          const leadsTo = { 'enrolment-owed': '/set-up-mfa', 'recovery-codes-owed': '/recovery-codes' }[String(code)]
          expect(answer.body.set_up).toBe(leadsTo && `${origin}${leadsTo}`)
        })

      test('a token works again once its owner has 2FA, and stops with the next request when they lose it', async () => {
        const person = await addPerson(running)
        const { token } = await addToken(running, person)
        const browser = new Browser(running)
        await signIn(browser, person)
        await enforceMfa(running)
        expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(403)
        await browser.open('/my-profile')
        const enrolled = await enrol(running, browser)
        await saveCodes(browser, enrolled)
        expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(200)
        await running.db.deleteFrom('totp_factors').execute()
        expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(403)
      })

      test('a token goes with its owner', async () => {
        const person = await addPerson(running)
        const { token } = await addToken(running, person)
        await running.db.deleteFrom('users').where('id', '=', person.id).execute()
        expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(401)
      })
    })
  })
}
