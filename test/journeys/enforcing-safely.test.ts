// Enforcing without locking anyone out: the preview, the fifteen minutes in which a new sign-in must confirm it, and what
// becomes of people who are in the middle of something when it lapses. The clock stands at 14:59, 15:00 and 15:01.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes, seconds } from '../../src/time.ts'
import { namesListed } from '../support/admin.ts'
import { eventsOf, isIn } from '../support/attack.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import {
  addPerson,
  addProtectedPerson,
  enrol,
  keyOn,
  saveCodes,
  signIn,
  signInFully,
  switchEnforcementOn,
} from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const admin = { email: 'root@example.org', role: 'administrator' as const, name: 'Root' }
const preview = '/admin/settings/enforce-mfa'

for (const dialect of dialects) {
  describe(`enforcing safely on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let root: Awaited<ReturnType<typeof addProtectedPerson>>
    beforeEach(async () => {
      running = await startService({ dialect, hasMailServer: true })
      root = await addProtectedPerson(running, admin)
    })
    afterEach(() => running.stop())

    const policy = () => running.db.selectFrom('policies').selectAll().executeTakeFirstOrThrow()
    const confirm = (browser: Browser) => browser.send(`${preview}/confirm`, {})
    const later = async (milliseconds: number) => {
      running.time.now += milliseconds
    }
    /** A second browser in which the administrator signs in again, in full. */
    async function signInAgain(who = root) {
      const browser = new Browser(running)
      const page = await signInFully(running, browser, who.person, who.key)
      expect(page.at).toBe('/my-profile')
      return browser
    }
    async function addMember(email: string) {
      const person = await addPerson(running, { email, name: email.split('@')[0] ?? '' })
      const browser = new Browser(running)
      await signIn(browser, person)
      return { person, browser }
    }

    describe('the preview', () => {
      test('shows who is asked and who is not, by name and number, and switches nothing on', async () => {
        await addMember('asked@example.org')
        await addProtectedPerson(running, { email: 'covered@example.org', name: 'Covered' })
        await addPerson(running, { email: 'never@example.org', name: 'Never Here' })
        const gone = await addMember('gone@example.org')
        await running.db.updateTable('users').set({ deactivated_at: 1 }).where('id', '=', gone.person.id).execute()
        const ended = await addMember('ended@example.org')
        await running.db
          .updateTable('users')
          .set({ expires_at: running.time.now })
          .where('id', '=', ended.person.id)
          .execute()
        const page = await root.browser.send('/admin/settings', { enforce: 'on', helpContact: 'help@example.org' })
        expect(page.at).toBe(preview)
        const text = textOf(page.html)
        expect(text).toMatch(/Will be asked to set up 2FA: 1 .*asked@example\.org/)
        expect(text).toMatch(/Will be asked when they first sign in: 1 .*never@example\.org/)
        expect(text).toMatch(/Have 2FA already: 2 .*covered@example\.org.*root@example\.org/)
        expect(text).toMatch(/deactivated or expired: 2 .*ended@example\.org.*gone@example\.org/)
        const linked = [...page.html.matchAll(/href="(\/admin\/users\?[^"]+)"/g)].map(([, at]) =>
          at?.replaceAll('&amp;', '&'),
        )
        expect(await Promise.all(linked.map(async (at) => namesListed(await root.browser.open(at ?? ''))))).toEqual([
          ['asked'],
          ['Never Here'],
          ['Covered', 'Root'],
          ['ended', 'gone'],
        ])
        expect(text).toContain('You have 2FA and saved recovery codes')
        expect(text).toContain('Mail is sent by a server')
        expect(text).toContain('help@example.org')
        expect(await policy()).toMatchObject({ requires: 'nothing', confirm_by: null })
        expect(await eventsOf(running, 'policy.changed')).toEqual([])
      })

      test('names ten of many, and says how many more there are', async () => {
        for (let number = 10; number < 23; number += 1)
          await addPerson(running, { email: `p${number}@example.org`, name: `Person ${number}` })
        const text = textOf((await root.browser.open(preview)).html)
        expect(text).toContain('Will be asked when they first sign in: 13')
        expect(text).toContain('Person 19')
        expect(text).not.toContain('Person 20')
        expect(text).toContain('And 3 more.')
      })

      test('names the tokens of people without 2FA, and no others', async () => {
        const { person } = await addMember('asked@example.org')
        const token = (id: string, user_id: string, name: string, expires_at: number) =>
          running.db
            .insertInto('personal_access_tokens')
            .values({ id, user_id, name, token_hash: id, scopes: '[]', created_at: 1, expires_at })
            .execute()
        const soon = running.time.now + minutes(60)
        await token('1', person.id, 'Backup script', soon)
        await token('2', person.id, 'Old script', running.time.now)
        await token('3', root.person.id, 'Covered script', soon)
        const text = textOf((await root.browser.open(preview)).html)
        expect(text).toMatch(/Personal access tokens that stop working: 1 .*Backup script · asked@example\.org/)
        expect(text).not.toContain('Old script')
        expect(text).not.toContain('Covered script')
      })

      test('warns where nobody is named for help, and says what the mail server said last', async () => {
        const mail = { recipient: 'x@example.org', subject: 's', body_text: '', body_html: '', created_at: 1 }
        await running.db
          .insertInto('outbox')
          .values({ ...mail, id: '1', tries: 1, next_try_at: 1, last_error: 'Mailbox <full>' })
          .execute()
        const text = textOf((await root.browser.open(preview)).html)
        expect(text).toContain('There is no help contact')
        expect(text).toContain('Mailbox <full>')
      })

      test('says when there is no mail server', async () => {
        const without = await startService({ dialect, hasMailServer: false })
        const { browser } = await addProtectedPerson(without, admin)
        const text = textOf((await browser.open(preview)).html)
        expect(text).toContain('No mail server is set')
        expect(text).not.toContain('Mail is sent by a server')
        await without.stop()
      })

      test('offers nothing to an administrator without 2FA', async () => {
        const plain = new Browser(running)
        await signIn(plain, await addPerson(running, { email: 'second@example.org', role: 'administrator' }))
        const page = await plain.open(preview)
        expect(textOf(page.html)).toContain('You have no 2FA of your own')
        expect(page.html).not.toContain('Switch on')
        expect((await plain.send(preview, {})).status).toBe(403)
        expect(await policy()).toMatchObject({ requires: 'nothing' })
      })

      test('asks for a fresh proof before it switches on, and comes back', async () => {
        await later(minutes(11))
        const asked = await root.browser.send(preview, {})
        expect(asked.at).toBe('/sign-in/verification-code')
        expect(await policy()).toMatchObject({ requires: 'nothing' })
        const back = await root.browser.send('/sign-in/verification-code', { code: codeAt(root.key, running.time.now) })
        expect(back.at).toBe(preview)
        expect((await root.browser.send(preview, {})).at).toBe('/admin/settings?notice=enforced')
      })

      test('leads away once MFA is enforced', async () => {
        await switchEnforcementOn(root.browser)
        expect((await root.browser.open(preview)).at).toBe('/admin/settings')
      })
    })

    describe('until it is confirmed', () => {
      test('every page of administration says so, with the time that is left and what to do', async () => {
        await switchEnforcementOn(root.browser)
        await later(minutes(3) + seconds(20))
        for (const path of ['/admin/settings', '/admin/users', '/admin/users/new']) {
          const text = textOf((await root.browser.open(path)).html)
          expect(text).toContain('“Enforce MFA for all users” waits to be confirmed')
          expect(text).toContain('There are 12 minutes left')
          expect(text).toContain('sign out and in again')
          expect(text).not.toContain('Keep MFA enforced')
        }
        await later(minutes(11))
        expect(textOf((await root.browser.open('/admin/users')).html)).toContain('less than a minute left')
        expect(textOf((await root.browser.open('/my-profile')).html)).not.toContain('waits to be confirmed')
      })

      test('help desk and members are not bothered with it, auditors can read it', async () => {
        await switchEnforcementOn(root.browser)
        const text = async (role: 'help-desk' | 'auditor') => {
          const { browser } = await addProtectedPerson(running, { email: `${role}@example.org`, role })
          return textOf((await browser.open('/admin/users')).html)
        }
        expect(await text('help-desk')).not.toContain('waits to be confirmed')
        expect(await text('auditor')).toContain('waits to be confirmed')
      })

      test('the session that switched it on cannot confirm it, also after a fresh proof', async () => {
        await switchEnforcementOn(root.browser)
        const refused = await confirm(root.browser)
        expect(refused.at).toBe('/admin/settings?notice=not-confirmed')
        await later(minutes(11))
        expect((await confirm(root.browser)).at).toBe('/sign-in/verification-code')
        await root.browser.send('/sign-in/verification-code', { code: codeAt(root.key, running.time.now) })
        const again = await confirm(root.browser)
        expect(again.at).toBe('/admin/settings?notice=not-confirmed')
        expect(again.html).not.toContain('Keep MFA enforced')
        expect((await policy()).confirm_by).not.toBeNull()
      })

      test('a session from before cannot, nor a sign-in whose password was typed before', async () => {
        const older = await signInAgain()
        const half = new Browser(running)
        await signIn(half, root.person)
        await later(minutes(1))
        await switchEnforcementOn(root.browser)
        await later(minutes(1))
        await half.send('/sign-in/verification-code', { code: codeAt(root.key, running.time.now) })
        expect(await isIn(half)).toBe(true)
        for (const browser of [older, half])
          expect((await confirm(browser)).at).toBe('/admin/settings?notice=not-confirmed')
        expect((await policy()).confirm_by).not.toBeNull()
      })

      test('a new sign-in is offered the button, confirms it, and it stays', async () => {
        await switchEnforcementOn(root.browser)
        await later(minutes(1))
        const fresh = await signInAgain()
        expect((await fresh.open('/admin/users')).html).toContain('Keep MFA enforced')
        const confirmed = await confirm(fresh)
        expect(confirmed.at).toBe('/admin/settings?notice=enforcement-confirmed')
        expect(textOf(confirmed.html)).not.toContain('waits to be confirmed')
        await later(minutes(30))
        await running.service.sweepEnforcement()
        expect(await policy()).toMatchObject({ requires: 'mfa', confirm_by: null })
        expect(await eventsOf(running, 'policy.confirmed')).toEqual([{ policy: 'everyone' }])
        expect(await eventsOf(running, 'policy.reverted')).toEqual([])
        expect((await signIn(new Browser(running), await addPerson(running, { email: 'b@example.org' }))).at).toBe(
          '/set-up-mfa',
        )
      })

      test('another administrator who has signed in since can confirm it, a member cannot', async () => {
        const other = await addProtectedPerson(running, { ...admin, email: 'other@example.org' })
        const member = await addProtectedPerson(running, { email: 'bob@example.org' })
        await switchEnforcementOn(root.browser)
        await later(minutes(1))
        expect((await confirm(await signInAgain(member))).status).toBe(403)
        expect((await confirm(await signInAgain(other))).at).toBe('/admin/settings?notice=enforcement-confirmed')
      })

      test('of fifty confirmations at once one counts', async () => {
        await switchEnforcementOn(root.browser)
        await later(minutes(1))
        const fresh = await signInAgain()
        const places = await Promise.all(Array.from({ length: 50 }, async () => (await confirm(fresh)).at))
        expect(places.filter((at) => at.endsWith('enforcement-confirmed'))).toHaveLength(1)
        expect(await eventsOf(running, 'policy.confirmed')).toHaveLength(1)
      })

      test('of fifty switches at once one counts, and the deadline is its own', async () => {
        const before = running.time.now
        const all = await Promise.all(Array.from({ length: 50 }, () => root.browser.send(preview, {})))
        expect(all.every(({ status }) => status === 200)).toBe(true)
        expect(await eventsOf(running, 'policy.changed')).toHaveLength(1)
        await later(minutes(5))
        await root.browser.send(preview, {})
        expect((await policy()).confirm_by).toBe(before + minutes(15))
      })
    })

    describe('at the deadline', () => {
      test('it holds at 14:59, and at 15:00 no longer, in every process, though nobody has written it down', async () => {
        const { browser: bob } = await addMember('bob@example.org')
        await switchEnforcementOn(root.browser)
        const services = [running.service]
        running.restart()
        services.push(running.service)
        const areIn = async () => {
          const found: boolean[] = []
          for (const service of services) {
            running.service = service
            found.push(await isIn(bob))
          }
          return found
        }
        await later(minutes(14) + seconds(59))
        expect(await areIn()).toEqual([false, false])
        await later(seconds(1))
        expect(await areIn()).toEqual([true, true])
        await later(minutes(1))
        expect(await areIn()).toEqual([true, true])
        expect(await policy()).toMatchObject({ requires: 'mfa' })
      })

      test('it can be confirmed at 14:59, and at 15:00 no longer', async () => {
        await switchEnforcementOn(root.browser)
        await later(minutes(14))
        const fresh = await signInAgain()
        await later(minutes(1))
        const late = await confirm(fresh)
        expect(late.at).toBe('/admin/settings?notice=not-confirmed')
        expect(textOf(late.html)).toContain('has switched itself off')
        await switchEnforcementOn(fresh)
        await later(minutes(1))
        const again = await signInAgain()
        await later(minutes(13) + seconds(59))
        // The proof is older than ten minutes by now.
        await confirm(again)
        await again.send('/sign-in/verification-code', { code: codeAt(root.key, running.time.now) })
        expect((await confirm(again)).at).toBe('/admin/settings?notice=enforcement-confirmed')
      })

      test('it is written down once, told to who switched it, and shown to administrators', async () => {
        await switchEnforcementOn(root.browser)
        const heldUntil = running.time.now + minutes(15)
        await later(minutes(15) - 1)
        expect(await running.service.sweepEnforcement()).toBe(false)
        await later(1)
        const sweeps = await Promise.all(Array.from({ length: 50 }, () => running.service.sweepEnforcement()))
        expect(sweeps.filter(Boolean)).toHaveLength(1)
        expect(await running.service.sweepEnforcement()).toBe(false)
        expect(await eventsOf(running, 'policy.reverted')).toEqual([
          { policy: 'everyone', heldUntil: new Date(heldUntil).toISOString() },
        ])
        expect(await policy()).toMatchObject({ requires: 'nothing', confirm_by: null, reverted_at: heldUntil })
        await running.deliver()
        const told = running.mails.filter(({ subject }) => subject.includes('has switched itself off'))
        expect(told.map(({ to }) => to)).toEqual(['root@example.org'])
        expect(told[0]?.text).not.toContain('From the address')
        const fresh = await signInAgain()
        for (const path of ['/admin/settings', '/admin/users']) {
          const page = await fresh.open(path)
          expect(textOf(page.html)).toContain('“Enforce MFA for all users” has switched itself off')
        }
        expect((await fresh.open('/admin/settings')).html).not.toMatch(/<input[^>]*id="enforce"[^>]*checked/)
      })

      test('it says so on the pages before anybody has written it down', async () => {
        await switchEnforcementOn(root.browser)
        await later(minutes(15))
        const page = await root.browser.open('/admin/settings')
        expect(textOf(page.html)).toContain('has switched itself off')
        expect(page.html).not.toMatch(/<input[^>]*id="enforce"[^>]*checked/)
      })

      test('switched on again after it lapsed, it is on for another fifteen minutes, and both are recorded', async () => {
        await switchEnforcementOn(root.browser)
        await later(minutes(16))
        const fresh = await signInAgain()
        expect((await switchEnforcementOn(fresh)).at).toBe('/admin/settings?notice=enforced')
        expect(await policy()).toMatchObject({
          requires: 'mfa',
          confirm_by: running.time.now + minutes(15),
          reverted_at: null,
        })
        expect(await eventsOf(running, 'policy.reverted')).toHaveLength(1)
        expect(await eventsOf(running, 'policy.changed')).toHaveLength(2)
        expect(textOf((await fresh.open('/admin/users')).html)).not.toContain('has switched itself off')
      })

      test('switched off before, there is nothing to revert', async () => {
        await switchEnforcementOn(root.browser)
        await root.browser.send('/admin/settings', { helpContact: '', shown: 'on' })
        await later(minutes(16))
        expect(await running.service.sweepEnforcement()).toBe(false)
        expect(await eventsOf(running, 'policy.reverted')).toEqual([])
        const text = textOf((await (await signInAgain()).open('/admin/users')).html)
        expect(text).not.toContain('has switched itself off')
      })

      test('without a log of events nothing is reverted in writing, and it holds no longer all the same', async () => {
        const { browser: bob } = await addMember('bob@example.org')
        await switchEnforcementOn(root.browser)
        await later(minutes(15))
        await running.db.schema.alterTable('audit_events').renameTo('lost').execute()
        await expect(running.service.sweepEnforcement()).rejects.toThrow()
        expect(await policy()).toMatchObject({ requires: 'mfa' })
        expect((await bob.open('/my-profile')).at).toBe('/my-profile')
        await running.db.schema.alterTable('lost').renameTo('audit_events').execute()
        expect(await running.service.sweepEnforcement()).toBe(true)
      })
    })

    describe('whoever is in the middle of the set-up when it lapses', () => {
      /** Somebody at the set-up page in the middle of a sign-in, a moment before the deadline. */
      async function atSetUp() {
        await switchEnforcementOn(root.browser)
        await later(minutes(14))
        const person = await addPerson(running, { email: 'bob@example.org' })
        const bob = new Browser(running)
        const page = await signIn(bob, person, '/my-profile/settings')
        expect(page.at).toBe('/set-up-mfa')
        return { bob, person, page }
      }
      const sessionsOf = (id: string) =>
        running.db.selectFrom('sessions').select('id').where('user_id', '=', id).execute()

      test('goes on to where they wanted to go, without a new password', async () => {
        const { bob, person } = await atSetUp()
        await later(minutes(1) - 1)
        expect((await bob.open('/set-up-mfa')).at).toBe('/set-up-mfa')
        expect(await sessionsOf(person.id)).toHaveLength(0)
        await later(1)
        expect((await bob.open('/set-up-mfa')).at).toBe('/my-profile/settings')
        expect(await sessionsOf(person.id)).toHaveLength(1)
        expect(await eventsOf(running, 'sign-in.completed')).toContainEqual(expect.objectContaining({ amr: ['pwd'] }))
      })

      test.each(['/my-profile', '/sign-in', '/sign-in/verification-code', '/recovery-codes'])(
        'also when the next page is %s',
        async (path) => {
          const { bob } = await atSetUp()
          await later(minutes(1))
          expect((await bob.open(path)).at).toBe('/my-profile/settings')
          expect(await isIn(bob)).toBe(true)
        },
      )

      test('may still send the code that is already typed: 2FA is then on', async () => {
        const { bob, person, page } = await atSetUp()
        await later(minutes(1))
        const key = keyOn(page.html)
        const form = { enrolment: inputs(page.html, 'enrolment'), name: 'Phone' }
        const wrong = await bob.send('/set-up-mfa', { ...form, code: '12' })
        expect(wrong.status).toBe(422)
        expect(textOf(wrong.html)).not.toContain('Your administrator requires')
        const shown = await bob.send('/set-up-mfa', { ...form, code: codeAt(key, running.time.now) })
        expect(await sessionsOf(person.id)).toHaveLength(0)
        const enrolled = {
          key,
          codes: inputs(shown.html, 'code'),
          setId: inputs(shown.html, 'set')[0] ?? '',
        }
        expect((await saveCodes(bob, enrolled)).at).toBe('/my-profile/settings')
        expect(await isIn(bob)).toBe(true)
      })

      test('is signed in once, however many pages ask at once', async () => {
        const { bob, person } = await atSetUp()
        await later(minutes(1))
        const cookie = [...bob.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        const asked = Array.from({ length: 50 }, () => running.fetch('/set-up-mfa', { headers: { cookie } }))
        await Promise.all(asked)
        expect(await sessionsOf(person.id)).toHaveLength(1)
      })

      test('begins nothing by HEAD', async () => {
        const { bob, person } = await atSetUp()
        await later(minutes(1))
        const response = await bob.request('/set-up-mfa', { method: 'HEAD', headers: {} })
        expect(response.status).toBe(409)
        expect(await sessionsOf(person.id)).toHaveLength(0)
      })

      test('and has 2FA, but not saved the codes, is asked for them as ever', async () => {
        const { bob } = await atSetUp()
        const enrolled = await enrol(running, bob)
        await later(minutes(1))
        expect((await bob.open('/my-profile')).at).toMatch(/^\/sign-in/)
        expect((await bob.open('/set-up-mfa')).at).toBe('/recovery-codes')
        expect((await saveCodes(bob, enrolled)).at).toBe('/my-profile/settings')
      })

      test('a deactivated person is not let in by it', async () => {
        const { bob, person } = await atSetUp()
        await running.db.updateTable('users').set({ deactivated_at: 1 }).where('id', '=', person.id).execute()
        await later(minutes(1))
        expect((await bob.open('/set-up-mfa')).at).toMatch(/^\/sign-in/)
        expect(await sessionsOf(person.id)).toHaveLength(0)
      })
    })

    test('a form that was opened while it was off does not switch off what somebody has switched on', async () => {
      const other = await addProtectedPerson(running, { ...admin, email: 'other@example.org' })
      const form = await other.browser.open('/admin/settings')
      await switchEnforcementOn(root.browser)
      const shown = inputs(form.html, 'shown')
      await other.browser.send('/admin/settings', { helpContact: 'help@example.org', shown })
      expect(await policy()).toMatchObject({ requires: 'mfa' })
      const now = inputs((await other.browser.open('/admin/settings')).html, 'shown')
      await other.browser.send('/admin/settings', { helpContact: 'help@example.org', shown: now })
      expect(await policy()).toMatchObject({ requires: 'nothing' })
    })
  })
}
