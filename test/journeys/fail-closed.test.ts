import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { seconds } from '../../src/time.ts'
import { Browser, codeAt } from '../support/browser.ts'
import { addPerson, addProtectedPerson, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`when the database fails, on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const get = async (path: string) => {
      const response = await running.fetch(path)
      return { status: response.status, text: await response.text() }
    }

    test('the service is alive, not ready, and says nothing of what is wrong', async () => {
      expect((await get('/healthz')).status).toBe(200)
      expect((await get('/readyz')).status).toBe(200)
      await running.db.destroy()
      // Whoever asks within a second is told what was found last.
      running.time.now += seconds(1)
      expect((await get('/healthz')).status).toBe(200)
      const ready = await get('/readyz')
      expect(ready).toEqual({ status: 503, text: '{"status":"unavailable"}' })
    })

    test('nobody gets in, and whoever was in sees nothing', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      const pending = new Browser(running)
      await signIn(pending, person)
      await running.db.destroy()
      const answers = [
        await browser.open('/my-profile'),
        await browser.open('/admin/users'),
        await browser.open('/set-up-mfa'),
        await browser.open('/api/v1/me'),
        await browser.send('/my-profile/settings/disable-2fa', {}),
        await pending.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) }),
        await signIn(new Browser(running), person),
      ]
      for (const { status, html } of answers) {
        expect(status).toBeGreaterThanOrEqual(500)
        expect(html).not.toContain('Ada')
        expect(html).not.toMatch(/destroy|sqlite|postgres|kysely|at .*\.ts/i)
      }
      expect(pending.session).toBeUndefined()
      expect(running.logged.join()).toContain('a request failed')
    })

    test.each([
      'users',
      'installation',
      'policies',
      'attempts',
      'sign_ins',
      'sessions',
      'totp_factors',
      'recovery_code_sets',
      'recovery_codes',
      'audit_events',
    ])('a sign-in that cannot use the table %s ends in an error, and works again afterwards', async (table) => {
      const { person, key } = await addProtectedPerson(running)
      const plain = await addPerson(running, { email: 'bob@example.org' })
      const away = `${table}_away`
      const pending = new Browser(running)
      await signIn(pending, person)

      await sql`alter table ${sql.id(table)} rename to ${sql.id(away)}`.execute(running.db)
      // As in a process that has just started, and has no copy of anything.
      running.restart()
      const browser = new Browser(running)
      // A sign-in that a password completes is never written down as one in progress.
      const whose = table === 'sign_ins' ? person : plain
      const answer = await signIn(browser, whose)
      expect(answer.status).toBeGreaterThanOrEqual(500)
      expect(browser.session).toBeUndefined()
      expect(browser.signIn).toBeUndefined()
      const code = codeAt(key, running.time.now)
      expect((await pending.send('/sign-in/verification-code', { code })).status).toBeGreaterThanOrEqual(500)
      expect(pending.session).toBeUndefined()
      await sql`alter table ${sql.id(away)} rename to ${sql.id(table)}`.execute(running.db)

      expect((await signIn(browser, whose)).at).toBe(whose === plain ? '/my-profile' : '/sign-in/verification-code')
      expect((await pending.send('/sign-in/verification-code', { code })).at).toBe('/my-profile')
    })

    test('a session whose proofs cannot be read is an error, not a way in', async () => {
      const { browser } = await addProtectedPerson(running)
      for (const proofs of ['', '[', '{}', '[{"by":"everything","at":1}]']) {
        await running.db.updateTable('sessions').set({ proofs }).execute()
        const page = await browser.open('/my-profile')
        expect(page.status).toBe(500)
      }
    })

    test('a secret that cannot be opened is an error, not a way in', async () => {
      const { person, key } = await addProtectedPerson(running)
      await running.db.updateTable('totp_factors').set({ sealed_secret: '1.AAAA.AAAA.AAAA' }).execute()
      const browser = new Browser(running)
      await signIn(browser, person)
      const page = await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(page.status).toBe(500)
      expect(browser.session).toBeUndefined()
    })
  })
}
