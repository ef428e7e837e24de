// Nobody becomes more than they are: not by calling what their role lacks, not by fields that no form has, not by a group, not
// by the id of somebody above them, and not by the link of the first administrator once that one is gone.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Role } from '../../src/database/tables.ts'
import { setRoleFromHost } from '../../src/sign-in/from-host.ts'
import { editUser, resetMfa, setUpLinkOn, userPath } from '../support/admin.ts'
import { eventsOf, isIn } from '../support/attack.ts'
import { Browser, inputs } from '../support/browser.ts'
import { addProvider, providerForm, providers } from '../support/identity-providers.ts'
import { addPerson, addProtectedPerson, type Person, password } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'
import { changesBetween, readTables } from '../support/tables.ts'

/** Every form that acts on a user, a group or an identity provider, filled in rightly. */
const acts = (
  user: { id: string; email: string },
  group: string,
  provider: string,
): Record<string, Record<string, string>> => ({
  [`${providers}/new`]: { ...providerForm, id: '00000000-0000-4000-8000-00000000000c', preset: 'generic' },
  [`${provider}/edit`]: { ...providerForm, mfa: 'takes-care', version: '1' },
  [`${provider}/move`]: { direction: 'up' },
  [`${provider}/test`]: {},
  [`${provider}/switch-on`]: {},
  [`${provider}/switch-off`]: {},
  [`${provider}/delete`]: {},
  [userPath(user, 'edit')]: { name: 'X', role: 'administrator', lastDay: '' },
  [userPath(user, 'deactivate')]: {},
  [userPath(user, 'reactivate')]: {},
  [userPath(user, 'delete')]: { email: user.email },
  [userPath(user, 'end-sessions')]: {},
  [userPath(user, 'reset-mfa')]: { reason: 'x' },
  [userPath(user, 'set-up-link')]: {},
  '/admin/groups': { name: 'Mine' },
  [group]: { name: 'Mine' },
  [`${group}/add`]: { email: user.email },
  [`${group}/remove`]: { user: user.id },
  [`${group}/delete`]: {},
})

/** What no form has, and a careless one might take over into a row. */
const extra = {
  id: 'mine',
  role: 'administrator',
  email: 'mine@example.org',
  emailKey: 'mine@example.org',
  password: 'words of an attacker here',
  passwordHash: '$argon2id$x',
  password_hash: '$argon2id$x',
  mfaResetAt: '',
  mfa_reset_at: '1',
  deactivatedAt: '',
  deactivated_at: '1',
  expiresAt: '1',
  expires_at: '1',
  last_sign_in_at: '1',
  userId: 'mine',
  user_id: 'mine',
  isAdmin: 'true',
  permissions: 'users.manage',
}

for (const dialect of dialects) {
  describe(`becoming more than one is, on ${dialect}`, { timeout: 120_000 }, () => {
    let running: TestService
    let root: Browser
    let rootPerson: Person
    let group: string
    let provider: string
    beforeEach(async () => {
      running = await startService({ dialect })
      ;({ browser: root, person: rootPerson } = await addProtectedPerson(running, {
        email: 'root@example.org',
        role: 'administrator',
      }))
      group = (await root.send('/admin/groups', { name: 'Administrators' })).at
      provider = await addProvider(root)
    })
    afterEach(() => running.stop())

    const roleOf = async ({ id }: { id: string }) =>
      (await running.db.selectFrom('users').select('role').where('id', '=', id).executeTakeFirstOrThrow()).role
    /** Sends every act and tells what it changed, but for what any request leaves behind. */
    const tryEverything = async (browser: Browser, victim: Person) => {
      const before = await readTables(running.db)
      const answers = []
      for (const [path, fields] of Object.entries(acts(victim, group, provider)))
        answers.push((await browser.send(path, { ...extra, ...fields })).status)
      const changes = changesBetween(before, await readTables(running.db))
      return {
        answers: new Set(answers),
        changes: changes.filter((change) => !/^(audit_|sessions\.last_seen)/.test(change)),
      }
    }

    test.each(['member', 'auditor', 'help-desk'] as Role[])(
      '%s does nothing to anybody who is no member',
      async (role) => {
        const { browser, person } = await addProtectedPerson(running, { email: 'me@example.org', role })
        for (const victim of [rootPerson, person]) {
          const { answers, changes } = await tryEverything(browser, victim)
          expect([...answers]).toEqual([403])
          expect(changes).toEqual([])
        }
        expect(await roleOf(person)).toBe(role)
      },
    )

    test.each(['member', 'auditor'] as Role[])('%s does nothing to members either', async (role) => {
      const { browser } = await addProtectedPerson(running, { email: 'me@example.org', role })
      const { answers, changes } = await tryEverything(browser, await addPerson(running))
      expect([...answers]).toEqual([403])
      expect(changes).toEqual([])
    })

    test('the help desk invites members only, whatever the form says', async () => {
      const { browser } = await addProtectedPerson(running, { email: 'me@example.org', role: 'help-desk' })
      for (const role of ['administrator', 'auditor', 'help-desk', 'Administrator', ''])
        expect((await browser.send('/admin/users/new', { email: 'new@example.org', name: 'New', role })).status).toBe(
          422,
        )
      expect(
        await running.db.selectFrom('users').select('id').where('email', '=', 'new@example.org').execute(),
      ).toEqual([])
    })

    test('a group named like a role grants nothing', async () => {
      for (const role of ['member', 'help-desk', 'auditor'] as const) {
        const { browser, person } = await addProtectedPerson(running, { email: `${role}@example.org`, role })
        await root.send(`${group}/add`, { email: person.email })
        expect((await browser.send('/admin/groups', { name: 'x' })).status).toBe(403)
        expect((await browser.send(userPath(rootPerson, 'deactivate'), {})).status).toBe(403)
        expect((await browser.open('/admin/users')).status).toBe(role === 'member' ? 403 : 200)
      }
    })

    test("fields that no form has change nothing, in one's own forms and in an administrator's", async () => {
      const ada = await addProtectedPerson(running)
      const row = async () =>
        running.db.selectFrom('users').selectAll().where('id', '=', ada.person.id).executeTakeFirst()
      const before = await row()
      await ada.browser.send('/my-profile/settings', { ...extra, language: '', theme: 'dark' })
      expect(await row()).toEqual({ ...before, theme: 'dark' })
      await editUser(root, ada.person, { ...extra, name: 'Ada Other', role: 'member', lastDay: '' })
      expect(await row()).toEqual({ ...before, theme: 'dark', name: 'Ada Other' })
      await root.send(`${group}/add`, { ...extra, email: ada.person.email })
      await root.send(userPath(ada.person, 'reset-mfa'), { ...extra, reason: 'x' })
      const reset = await row()
      expect(reset).toEqual({
        ...before,
        theme: 'dark',
        name: 'Ada Other',
        mfa_reset_at: running.time.now,
        browsers_known_since: running.time.now,
      })
      const form = await root.open(userPath(ada.person, 'edit'))
      expect(inputs(form.html, 'email')).toEqual([])
    })

    test('a link that the help desk has in hand opens no account that has become more than a member', async () => {
      const { browser: desk, person } = await addProtectedPerson(running, {
        email: 'desk@example.org',
        role: 'help-desk',
      })
      const invitedBy = async (by: Browser, email: string) => {
        const { html } = await by.send('/admin/users/new', { email, name: '', role: 'member' })
        const link = /data-copy="https:\/\/sign-in\.test([^"]+)"/.exec(html)?.[1] ?? ''
        return {
          link,
          ...(await running.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirstOrThrow()),
        }
      }
      const works = async (link: string) => (await new Browser(running).open(link)).status === 200
      const invited = await invitedBy(desk, 'invited@example.org')
      const rootInvited = await invitedBy(root, 'by-root@example.org')
      const reset = await addPerson(running)
      const setUpLink = await resetMfa(desk, reset)
      await editUser(root, invited, { name: 'Still a member' })
      expect([await works(invited.link), await works(rootInvited.link), await works(setUpLink)]).toEqual([
        true,
        true,
        true,
      ])

      for (const one of [invited, rootInvited, reset]) await editUser(root, one, { role: 'administrator' })
      expect([await works(invited.link), await works(rootInvited.link), await works(setUpLink)]).toEqual([
        false,
        true,
        false,
      ])
      expect(await eventsOf(running, 'invitation.revoked')).toHaveLength(1)
      expect((await desk.send(userPath(invited, 'invite-again'), {})).status).toBe(403)
      expect((await desk.send(userPath(reset, 'set-up-link'), {})).status).toBe(403)
      expect((await root.send(userPath(invited, 'invite-again'), {})).status).toBe(200)
      expect(await works(setUpLinkOn(await root.send(userPath(reset, 'set-up-link'), {})))).toBe(true)

      const gone = await invitedBy(desk, 'of-somebody-gone@example.org')
      await root.send(userPath(person, 'delete'), { email: person.email })
      expect(await works(gone.link)).toBe(true)
      await setRoleFromHost(running.service.machine, 'of-somebody-gone@example.org', 'auditor')
      expect(await works(gone.link)).toBe(false)
    })

    test('a field that is given twice is worth nothing', async () => {
      const ada = await addPerson(running)
      expect((await editUser(root, ada, { role: ['member', 'administrator'] })).status).toBe(422)
      expect(await roleOf(ada)).toBe('member')
    })

    test('whoever has lost the role at this moment has lost it for the form that is open', async () => {
      const other = await addProtectedPerson(running, { email: 'other@example.org', role: 'administrator' })
      const ada = await addPerson(running)
      await other.browser.open(userPath(ada, 'edit'))
      await editUser(root, other.person)
      expect((await editUser(other.browser, ada, { role: 'administrator' })).status).toBe(403)
      expect((await editUser(other.browser, other.person, { role: 'administrator' })).status).toBe(403)
      expect(await roleOf(ada)).toBe('member')
    })

    test('ids of others do nothing in a form that names its user by address', async () => {
      const [ada, bob] = [
        await addProtectedPerson(running),
        await addProtectedPerson(running, { email: 'bob@example.org' }),
      ]
      const session = await running.db
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', bob.person.id)
        .executeTakeFirstOrThrow()
      await root.send(userPath(ada.person, 'end-sessions'), {
        session: session.id,
        user: bob.person.id,
        id: bob.person.id,
      })
      await root.send(userPath(ada.person, 'delete'), { email: bob.person.email })
      expect(await isIn(bob.browser)).toBe(true)
      expect(await isIn(ada.browser)).toBe(true)
    })
  })

  test(`the link of the first administrator stays closed when that one is gone, on ${dialect}`, async () => {
    const running = await startService({ dialect })
    const link = (await running.service.setUpLink())?.replace(origin, '') ?? ''
    const token = new URLSearchParams(link.split('?')[1]).get('token') ?? ''
    const arrival = { token, email: 'first@example.org', name: 'First', password }
    await new Browser(running).send('/set-up', arrival)
    const first = await running.db.selectFrom('users').selectAll().executeTakeFirstOrThrow()
    const { browser } = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' })
    expect((await browser.send(userPath(first, 'delete'), { email: first.email })).at).toBe(
      '/admin/users?notice=deleted',
    )
    expect((await new Browser(running).open(link)).status).toBe(404)
    expect((await new Browser(running).send('/set-up', { ...arrival, email: 'second@example.org' })).status).toBe(404)
    expect(await running.service.setUpLink()).toBeNull()
    await running.db.deleteFrom('users').execute()
    expect((await new Browser(running).open(link)).status).toBe(404)
    await running.stop()
  })
}
