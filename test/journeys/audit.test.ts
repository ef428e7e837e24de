import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { days, hours, minutes } from '../../src/time.ts'
import { editUser, resetMfa, tokenIn, userPath } from '../support/admin.ts'
import { callBySession } from '../support/api.ts'

import { Browser, codeAt, inputs, textOf, wrongCode } from '../support/browser.ts'
import { addProvider, markTested, providerForm, providerSecret } from '../support/identity-providers.ts'
import {
  addPerson,
  addProtectedPerson,
  enrol,
  keyOn,
  password,
  saveCodes,
  signIn,
  signInFully,
  switchEnforcementOn,
} from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

/** Every name in the closed union, read from its source: a type leaves nothing behind to look at. */
const names = [
  ...readFileSync(new URL('../../src/audit/events.ts', import.meta.url), 'utf8').matchAll(/\bname: '([\w.-]+)'/g),
]
  .map(([, name = '']) => name)
  // What an operator does on the host, and nobody on a page; and what takes a provider: see single-sign-on.test.ts.
  .filter((name) => name !== 'sign-out.everyone' && !/^(database|key|identity)\./.test(name))

/** Who an event names as actor and as subject: the person themselves, the administrator, or nobody. */
const who: Record<string, [actor: 'self' | 'nobody' | 'administrator', subject: 'self' | 'nobody']> = {
  'sign-in.begun': ['self', 'self'],
  'sign-in.completed': ['self', 'self'],
  'sign-in.ended-by-wrong-codes': ['nobody', 'self'],
  'sign-out': ['self', 'self'],
  'password.refused': ['nobody', 'self'],
  'password.set': ['self', 'self'],
  'password.reset-requested': ['nobody', 'self'],
  'attempts.blocked': ['nobody', 'self'],
  'second-factor.accepted': ['self', 'self'],
  'second-factor.refused': ['nobody', 'self'],
  'step-up.begun': ['self', 'self'],
  'step-up.completed': ['self', 'self'],
  'totp.enrolment-shown': ['self', 'self'],
  'totp.enrolment-refused': ['self', 'self'],
  'totp.enrolled': ['self', 'self'],
  'totp.renamed': ['self', 'self'],
  'totp.removed': ['self', 'self'],
  'totp.disabled-by-wrong-codes': ['nobody', 'self'],
  'recovery-codes.created': ['self', 'self'],
  'recovery-codes.saved': ['self', 'self'],
  'recovery-codes.used': ['self', 'self'],
  'recovery-codes.removed': ['self', 'self'],
  'sessions.ended': ['self', 'self'],
  'user.created': ['administrator', 'self'],
  'user.name-changed': ['administrator', 'self'],
  'user.role-changed': ['administrator', 'self'],
  'user.expiry-changed': ['administrator', 'self'],
  'user.expired': ['nobody', 'self'],
  'user.deactivated': ['administrator', 'self'],
  'user.reactivated': ['administrator', 'self'],
  'user.deleted': ['administrator', 'self'],
  'users.exported': ['administrator', 'nobody'],
  'group.created': ['administrator', 'nobody'],
  'group.renamed': ['administrator', 'nobody'],
  'group.deleted': ['administrator', 'nobody'],
  'group.member-added': ['administrator', 'self'],
  'group.member-removed': ['administrator', 'self'],
  'mfa.reset': ['administrator', 'self'],
  'mfa.link-issued': ['administrator', 'self'],
  'mfa.link-used': ['self', 'self'],
  'invitation.created': ['administrator', 'self'],
  'invitation.revoked': ['administrator', 'self'],
  'invitation.accepted': ['self', 'self'],
  'email.change-asked': ['self', 'self'],
  'email.changed': ['self', 'self'],
  'access-token.created': ['self', 'self'],
  'access-token.revoked': ['self', 'self'],
  'policy.changed': ['administrator', 'nobody'],
  'policy.confirmed': ['administrator', 'nobody'],
  'policy.reverted': ['nobody', 'nobody'],
  'identity-provider.created': ['administrator', 'nobody'],
  'identity-provider.changed': ['administrator', 'nobody'],
  'identity-provider.moved': ['administrator', 'nobody'],
  'identity-provider.tested': ['administrator', 'nobody'],
  'identity-provider.enabled': ['administrator', 'nobody'],
  'identity-provider.disabled': ['administrator', 'nobody'],
  'identity-provider.deleted': ['administrator', 'nobody'],
  'mail.test-sent': ['administrator', 'self'],
  'mail.retried': ['administrator', 'nobody'],
  'second-factor.guesses-told': ['nobody', 'self'],
  'settings.changed': ['administrator', 'nobody'],
  'request.refused': ['self', 'nobody'],
  'audit.exported': ['administrator', 'nobody'],
}

for (const dialect of dialects) {
  describe(`the audit log on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const idOf = async (email: string) =>
      (await running.db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirstOrThrow()).id

    /** The token of the newest mail that has one. */
    const mailedToken = async () => {
      await running.deliver()
      const texts = running.mails.map(({ text }) => /token=([\w-]{43})/.exec(text)?.[1])
      return texts.findLast((token) => token !== undefined) ?? ''
    }

    test('has an event for everything that happens, with who, about whom and from where, and never a secret', async () => {
      running.service.machine.hasMailServer = true
      const secrets: string[] = [password]
      const root = new Browser(running, '198.51.100.1')
      const bob = new Browser(running, '198.51.100.2')
      const agent = { 'user-agent': 'Test Browser/1.0' }

      // The administrator arrives and turns 2FA on.
      const token = new URL((await running.service.setUpLink()) ?? '').searchParams.get('token') ?? ''
      secrets.push(token)
      await root.send('/set-up', { token, email: 'root@example.org', name: 'Root', password })
      const admin = await enrol(running, root)
      await saveCodes(root, admin)
      secrets.push(admin.key, ...admin.codes)
      await root.send('/admin/settings', { helpContact: 'help@example.org' })
      await switchEnforcementOn(root, 'help@example.org')
      await root.send('/admin/settings', { helpContact: 'help@example.org' })

      await root.send('/admin/audit/export', { format: 'csv' })
      // The administrator makes a token, and revokes it.
      const wish = { name: 'Nightly report', scopes: ['profile:read'] }
      const made = await callBySession(root, 'POST /api/v1/me/tokens', wish)
      secrets.push(String(made.body.token))
      await callBySession(root, `DELETE /api/v1/me/tokens/${made.body.id}`)
      // It is enforced again and confirmed; once more, and nobody confirms it.
      await switchEnforcementOn(root, 'help@example.org')
      running.time.now += minutes(1)
      await root.send('/sign-out', {})
      await signIn(root, { id: '', email: 'root@example.org', password })
      await root.send('/sign-in/verification-code', { code: codeAt(admin.key, running.time.now) })
      await root.send('/admin/settings/enforce-mfa/confirm', {})
      await root.send('/admin/outbox/test', {})
      await running.db.updateTable('outbox').set({ sent_at: null, last_error: 'refused' }).execute()
      const failed = await running.db.selectFrom('outbox').select('id').executeTakeFirstOrThrow()
      await root.send('/admin/outbox/retry', { mail: failed.id })
      await root.send('/admin/settings', { helpContact: 'help@example.org' })
      await switchEnforcementOn(root, 'help@example.org')
      running.time.now += minutes(15)
      await running.service.sweepEnforcement()
      await root.open('/admin/users/new')
      await root.send('/sign-in/verification-code', { code: codeAt(admin.key, running.time.now) })

      // Bob is invited, comes, signs out, mistypes, comes again, twice.
      await root.send('/admin/users/new', { email: 'bob@example.org', name: 'Bob', role: 'member' })
      const bobsPage = `/admin/users/${await idOf('bob@example.org')}`
      await root.send(`${bobsPage}/revoke-invitation`, {})
      await root.send(`${bobsPage}/invite-again`, {})
      const invitation = await mailedToken()
      secrets.push(invitation)
      await bob.send('/accept-invitation', { token: invitation, password })
      await bob.send('/my-profile/settings/change-email', { email: 'robert@example.org' })
      const confirmation = await mailedToken()
      secrets.push(confirmation)
      await bob.send('/confirm-email', { token: confirmation })
      await bob.send('/my-profile/settings/change-email', { email: 'bob@example.org' })
      await bob.send('/confirm-email', { token: await mailedToken() })
      await bob.send('/sign-out', {})
      const person = { id: await idOf('bob@example.org'), email: 'bob@example.org', password }
      await bob.send('/forgot-password', { email: person.email })
      await running.deliver()
      await bob.send('/sign-in', { email: person.email, password: 'a wrong password of bob' }, agent)
      secrets.push('a wrong password of bob')
      await signIn(bob, person)
      await signIn(new Browser(running, '198.51.100.2'), person)
      await bob.open('/admin/users')

      // Bob turns 2FA on, not at the first try.
      const page = await bob.open('/set-up-mfa')
      const wrong = wrongCode(keyOn(page.html), running.time.now)
      await bob.send('/set-up-mfa', { enrolment: inputs(page.html, 'enrolment'), name: 'Phone', code: wrong })
      const mine = await enrol(running, bob)
      await saveCodes(bob, mine)
      secrets.push(mine.key, ...mine.codes)

      // Bob signs in with wrong codes until the sign-in ends, and then until the authenticator is blocked.
      running.time.now += minutes(11)
      const other = new Browser(running, '198.51.100.2')
      await signIn(other, person)
      for (let count = 0; count < 5; count += 1)
        await other.send('/sign-in/verification-code', { code: wrongCode(mine.key, running.time.now) })
      running.time.now += hours(1)
      await running.db.updateTable('totp_factors').set({ failures: 99 }).where('user_id', '=', person.id).execute()
      await signIn(other, person)
      await other.send('/sign-in/verification-code', { code: wrongCode(mine.key, running.time.now) })
      running.time.now += hours(1)
      await signIn(other, person)
      await other.send('/sign-in/recovery-code', { code: mine.codes[0] ?? '' })

      // It is mended, and Bob tidies up after a step-up.
      await running.db.updateTable('totp_factors').set({ failures: 0, disabled_at: null }).execute()
      running.time.now += minutes(11)
      await other.open('/my-profile/settings/disable-2fa')
      await other.send('/sign-in/verification-code', { code: codeAt(mine.key, running.time.now) })
      const rename = await other.open('/my-profile/settings/rename-authenticator')
      const authenticator = inputs(rename.html, 'authenticator')
      await other.send('/my-profile/settings/rename-authenticator', { authenticator, name: 'Old phone' })
      expect((await other.send('/my-profile/settings/disable-2fa', {})).at).toContain('mfa-disabled')

      // The administrator looks after Bob's account, which runs out, comes back, and goes.
      await signInFully(running, root, { id: '', email: 'root@example.org', password }, admin.key)
      const group = (await root.send('/admin/groups', { name: 'Everybody' })).at
      await root.send(group, { name: 'Some' })
      await root.send(`${group}/add`, { email: person.email })
      await root.send(`${group}/remove`, { user: person.id })
      await root.send(`${group}/delete`, {})
      const provider = await addProvider(root, { secret: providerSecret })
      const another = await addProvider(root)
      await root.send(`${another}/move`, { direction: 'up' })
      await root.send(`${provider}/edit`, {
        ...providerForm,
        name: 'Old works',
        issuer: 'https://127.0.0.1:1',
        secret: providerSecret,
        version: '1',
      })
      await root.send(`${provider}/test`, {})
      await markTested(running)
      await root.send(`${provider}/switch-on`, {})
      await root.send(`${provider}/switch-off`, {})
      await root.send(`${provider}/delete`, {})
      secrets.push(providerSecret)
      await root.send('/admin/users/export', {})
      const setUpToken = tokenIn(await resetMfa(root, person, 'Lost the phone'))
      secrets.push(setUpToken)
      await bob.send('/set-up-mfa-link', { token: setUpToken, password })
      await editUser(root, person, { name: 'Bobby', role: 'auditor', lastDay: '2026-11-24' })
      running.time.now += days(1)
      await running.service.purge()
      await signInFully(running, root, { id: '', email: 'root@example.org', password }, admin.key)
      await editUser(root, person, { name: 'Bobby', role: 'auditor', lastDay: '' })
      await root.send(userPath(person, 'deactivate'), {})
      await root.send(userPath(person, 'reactivate'), {})
      await root.send(userPath(person, 'delete'), { email: person.email })

      const events = await running.db.selectFrom('audit_events').selectAll().orderBy('at').execute()
      expect([...new Set(events.map(({ name }) => name))].sort()).toEqual([...names].sort())
      expect(Object.keys(who).sort()).toEqual([...names].sort())

      const administrator = await idOf('root@example.org')
      for (const event of events) {
        const self = event.address === '198.51.100.1' ? administrator : person.id
        // What happens by itself has nobody who did it, and comes from nowhere.
        const reverted = event.name === 'policy.reverted'
        const expired = event.name === 'user.expired' || (event.name === 'sessions.ended' && event.address === null)
        const byItself = expired || reverted
        const [actor, subject] = expired ? (['nobody', 'self'] as const) : (who[event.name] ?? [])
        const about = actor === 'administrator' || event.name === 'sessions.ended' || byItself ? event.subject_id : self
        const isFirst = event.name === 'user.created' && event.subject_id === administrator
        const ids = { self, administrator, nobody: null }
        expect([event.name, event.actor_id]).toEqual([event.name, isFirst ? administrator : ids[actor ?? 'nobody']])
        expect([event.name, event.subject_id]).toEqual([event.name, subject === 'self' ? about : null])
        expect(byItself ? [null] : ['198.51.100.1', '198.51.100.2']).toContain(event.address)
        expect(event.request_id ?? '').toMatch(byItself ? /^$/ : /^[0-9a-f]{16}$/)
        expect(event.id).toMatch(/^[0-9a-f-]{36}$/)
        expect(JSON.parse(event.details)).toBeTypeOf('object')
      }
      expect(events.filter(({ user_agent }) => user_agent === 'Test Browser/1.0').map(({ name }) => name)).toEqual([
        'password.refused',
      ])
      const created = events.filter(({ name }) => name === 'user.created')
      expect(created.map(({ subject_id }) => subject_id)).toEqual([administrator, person.id])

      const written = JSON.stringify(events) + running.logged.join()
      for (const secret of secrets) {
        expect(written).not.toContain(secret)
        expect(written).not.toContain(secret.replaceAll('-', ''))
      }
      for (const browser of [root, bob, other])
        for (const cookie of browser.cookies.values()) expect(written).not.toContain(cookie)
    })

    test('is written to in a form that cannot mislead whoever reads it', async () => {
      const browser = new Browser(running)
      const nasty = { 'user-agent': `Browser\t${'x'.repeat(500)}` }
      await browser.send('/sign-in', { email: 'nobody@example.org', password: 'x' }, nasty)
      const [event] = await running.db.selectFrom('audit_events').selectAll().execute()
      expect(event).toMatchObject({ name: 'password.refused', actor_id: null, subject_id: null })
      expect([...(event?.user_agent ?? '')]).toHaveLength(300)
      expect(event?.user_agent).toContain('Browser\u{fffd}')
      expect(JSON.stringify(event)).not.toContain('nobody@example.org')
    })

    describe('that cannot be written to', () => {
      /** Everything that an act could have changed, but for the counts of guesses, which are written before the act. */
      const everything = async () => {
        const tables = ['users', 'recovery_code_sets', 'recovery_codes', 'policies'] as const
        const more = ['installation', 'invitations', 'outbox', 'totp_enrolments'] as const
        const rows = [...tables, ...more].map((table) => running.db.selectFrom(table).selectAll().execute())
        const sessions = running.db
          .selectFrom('sessions')
          .select(['id', 'token_hash', 'proofs', 'expires_at'])
          .execute()
        const signIns = running.db.selectFrom('sign_ins').select(['id', 'token_hash', 'proofs', 'version']).execute()
        const factors = running.db
          .selectFrom('totp_factors')
          .select(['id', 'name', 'last_step', 'disabled_at'])
          .execute()
        return Promise.all([...rows, sessions, signIns, factors])
      }
      const breakLog = () => sql`alter table audit_events rename to audit_events_away`.execute(running.db)
      const mendLog = () => sql`alter table audit_events_away rename to audit_events`.execute(running.db)

      async function failsAndChangesNothing(act: () => Promise<{ status: number }>, browser?: Browser) {
        const before = await everything()
        const token = browser?.session
        await breakLog()
        const { status } = await act()
        expect(status).toBeGreaterThanOrEqual(500)
        await mendLog()
        expect(await everything()).toEqual(before)
        expect(browser?.session).toBe(token)
      }

      test('lets nobody in', async () => {
        const person = await addPerson(running)
        const protectedPerson = await addProtectedPerson(running, { email: 'bob@example.org', name: 'Bob' })
        const browser = new Browser(running)
        await failsAndChangesNothing(() => signIn(browser, person), browser)
        expect((await signIn(browser, person)).at).toBe('/my-profile')
        const other = new Browser(running)
        await signIn(other, protectedPerson.person)
        const code = codeAt(protectedPerson.key, running.time.now)
        await failsAndChangesNothing(() => other.send('/sign-in/verification-code', { code }), other)
        const recovery = protectedPerson.codes[0] ?? ''
        await failsAndChangesNothing(() => other.send('/sign-in/recovery-code', { code: recovery }), other)
        expect((await other.send('/sign-in/verification-code', { code })).at).toBe('/my-profile')
      })

      test('lets nobody turn 2FA on, save codes, renew them, rename or turn it off', async () => {
        const browser = new Browser(running)
        await signIn(browser, await addPerson(running))
        await failsAndChangesNothing(() => browser.open('/set-up-mfa'), browser)
        const page = await browser.open('/set-up-mfa')
        const form = {
          enrolment: inputs(page.html, 'enrolment'),
          name: 'Phone',
          code: codeAt(keyOn(page.html), running.time.now),
        }
        await failsAndChangesNothing(() => browser.send('/set-up-mfa', form), browser)
        const enrolled = await enrol(running, browser)
        await failsAndChangesNothing(() => saveCodes(browser, enrolled), browser)
        await saveCodes(browser, enrolled)
        await failsAndChangesNothing(() => browser.send('/recovery-codes', {}), browser)
        const settings = '/my-profile/settings'
        const rename = inputs((await browser.open(`${settings}/rename-authenticator`)).html, 'authenticator')
        await failsAndChangesNothing(
          () => browser.send(`${settings}/rename-authenticator`, { authenticator: rename, name: 'Other' }),
          browser,
        )
        await failsAndChangesNothing(() => browser.send(`${settings}/disable-2fa`, {}), browser)
        expect((await browser.open(settings)).status).toBe(200)
      })

      test('lets no administrator change anything, and no first one be made', async () => {
        const link = (await running.service.setUpLink())?.replace(origin, '') ?? ''
        const token = new URL(link, origin).searchParams.get('token') ?? ''
        const arrival = { token, email: 'first@example.org', name: 'First', password }
        await failsAndChangesNothing(() => new Browser(running).send('/set-up', arrival))
        const { browser } = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' })
        await failsAndChangesNothing(() => browser.send('/admin/settings/enforce-mfa', {}), browser)
        await failsAndChangesNothing(() => browser.send('/admin/settings', { helpContact: 'x' }), browser)
        const user = { email: 'bob@example.org', name: 'Bob', role: 'member' }
        await failsAndChangesNothing(() => browser.send('/admin/users/new', user), browser)
        const added = await browser.send('/admin/users/new', user)
        const invitation = /accept-invitation\?token=([\w-]{43})/.exec(added.html)?.[1] ?? ''
        await failsAndChangesNothing(() =>
          new Browser(running).send('/accept-invitation', { token: invitation, password }),
        )
        expect(textOf((await new Browser(running).open(`/accept-invitation?token=${invitation}`)).html)).toContain(
          'Choose your password',
        )
      })

      test('still counts guesses', async () => {
        const person = await addPerson(running)
        await breakLog()
        for (let count = 0; count < 5; count += 1)
          expect((await new Browser(running).send('/sign-in', { email: person.email, password: 'x' })).status).toBe(500)
        await mendLog()
        expect((await signIn(new Browser(running), person)).status).toBe(429)
      })
    })
  })
}
