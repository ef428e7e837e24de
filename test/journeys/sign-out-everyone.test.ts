// The emergency: everybody is signed out at once, from the host, while the service runs or not; and everybody gets in again.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { beginSession } from '../../src/sessions/sessions.ts'
import { signOutEveryone } from '../../src/sign-in/sign-out-everyone.ts'
import { resetMfa } from '../support/admin.ts'
import { addToken, callByToken } from '../support/api.ts'
import { countIn, eventsOf, isIn, knownBrowsers } from '../support/attack.ts'
import { Browser, codeAt } from '../support/browser.ts'
import { needsBuild } from '../support/built.ts'
import { runCommand } from '../support/command.ts'
import { addPerson, addProtectedPerson, password, signIn, signInFully } from '../support/people.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

needsBuild()

for (const dialect of dialects) {
  describe(`signing everyone out on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect, hasMailServer: true })
    })
    afterEach(() => running.stop())

    const act = (wish: Partial<Parameters<typeof signOutEveryone>[1]> = {}) =>
      signOutEveryone(running.service.machine, {
        reason: 'Backup stolen',
        revokeTokens: false,
        forgetBrowsers: false,
        ...wish,
      })

    test('ends every session at once, and everybody signs in again as before', async () => {
      const ada = await addProtectedPerson(running)
      const bob = await addPerson(running, { email: 'bob@example.org' })
      const bobs = [new Browser(running), new Browser(running)]
      for (const browser of bobs) await signIn(browser, bob)
      expect(await countIn([ada.browser, ...bobs])).toBe(3)
      expect(await act()).toMatchObject({ sessions: 3, signIns: 0 })
      expect(await countIn([ada.browser, ...bobs])).toBe(0)
      expect((await ada.browser.open('/my-profile')).at).toMatch(/^\/sign-in/)
      await signInFully(running, ada.browser, ada.person, ada.key)
      await signIn(new Browser(running), bob)
      expect(await isIn(ada.browser)).toBe(true)
    })

    test('ends sign-ins and step-ups in progress', async () => {
      const ada = await addProtectedPerson(running)
      running.time.now += 11 * 60_000
      await ada.browser.open('/my-profile/settings/disable-2fa')
      await ada.browser.send('/my-profile/settings/disable-2fa', {})
      const pending = new Browser(running)
      await signIn(pending, ada.person)
      expect(await act()).toMatchObject({ sessions: 1, signIns: 2 })
      const code = codeAt(ada.key, running.time.now)
      for (const browser of [pending, ada.browser]) {
        await browser.send('/sign-in/verification-code', { code })
        expect(await isIn(browser)).toBe(false)
      }
      expect(await running.db.selectFrom('sign_ins').selectAll().execute()).toEqual([])
    })

    test('voids every link and invitation, and gives up the mails that hold one', async () => {
      const root = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' })
      const ada = await addProtectedPerson(running)
      const added = await root.browser.send('/admin/users/new', {
        email: 'bob@example.org',
        name: 'Bob',
        role: 'member',
      })
      expect(added.status).toBe(200)
      const setUp = await resetMfa(root.browser, ada.person)
      await new Browser(running).send('/forgot-password', { email: root.person.email })
      await running.deliver()
      const mailed = running.mails.flatMap(
        ({ text }) => /https:\/\/sign-in\.test(\/\S+token=\S+)/.exec(text)?.[1] ?? [],
      )
      await root.browser.send('/admin/users/new', { email: 'eve@example.org', name: 'Eve', role: 'member' })
      expect(await act()).toMatchObject({ links: 2, invitations: 2, mails: 1 })
      running.time.now += 60_000
      const before = running.mails.length
      await running.deliver()
      expect(running.mails.slice(before).filter(({ text }) => text.includes('token='))).toEqual([])
      expect(mailed).toHaveLength(2)
      for (const link of [setUp, ...mailed]) expect((await new Browser(running).open(link)).status).toBe(404)
      const waiting = await running.db.selectFrom('outbox').selectAll().where('sealed_link', 'is not', null).execute()
      expect(waiting).toEqual([])
    })

    test('leaves tokens and known browsers, unless it is told otherwise', async () => {
      const ada = await addPerson(running)
      const { token } = await addToken(running, ada)
      const [known = new Browser(running)] = await knownBrowsers(running, ada, 1)
      const stranger = new Browser(running, '192.0.2.9')
      const isKnown = async () => {
        await running.db.deleteFrom('attempts').execute()
        for (let guess = 0; guess < 5; guess += 1)
          await stranger.send('/sign-in', { email: ada.email, password: 'not the password' })
        return (await signIn(known, ada)).status === 200
      }
      expect(await act()).toMatchObject({ accessTokens: null })
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(200)
      expect(await isKnown()).toBe(true)
      const cookie = [...known.cookies]
      running.time.now += 1000
      expect(await act({ revokeTokens: true, forgetBrowsers: true })).toMatchObject({ accessTokens: 1 })
      expect((await callByToken(running, token, 'GET /api/v1/me')).status).toBe(401)
      for (const [name, value] of cookie) known.cookies.set(name, value)
      expect(await isKnown()).toBe(false)
    })

    test('leaves no session behind that was just being made', async () => {
      const ada = await addProtectedPerson(running)
      for (let round = 0; round < 2; round += 1) {
        running.time.now += 60_000
        const browsers = Array.from({ length: 4 }, () => new Browser(running))
        for (const browser of browsers) await signIn(browser, ada.person)
        const code = codeAt(ada.key, running.time.now)
        const before = await running.db.selectFrom('audit_events').select('id').execute()
        const finishing = browsers.map((browser) => browser.send('/sign-in/verification-code', { code }))
        await act()
        await Promise.all(finishing)
        // Every sign-in had begun before: none of them may be finished afterwards.
        expect(await running.db.selectFrom('sessions').selectAll().execute()).toEqual([])
        expect((await running.db.selectFrom('audit_events').select('id').execute()).length).toBeGreaterThan(
          before.length,
        )
      }
    })

    // SQLite has one writer at a time: there is nothing to wait for.
    test.runIf(dialect === 'postgres')('waits for a sign-in that is being finished, and ends its session', async () => {
      const ada = await addProtectedPerson(running)
      await signIn(new Browser(running), ada.person)
      const { db } = running
      const isWaiting = async () => {
        const { rows } = await sql`select 1 from pg_stat_activity where wait_event_type = 'Lock'
          and datname = current_database()`.execute(db)
        return rows.length > 0
      }
      let ended: ReturnType<typeof act> | undefined
      await db.transaction().execute(async (trx) => {
        await trx.deleteFrom('sign_ins').execute()
        const about = { proofs: [], limits: running.service.machine.limits, now: running.time.now }
        const caller = { address: '192.0.2.1', userAgent: '', requestId: '' }
        const explanation = { asked: 'nothing-more' as const, because: 'not-required' as const }
        await beginSession(trx, { userId: ada.person.id, ...about, caller, explanation, cameBy: null })
        ended = act()
        await vi.waitUntil(isWaiting, { timeout: 20_000 })
      })
      expect(await ended).toMatchObject({ sessions: 2 })
      expect(await db.selectFrom('sessions').selectAll().execute()).toEqual([])
    })

    test('is one event with its reason and its counts, and does not happen without one', async () => {
      const ada = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, ada)
      await expect(act({ reason: ' ' })).rejects.toMatchObject({ code: 'bad-request' })
      await sql`alter table audit_events rename to audit_events_away`.execute(running.db)
      await expect(act()).rejects.toThrow()
      await sql`alter table audit_events_away rename to audit_events`.execute(running.db)
      expect(await isIn(browser)).toBe(true)
      await act({ revokeTokens: true })
      expect(await eventsOf(running, 'sign-out.everyone')).toEqual([
        {
          reason: 'Backup stolen',
          sessions: 1,
          signIns: 0,
          links: 0,
          invitations: 0,
          mails: 0,
          accessTokens: 0,
          browsersForgotten: false,
        },
      ])
    })
  })

  describe(`countersign sign-out-everyone on ${dialect}`, { timeout: 60_000 }, () => {
    let folder: string
    let postgres: TestDatabase | null
    let services: ServiceProcess[]
    beforeEach(async () => {
      services = []
      folder = await mkdtemp(join(tmpdir(), 'countersign-out-'))
      postgres = dialect === 'postgres' ? await createDatabase() : null
    })
    afterEach(async () => {
      for (const service of services) await service.stop()
      await postgres?.drop()
      await rm(folder, { recursive: true })
    })

    const settings = (): Record<string, string> => ({
      COUNTERSIGN_DATA: join(folder, 'data'),
      ...(postgres ? { DATABASE_URL: postgres.url } : {}),
    })
    const start = async () => {
      const service = await startProcess({
        ...settings(),
        COUNTERSIGN_ADMIN_EMAIL: 'root@example.org',
        COUNTERSIGN_ADMIN_PASSWORD: password,
      })
      services.push(service)
      return service
    }
    const run = (...words: string[]) => runCommand(['sign-out-everyone', ...words], settings())
    const cookieFrom = async (service: ServiceProcess) => {
      const answer = await fetch(`${service.url}/sign-in`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: service.url },
        body: new URLSearchParams({ email: 'root@example.org', password }),
      })
      return answer.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; ')
    }
    const status = async (service: ServiceProcess, cookie: string) =>
      (await fetch(`${service.url}/api/v1/me`, { headers: { cookie } })).status

    test('takes hold in every running process with the next request, and says how many', async () => {
      const several = [await start(), await start()]
      const cookies = await Promise.all(several.map(cookieFrom))
      for (const service of several) for (const cookie of cookies) expect(await status(service, cookie)).toBe(200)
      const ended = await run('--reason', 'Server taken over', '--yes')
      expect(ended).toMatchObject({ code: 0, out: '' })
      expect(ended.said).toBe(
        'Ended 2 sessions, and 0 sign-ins and step-ups in progress.\n' +
          'Voided 0 links and 0 invitations, and gave up 0 mails with a link.\n' +
          'Personal access tokens work on; --revoke-tokens revokes them.\n',
      )
      for (const service of several) for (const cookie of cookies) expect(await status(service, cookie)).toBe(401)
      for (const service of several) expect(await status(service, await cookieFrom(service))).toBe(200)
    })

    test('works while the service is down, and does nothing that was not confirmed', async () => {
      const service = await start()
      const cookie = await cookieFrom(service)
      expect(await run('--reason', 'Server taken over')).toEqual({
        code: 2,
        out: '',
        said: 'countersign: Nobody can be asked here: say --yes. See: countersign help sign-out-everyone\n',
      })
      expect(await run('--yes')).toMatchObject({ code: 2 })
      expect(await run('--yes', '--reason', '')).toMatchObject({ code: 2 })
      expect(await status(service, cookie)).toBe(200)
      await service.stop()
      expect((await run('--reason', 'Server taken over', '--yes', '--revoke-tokens')).said).toContain(
        'Ended 1 session,',
      )
      const db = await openDatabase(
        postgres ? { postgres: postgres.url } : { sqliteFile: join(folder, 'data/countersign.sqlite') },
      )
      const [event] = await db.selectFrom('audit_events').selectAll().where('name', '=', 'sign-out.everyone').execute()
      await db.destroy()
      expect(event).toMatchObject({ actor_id: null, subject_id: null, address: null })
      expect(event?.linked_at).not.toBeNull()
      expect(await status(await start(), cookie)).toBe(401)
    })
  })
}
