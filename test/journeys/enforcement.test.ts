import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  changeServiceSettings,
  confirmEnforcement,
  switchEnforcementOn as enforceAct,
} from '../../src/sign-in/enforce.ts'
import { findStanding } from '../../src/sign-in/standing.ts'
import { minutes } from '../../src/time.ts'
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
import { dialects, origin, startService, type TestService } from '../support/service.ts'

const admin = { email: 'root@example.org', role: 'administrator' as const, name: 'Root' }

for (const dialect of dialects) {
  describe(`enforcement on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const isEnforced = async () =>
      (await running.db.selectFrom('policies').select('requires').executeTakeFirstOrThrow()).requires === 'mfa'
    const switchOn = switchEnforcementOn
    const switchOff = (browser: Browser) => browser.send('/admin/settings', { helpContact: '' })
    const api = async (browser: Browser) => {
      const response = await browser.request('/api/v1/me', { method: 'GET', headers: {} })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    async function addMember(email: string) {
      const person = await addPerson(running, { email })
      const browser = new Browser(running)
      await signIn(browser, person)
      return { person, browser }
    }

    test('an administrator without 2FA cannot require it of others', async () => {
      const person = await addPerson(running, admin)
      const browser = new Browser(running)
      await signIn(browser, person)
      const page = await browser.open('/admin/settings')
      expect(page.html).toMatch(/<input[^>]*id="enforce"[^>]*disabled/)
      expect(textOf(page.html)).toContain('enable 2FA on your own account')
      const refused = await switchOn(browser, 'help@example.org')
      expect(refused.status).toBe(422)
      expect(textOf(refused.html)).toContain('Turn on 2FA for yourself first')
      expect(inputs(refused.html, 'helpContact')).toEqual(['help@example.org'])
      expect(await isEnforced()).toBe(false)
    })

    test('an administrator who has not saved the recovery codes cannot either', async () => {
      const person = await addPerson(running, admin)
      const browser = new Browser(running)
      await signIn(browser, person)
      await enrol(running, browser)
      expect((await switchOn(browser)).at).toMatch(/^\/recovery-codes/)
      expect(await isEnforced()).toBe(false)
    })

    test('the act itself asks for 2FA, freshness and role, whatever page leads to it', async () => {
      const { browser } = await addProtectedPerson(running, admin)
      const plain = new Browser(running)
      await signIn(plain, await addPerson(running, { email: 'second@example.org', role: 'administrator' }))
      const member = await addMember('bob@example.org')
      const { machine } = running.service
      const attempt = async (who: Browser, act: (...given: Parameters<typeof enforceAct>) => Promise<unknown>) => {
        const standing = await findStanding(machine, who.session ?? '')
        if (!standing) throw new Error('no session')
        const caller = { address: '192.0.2.1', userAgent: '', requestId: 'r' }
        return act(machine, standing, caller)
      }
      const change = (...[machine, standing, caller]: Parameters<typeof enforceAct>) =>
        changeServiceSettings(machine, standing, { endEnforcement: true, helpContact: 'x' }, caller)
      const acts = [enforceAct, confirmEnforcement, change]
      for (const act of acts) await expect(attempt(member.browser, act)).rejects.toMatchObject({ code: 'not-allowed' })
      await expect(attempt(plain, enforceAct)).rejects.toMatchObject({ code: 'mfa-needed-first' })
      running.time.now += minutes(11)
      for (const act of acts) await expect(attempt(browser, act)).rejects.toMatchObject({ code: 'step-up-needed' })
      expect(await isEnforced()).toBe(false)
      const { help_contact } = await running.db
        .selectFrom('installation')
        .select('help_contact')
        .executeTakeFirstOrThrow()
      expect(help_contact).toBeNull()
    })

    test('a member cannot see or change the settings', async () => {
      const { browser } = await addProtectedPerson(running)
      expect((await browser.open('/admin/settings')).status).toBe(403)
      expect((await switchOn(browser)).status).toBe(403)
      expect(await isEnforced()).toBe(false)
    })

    test('an administrator with 2FA switches it on, and the page says so', async () => {
      const { browser } = await addProtectedPerson(running, admin)
      await addMember('bob@example.org')
      const before = await browser.open('/admin/settings')
      expect(textOf(before.html)).toContain('1 person does not have 2FA yet')
      const after = await switchOn(browser, 'help@example.org')
      expect(after.at).toBe('/admin/settings?notice=enforced')
      expect(after.html).toMatch(/<input[^>]*id="enforce"[^>]*checked/)
      expect(textOf(after.html)).toContain('MFA is enforced. 1 person has not set it up yet')
      expect(inputs(after.html, 'helpContact')).toEqual(['help@example.org'])
      expect(await isEnforced()).toBe(true)
    })

    test('an administrator whose proof is old confirms it first, and finds the form filled in', async () => {
      const { browser, key } = await addProtectedPerson(running, admin)
      running.time.now += minutes(11)
      const asked = await switchOn(browser, 'help@example.org')
      expect(asked.at).toBe('/sign-in/verification-code')
      expect(await isEnforced()).toBe(false)
      const back = await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(back.at).toMatch(/^\/admin\/settings\?/)
      expect(back.html).toMatch(/<input[^>]*id="enforce"[^>]*checked/)
      expect(inputs(back.html, 'helpContact')).toEqual(['help@example.org'])
      expect(textOf(back.html)).toContain('Nothing has been changed yet')
      expect(await isEnforced()).toBe(false)
      expect((await switchOn(browser, 'help@example.org')).at).toBe('/admin/settings?notice=enforced')
      expect(await isEnforced()).toBe(true)
    })

    test('opening an address with the switch in it changes nothing', async () => {
      const { browser } = await addProtectedPerson(running, admin)
      const page = await browser.open('/admin/settings?enforce=on&help-contact=evil')
      expect(page.status).toBe(200)
      expect(await isEnforced()).toBe(false)
    })

    test('from the next request on, running sessions without 2FA reach nothing but its set-up', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      const { browser: bob } = await addMember('bob@example.org')
      const other = new Browser(running)
      await signIn(other, await addPerson(running, { email: 'second@example.org', role: 'administrator' }))
      expect((await bob.open('/my-profile')).at).toBe('/my-profile')
      expect((await api(bob)).status).toBe(200)
      expect((await other.open('/admin/users')).status).toBe(200)

      await switchOn(root, 'help@example.org')

      const open = ['anyone', 'monitoring', 'sign-in', 'holder']
      const closed = running.service.routes.filter(({ access }) => !open.includes(access))
      expect(closed.length).toBeGreaterThan(20)
      for (const browser of [bob, other]) {
        for (const { method, path } of closed) {
          if (path.startsWith('/api/')) {
            const headers = { origin }
            expect([path, (await browser.request(path, { method, headers })).status]).toEqual([path, 403])
            continue
          }
          const page = method === 'GET' ? await browser.open(path) : await browser.send(path, { enforce: '' })
          expect(page.at).toMatch(/^\/set-up-mfa/)
        }
      }
      expect(await api(bob)).toEqual({
        status: 403,
        body: expect.objectContaining({ code: 'enrolment-owed', set_up: 'https://sign-in.test/set-up-mfa' }),
      })
      const setUp = await bob.open('/my-profile')
      expect(setUp.at).toBe('/set-up-mfa?next=%2Fmy-profile')
      expect(textOf(setUp.html)).toContain('Your administrator requires two-factor authentication')
      expect(textOf(setUp.html)).toContain('help@example.org')
      expect(setUp.html).not.toContain('href="/admin')
      expect((await root.open('/admin/users')).status).toBe(200)
      expect((await bob.send('/sign-out', {})).at).toBe('/sign-in?notice=signed-out')
      expect((await bob.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
    })

    test('after the set-up a running session goes where it wanted to go', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      const { browser: bob } = await addMember('bob@example.org')
      await switchOn(root)
      const page = await bob.open('/my-profile/settings')
      expect(page.at).toBe('/set-up-mfa?next=%2Fmy-profile%2Fsettings')
      const key = keyOn(page.html)
      const shown = await bob.send('/set-up-mfa', {
        enrolment: inputs(page.html, 'enrolment'),
        next: inputs(page.html, 'next'),
        name: 'Phone',
        code: codeAt(key, running.time.now),
      })
      expect(inputs(shown.html, 'code')).toHaveLength(10)
      expect((await bob.open('/my-profile')).at).toBe('/recovery-codes?next=%2Fmy-profile')
      const done = await saveCodes(
        bob,
        { key, codes: inputs(shown.html, 'code'), setId: inputs(shown.html, 'set')[0] ?? '' },
        inputs(shown.html, 'next')[0],
      )
      expect(done.at).toBe('/my-profile/settings')
      expect(done.status).toBe(200)
      expect((await api(bob)).status).toBe(200)
    })

    test('a running session whose proof is old confirms the password before it sees a secret', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      const { browser: bob, person } = await addMember('bob@example.org')
      await switchOn(root)
      running.time.now += minutes(11)
      const asked = await bob.open('/my-profile')
      expect(asked.at).toBe('/sign-in/password')
      const page = await bob.send('/sign-in/password', { password: person.password })
      expect(page.at).toBe('/set-up-mfa?next=%2Fmy-profile')
      expect(keyOn(page.html)).toMatch(/^[A-Z2-7]{32}$/)
    })

    test('whoever is held at that confirmation reads why, and can sign out', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      const { browser: bob } = await addMember('bob@example.org')
      const wayOut = (html: string) => ({
        signsOut: html.includes('action="/sign-out"'),
        goesBack: html.includes('href="/my-profile/settings"'),
      })
      await switchOn(root)
      running.time.now += minutes(11)
      const held = await bob.open('/my-profile')
      expect(textOf(held.html)).toContain('is required of you')
      expect(wayOut(held.html)).toEqual({ signsOut: true, goesBack: false })
      const chosen = await root.open('/admin/users/new')
      expect(textOf(chosen.html)).toContain('Confirm it is you')
      expect(wayOut(chosen.html)).toEqual({ signsOut: false, goesBack: true })
      await bob.send('/sign-out', {})
      expect((await bob.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
    })

    test('whoever owes recovery codes and is asked for a code again can sign out as well', async () => {
      const { browser: bob } = await addMember('bob@example.org')
      await enrol(running, bob)
      running.time.now += minutes(11)
      const held = await bob.open('/my-profile')
      expect(held.at).toBe('/sign-in/verification-code')
      expect(held.html).toContain('action="/sign-out"')
      expect(held.html).not.toContain('href="/my-profile/settings"')
    })

    test('a new sign-in is led to the set-up and is no session before it is complete', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      await switchOn(root)
      const person = await addPerson(running, { email: 'bob@example.org' })
      const bob = new Browser(running)
      const led = await signIn(bob, person, '/my-profile/settings')
      expect(led.at).toBe('/set-up-mfa')
      const sessions = () => running.db.selectFrom('sessions').select('id').where('user_id', '=', person.id).execute()
      const noSession = async () => {
        expect(bob.session).toBeUndefined()
        expect(await sessions()).toEqual([])
        expect((await api(bob)).status).toBe(401)
      }
      await noSession()
      expect((await bob.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
      const enrolled = await enrol(running, bob)
      await noSession()
      expect((await bob.open('/set-up-mfa')).at).toBe('/recovery-codes')
      await noSession()
      const done = await saveCodes(bob, enrolled)
      expect(done.at).toBe('/my-profile/settings')
      expect(await sessions()).toHaveLength(1)
      expect((await api(bob)).body).toMatchObject({
        session: { acr: 'urn:countersign:acr:two-factors', amr: ['pwd', 'otp', 'mfa'] },
        mfa: { enrolled: true, required: true, because: 'everyone' },
      })
    })

    test('whoever turns away from the set-up can sign out, and begin again later', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      await switchOn(root)
      const person = await addPerson(running, { email: 'bob@example.org' })
      const bob = new Browser(running)
      await signIn(bob, person)
      await bob.send('/sign-out', {})
      expect(bob.signIn).toBeUndefined()
      expect(await running.db.selectFrom('sign_ins').where('user_id', '=', person.id).select('id').execute()).toEqual(
        [],
      )
      expect((await bob.open('/set-up-mfa')).at).toMatch(/^\/sign-in/)
      expect((await signIn(bob, person)).at).toBe('/set-up-mfa')
    })

    test('whoever has 2FA notices nothing', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      const bob = await addProtectedPerson(running, { email: 'bob@example.org' })
      await switchOn(root)
      expect((await bob.browser.open('/my-profile')).at).toBe('/my-profile')
      const again = new Browser(running)
      expect((await signInFully(running, again, bob.person, bob.key)).at).toBe('/my-profile')
    })

    test('switching it off frees everyone at once', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      const { browser: bob } = await addMember('bob@example.org')
      await switchOn(root)
      expect((await bob.open('/my-profile')).at).toMatch(/^\/set-up-mfa/)
      expect((await switchOff(root)).at).toBe('/admin/settings?notice=saved')
      expect((await bob.open('/my-profile')).at).toBe('/my-profile')
      expect((await api(bob)).status).toBe(200)
    })

    test('a sign-in that was on its way to the set-up when it was switched off can go on', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      await switchOn(root)
      const person = await addPerson(running, { email: 'bob@example.org' })
      const bob = new Browser(running)
      expect((await signIn(bob, person)).at).toBe('/set-up-mfa')
      await switchOff(root)
      expect((await bob.open('/set-up-mfa')).at).toBe('/my-profile')
      expect(await api(bob)).toMatchObject({ status: 200 })
    })

    test('2FA cannot be disabled while it is required', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      const { browser: bob, person } = await addProtectedPerson(running, { email: 'bob@example.org' })
      await switchOn(root)
      const settings = await bob.open('/my-profile/settings')
      expect(settings.html).not.toContain('href="/my-profile/settings/disable-2fa"')
      expect(textOf(settings.html)).toContain('so it cannot be disabled')
      for (const page of [
        await bob.open('/my-profile/settings/disable-2fa'),
        await bob.send('/my-profile/settings/disable-2fa', {}),
      ]) {
        expect(page.status).toBe(403)
        expect(textOf(page.html)).toContain('2FA is required')
      }
      const factors = await running.db
        .selectFrom('totp_factors')
        .where('user_id', '=', person.id)
        .select('id')
        .execute()
      expect(factors).toHaveLength(1)
      await switchOff(root)
      expect((await bob.send('/my-profile/settings/disable-2fa', {})).at).toBe(
        '/my-profile/settings?notice=mfa-disabled',
      )
    })

    test('enforcement that came between the page and the click still refuses to disable', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      const { browser: bob, person } = await addProtectedPerson(running, { email: 'bob@example.org' })
      expect((await bob.open('/my-profile/settings/disable-2fa')).status).toBe(200)
      await switchOn(root)
      expect((await bob.send('/my-profile/settings/disable-2fa', {})).status).toBe(403)
      const factors = await running.db
        .selectFrom('totp_factors')
        .where('user_id', '=', person.id)
        .select('id')
        .execute()
      expect(factors).toHaveLength(1)
    })

    test('every process knows from the next request on', async () => {
      const { browser: root } = await addProtectedPerson(running, admin)
      const { browser: bob } = await addMember('bob@example.org')
      const here = running.service
      running.restart()
      const there = running.service
      const askBoth = async () => {
        const places: string[] = []
        for (const service of [here, there]) {
          running.service = service
          places.push((await bob.open('/my-profile')).at)
        }
        return places
      }
      expect(await askBoth()).toEqual(['/my-profile', '/my-profile'])
      running.service = here
      await switchOn(root)
      expect(await askBoth()).toEqual(Array(2).fill('/set-up-mfa?next=%2Fmy-profile'))
      running.service = there
      await switchOff(root)
      expect(await askBoth()).toEqual(['/my-profile', '/my-profile'])
    })

    test('without readable policies nobody gets in', async () => {
      const { browser: bob } = await addMember('bob@example.org')
      await running.db.deleteFrom('policies').execute()
      running.restart()
      expect((await bob.open('/my-profile')).status).toBe(500)
      expect((await api(bob)).status).toBe(500)
    })
  })
}
