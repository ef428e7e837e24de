import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { days, hours, minutes } from '../../src/time.ts'
import { editUser, userPath } from '../support/admin.ts'
import { countSessions, eventsOf, isIn } from '../support/attack.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, type Person, password, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const admin = { email: 'root@example.org', role: 'administrator' as const, name: 'Root' }

for (const dialect of dialects) {
  describe(`managing users on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let root: Browser
    let rootPerson: Person
    let rootKey: string
    beforeEach(async () => {
      running = await startService({ dialect })
      ;({ browser: root, person: rootPerson, key: rootKey } = await addProtectedPerson(running, admin))
    })
    afterEach(() => running.stop())

    const open = async (user: { id: string }) => textOf((await root.open(userPath(user))).html)
    const userRow = (id: string) => running.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()

    describe('the page of one user', () => {
      test('says who they are, how they stand, what protects them and where they are signed in', async () => {
        const ada = await addProtectedPerson(running)
        const phone = new Browser(running, '198.51.100.7')
        const agent = {
          'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
        }
        await phone.send('/sign-in', { email: ada.person.email, password }, agent)
        await phone.send('/sign-in/verification-code', { code: codeAt(ada.key, running.time.now) }, agent)
        const list = await root.open('/admin/users')
        expect(list.html).toContain(`href="${userPath(ada.person)}"`)
        const text = await open(ada.person)
        for (const said of [
          'Ada Example',
          'ada@example.org',
          'Member',
          'State Active',
          'Last sign-in November 24, 2026',
          'Authenticator app My phone Added on November 24, 2026.',
          '10 of 10 codes left',
          'Firefox on Windows From 198.51.100.7, with password, authenticator app.',
          'Unknown device From 192.0.2.1, with password, authenticator app.',
        ])
          expect(text).toContain(said)
        expect(text).not.toContain(ada.key)
      })

      test('says that an invited person has a link, until when, and that it has run out', async () => {
        await root.send('/admin/users/new', { email: 'bob@example.org', name: 'Bob', role: 'member' })
        const { id } = await running.db
          .selectFrom('users')
          .select('id')
          .where('email', '=', 'bob@example.org')
          .executeTakeFirstOrThrow()
        expect(await open({ id })).toContain('State Invited The link works until November 27, 2026')
        running.time.now += hours(72)
        await signInFully(running, root, rootPerson, rootKey)
        expect(await open({ id })).toContain('State Invited The link ran out November 27, 2026')
      })

      test('says that an authenticator was switched off, and that codes were never saved', async () => {
        const ada = await addProtectedPerson(running)
        await running.db
          .updateTable('totp_factors')
          .set({ disabled_at: running.time.now })
          .where('user_id', '=', ada.person.id)
          .execute()
        await running.db
          .updateTable('recovery_code_sets')
          .set({ saved_at: null })
          .where('user_id', '=', ada.person.id)
          .execute()
        expect(await open(ada.person)).toMatch(/Switched off .*wrong codes, November 24, 2026.*No recovery codes saved/)
      })

      test('is read by auditors and the help desk, who get no button that they may not use', async () => {
        const ada = await addPerson(running)
        for (const [role, acts] of [
          ['auditor', []],
          ['help-desk', ['reset-mfa']],
        ] as const) {
          const { browser } = await addProtectedPerson(running, { email: `${role}@example.org`, role })
          const page = await browser.open(userPath(ada))
          expect(page.status).toBe(200)
          const offered = [...page.html.matchAll(/href="\/admin\/users\/[\w-]+\/([\w-]+)/g)].map(([, act]) => act)
          expect(offered).toEqual(acts)
        }
        const member = new Browser(running)
        await signIn(member, ada)
        expect((await member.open(userPath(rootPerson))).status).toBe(403)
      })

      test.each(['nobody', '..%2f..', '%00', 'x'.repeat(500)])('is not there for %s', async (id) => {
        expect((await root.open(`/admin/users/${id}`)).status).toBe(404)
      })
    })

    describe('editing', () => {
      test('changes name, role and last day, each with its event, and nothing that stays the same', async () => {
        const ada = await addPerson(running)
        const form = await root.open(userPath(ada, 'edit'))
        expect(inputs(form.html, 'name')).toEqual(['Ada Example'])
        const done = await editUser(root, ada, { name: 'Ada Other', role: 'auditor', lastDay: '2026-12-31' })
        expect(done.at).toBe(`${userPath(ada)}?notice=saved`)
        expect(textOf(done.html)).toMatch(/Ada Other.*Ends January 1, 2027 at 00:00 UTC.*Auditor/)
        expect(await eventsOf(running, 'user.name-changed')).toEqual([{}])
        expect(await eventsOf(running, 'user.role-changed')).toEqual([{ from: 'member', to: 'auditor' }])
        expect(await eventsOf(running, 'user.expiry-changed')).toEqual([{ from: null, to: '2027-01-01T00:00:00.000Z' }])
        await editUser(root, ada, { name: 'Ada Other', role: 'auditor', lastDay: '2026-12-31' })
        expect(await eventsOf(running, 'user.name-changed')).toHaveLength(1)
        const again = await root.open(userPath(ada, 'edit'))
        expect(inputs(again.html, 'lastDay')).toEqual(['2026-12-31'])
        await editUser(root, ada, { name: '', role: 'auditor' })
        expect(await userRow(ada.id)).toMatchObject({ name: null, role: 'auditor', expires_at: null })
      })

      test('takes hold of a running session at its next request', async () => {
        const ada = await addProtectedPerson(running)
        expect((await ada.browser.open('/admin/users')).status).toBe(403)
        await editUser(root, ada.person, { role: 'auditor' })
        expect((await ada.browser.open('/admin/users')).status).toBe(200)
        await editUser(root, ada.person)
        expect((await ada.browser.open('/admin/users')).status).toBe(403)
      })

      test.each([
        ['a name that hides something', { name: 'Ada\u202e' }, 'Enter a name of 1 to 100 characters'],
        ['a role that there is not', { role: 'owner' }, 'Choose one of the list'],
        ['a day that there is not', { lastDay: '2026-02-30' }, 'Enter a day that is not over yet'],
        ['a day that is over', { lastDay: '2026-11-23' }, 'Enter a day that is not over yet'],
        ['something else than a day', { lastDay: '+010000-01-01' }, 'Enter a day that is not over yet'],
      ])('refuses %s, and keeps what was typed', async (_, fields, words) => {
        const ada = await addPerson(running)
        const page = await editUser(root, ada, fields)
        expect(page.status).toBe(422)
        expect(textOf(page.html)).toContain(words)
        expect(page.html.match(/autofocus/g)).toHaveLength(1)
        expect(await userRow(ada.id)).toMatchObject({ name: 'Ada Example', role: 'member', expires_at: null })
      })

      test('today may be the last day', async () => {
        const ada = await addPerson(running)
        expect((await editUser(root, ada, { lastDay: '2026-11-24' })).at).toContain('notice=saved')
      })

      test('asks for a fresh proof first', async () => {
        const ada = await addPerson(running)
        running.time.now += minutes(11)
        expect((await editUser(root, ada, { role: 'administrator' })).at).toBe('/sign-in/verification-code')
        expect((await userRow(ada.id))?.role).toBe('member')
        const back = await root.send('/sign-in/verification-code', { code: codeAt(rootKey, running.time.now) })
        expect(back.at).toBe(userPath(ada, 'edit'))
      })

      test('of oneself: the name, and stepping down once there is another administrator', async () => {
        const other = await addProtectedPerson(running, { ...admin, email: 'other@example.org' })
        expect((await editUser(root, rootPerson, { name: 'Root Other', role: 'administrator' })).status).toBe(200)
        const down = await editUser(root, rootPerson, { name: 'Root Other', role: 'member' })
        expect(down.at).toBe('/my-profile')
        expect((await root.open('/admin/users')).status).toBe(403)
        expect((await other.browser.open('/admin/users')).status).toBe(200)
      })
    })

    describe('an account with a last day', () => {
      test('works until the end of it and not a moment longer, and that is written down once', async () => {
        const ada = await addPerson(running)
        await editUser(root, ada, { lastDay: '2026-11-24' })
        const end = Date.parse('2026-11-25T00:00:00Z')
        running.time.now = end - minutes(5)
        const browser = new Browser(running)
        await signIn(browser, ada)
        running.time.now = end - 1
        expect(await isIn(browser)).toBe(true)
        running.time.now = end
        expect(await isIn(browser)).toBe(false)
        expect((await browser.open('/my-profile')).at).toMatch(/^\/sign-in/)
        expect((await signIn(new Browser(running), ada)).status).toBe(422)
        expect(await countSessions(running, ada.id)).toBe(1)
        await Promise.all([running.service.purge(), running.service.purge()])
        await running.service.purge()
        expect(await countSessions(running, ada.id)).toBe(0)
        expect(await eventsOf(running, 'user.expired')).toEqual([{ at: '2026-11-25T00:00:00.000Z' }])
        expect(await eventsOf(running, 'sessions.ended')).toEqual([{ count: 1, because: 'expired' }])
      })

      test('comes back with a later day, with nothing of before open, and runs out again', async () => {
        const ada = await addPerson(running)
        const browser = new Browser(running)
        await signIn(browser, ada)
        // Past the pages, so that no sweep has been there.
        await running.db.updateTable('users').set({ expires_at: running.time.now }).where('id', '=', ada.id).execute()
        expect(await open(ada)).toContain('State Expired Since November 24, 2026')
        await editUser(root, ada, { lastDay: '2026-11-25' })
        expect(await isIn(browser)).toBe(false)
        expect((await signIn(browser, ada)).at).toBe('/my-profile')
        running.time.now += days(2)
        await running.service.purge()
        expect(await eventsOf(running, 'user.expired')).toHaveLength(1)
      })
    })

    describe('deactivating', () => {
      test('puts a person out everywhere at once, until somebody reactivates them', async () => {
        const ada = await addProtectedPerson(running)
        const page = await root.open(userPath(ada.person, 'deactivate'))
        expect(textOf(page.html)).toContain('They are signed out everywhere at once')
        const done = await root.send(userPath(ada.person, 'deactivate'), {})
        expect(textOf(done.html)).toContain('State Deactivated Since November 24, 2026')
        expect(await isIn(ada.browser)).toBe(false)
        expect(await countSessions(running, ada.person.id)).toBe(0)
        expect((await signIn(new Browser(running), ada.person)).status).toBe(422)
        expect((await root.send(userPath(ada.person, 'deactivate'), {})).status).toBe(409)

        await root.send(userPath(ada.person, 'reactivate'), {})
        expect(await isIn(ada.browser)).toBe(false)
        running.time.now += minutes(1)
        expect((await signInFully(running, new Browser(running), ada.person, ada.key)).at).toBe('/my-profile')
        expect(await eventsOf(running, 'user.deactivated')).toEqual([{}])
        expect(await eventsOf(running, 'user.reactivated')).toEqual([{}])
      })
    })

    describe('deleting', () => {
      test('takes the address typed, removes everything that is theirs, and keeps what happened', async () => {
        const ada = await addProtectedPerson(running)
        expect(textOf((await root.open(userPath(ada.person, 'delete'))).html)).toContain(ada.person.id)
        for (const email of ['', 'ADA', 'root@example.org']) {
          const refused = await root.send(userPath(ada.person, 'delete'), { email })
          expect(refused.status).toBe(422)
          expect(inputs(refused.html, 'email')).toEqual([email])
        }
        const done = await root.send(userPath(ada.person, 'delete'), { email: ' Ada@Example.org' })
        expect(textOf(done.html)).toContain('The account is deleted.')
        expect(await isIn(ada.browser)).toBe(false)
        expect((await root.open(userPath(ada.person))).status).toBe(404)
        for (const table of ['sessions', 'totp_factors', 'recovery_code_sets'] as const)
          expect(
            await running.db.selectFrom(table).select('id').where('user_id', '=', ada.person.id).execute(),
          ).toEqual([])
        const events = await running.db
          .selectFrom('audit_events')
          .select('name')
          .where('subject_id', '=', ada.person.id)
          .execute()
        expect(events.map(({ name }) => name)).toEqual(expect.arrayContaining(['user.created', 'user.deleted']))
        expect((await signIn(new Browser(running), ada.person)).status).toBe(422)
      })
    })

    describe('sessions of others', () => {
      test('can be ended one by one, or all with every sign-in in progress, and the person is told', async () => {
        const ada = await addProtectedPerson(running)
        const others = [new Browser(running), new Browser(running)]
        for (const browser of others) {
          running.time.now += minutes(1)
          await signInFully(running, browser, ada.person, ada.key)
        }
        const half = new Browser(running)
        await signIn(half, ada.person)
        const { html } = await root.open(userPath(ada.person))
        const link = /href="([^"]*end-sessions\?session=[^"]*)"/.exec(html)?.[1] ?? ''
        const page = await root.open(link)
        expect(textOf(page.html)).toContain('They are signed out on this device: Unknown device')
        const [session = ''] = inputs(page.html, 'session')
        await root.send(userPath(ada.person, 'end-sessions'), { session })
        expect(await countSessions(running, ada.person.id)).toBe(2)
        expect((await root.send(userPath(ada.person, 'end-sessions'), { session })).status).toBe(404)

        await root.send(userPath(ada.person, 'end-sessions'), {})
        expect(await countSessions(running, ada.person.id)).toBe(0)
        expect((await half.open('/sign-in/verification-code')).at).toBe('/sign-in?notice=over')
        expect(await isIn(root)).toBe(true)
        expect(await eventsOf(running, 'sessions.ended')).toEqual([
          { count: 1, because: 'by-administrator' },
          { count: 2, because: 'by-administrator' },
        ])
        await running.deliver()
        const told = running.mails.filter(({ subject }) => subject === 'You were signed out by an administrator')
        expect(told.map(({ to }) => to)).toEqual(['ada@example.org', 'ada@example.org'])
        expect(told[0]?.text).not.toContain('192.0.2.1')
      })

      test('a session field that cannot be read ends nothing', async () => {
        const ada = await addProtectedPerson(running)
        for (const session of ['', ['a', 'b']])
          expect((await root.send(userPath(ada.person, 'end-sessions'), { session })).status).toBe(404)
        expect(await countSessions(running, ada.person.id)).toBe(1)
      })

      test("somebody else's session is not found on this person's page", async () => {
        const ada = await addProtectedPerson(running)
        const bob = await addProtectedPerson(running, { email: 'bob@example.org' })
        const session = await running.db
          .selectFrom('sessions')
          .select('id')
          .where('user_id', '=', bob.person.id)
          .executeTakeFirstOrThrow()
        expect((await root.send(userPath(ada.person, 'end-sessions'), { session: session.id })).status).toBe(404)
        expect(await isIn(bob.browser)).toBe(true)
      })
    })

    test.each(['deactivate', 'reactivate', 'delete', 'end-sessions'])('%s is refused on oneself', async (act) => {
      await addProtectedPerson(running, { ...admin, email: 'other@example.org' })
      const page = await root.send(userPath(rootPerson, act), { email: rootPerson.email })
      expect(page.status).toBe(403)
      expect(textOf(page.html)).toContain('Not on your own account')
      expect((await root.open(userPath(rootPerson, act))).status).toBe(403)
      expect(await isIn(root)).toBe(true)
      expect((await root.open(userPath(rootPerson))).html).not.toContain(`${userPath(rootPerson)}/${act}`)
    })
  })
}
