import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes } from '../../src/time.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, keyOn, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const settings = '/my-profile/settings'

for (const dialect of dialects) {
  describe(`my profile on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const mails = async () => {
      await running.deliver()
      return running.mails.splice(0).map(({ to, subject }) => `${to}: ${subject}`)
    }
    /** A person with 2FA who is signed in in two browsers. */
    async function inTwoBrowsers() {
      const { person, browser, key, codes } = await addProtectedPerson(running)
      const other = new Browser(running)
      await signInFully(running, other, person, key)
      expect((await other.open('/my-profile')).status).toBe(200)
      await mails()
      return { person, browser, other, key, codes }
    }
    /** What every change of factors does besides: other sessions end, this one gets a new token, a mail goes out. */
    async function changesSecurely(browser: Browser, other: Browser, subject: string, change: () => Promise<unknown>) {
      const before = browser.session
      await change()
      expect(browser.session).toBeDefined()
      expect(browser.session).not.toBe(before)
      expect((await other.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
      const stolen = new Browser(running)
      stolen.cookies.set('__Host-countersign-session', before ?? '')
      expect((await stolen.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
      expect(await mails()).toEqual([`ada@example.org: ${subject}`])
    }

    test('shows who I am, and how my account stands', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      const page = await signIn(browser, person)
      for (const said of ['Ada Example', 'ada@example.org', 'Member', 'November 24, 2026', 'Off'])
        expect(textOf(page.html)).toContain(said)
      await saveCodes(browser, await enrol(running, browser))
      expect(textOf((await browser.open('/my-profile')).html)).toContain('10 recovery codes left')
    })

    test('says that 2FA is disabled where too many wrong codes have disabled it', async () => {
      const { browser } = await addProtectedPerson(running)
      const badge = async () => /<span class="tag[^>]*>([^<]*)/.exec((await browser.open('/my-profile')).html)?.[1]
      expect(await badge()).toBe('On')
      await running.db.updateTable('totp_factors').set({ disabled_at: running.time.now }).execute()
      expect(await badge()).toBe('Switched off')
    })

    test('keeps language and theme', async () => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const saved = await browser.send(settings, { language: 'en', theme: 'dark' })
      expect(saved.at).toBe(`${settings}?notice=preferences-saved`)
      expect(textOf(saved.html)).toContain('Your preferences are saved.')
      expect(saved.html).toMatch(/<html[^>]*data-theme="[^"]*dark/)
      expect(saved.html).toMatch(/<option value="dark" selected/)
      expect(saved.html).toMatch(/<option value="en" selected/)
      await browser.send(settings, { language: '', theme: 'system' })
      expect((await browser.open(settings)).html).toMatch(/<option value="system" selected/)
    })

    test.each([
      ['theme', { language: '', theme: 'purple' }],
      ['theme', { language: 'en' }],
      ['language', { language: 'tlh', theme: 'dark' }],
    ])('refuses a %s that there is not', async (name, fields) => {
      const browser = new Browser(running)
      await signIn(browser, await addPerson(running))
      const page = await browser.send(settings, { ...fields } as Record<string, string>)
      expect(page.status).toBe(422)
      expect(page.html).toMatch(new RegExp(`<select[^>]*id="${name}"[^>]*aria-invalid="true"`))
      const row = await running.db.selectFrom('users').select(['language', 'theme']).executeTakeFirstOrThrow()
      expect(row).toMatchObject({ language: null, theme: 'system' })
    })

    test('2FA is enabled: other sessions end, this one gets a new token, a mail goes out', async () => {
      const person = await addPerson(running)
      const [browser, other] = [new Browser(running), new Browser(running)]
      await signIn(browser, person)
      await signIn(other, person)
      await changesSecurely(browser, other, '2FA was turned on', () => enrol(running, browser))
    })

    test('a secret can be confirmed only in the session that it was shown in', async () => {
      const person = await addPerson(running)
      const [browser, other] = [new Browser(running), new Browser(running)]
      await signIn(browser, person)
      await signIn(other, person)
      const page = await browser.open('/set-up-mfa')
      const key = keyOn(page.html)
      const enrolment = inputs(page.html, 'enrolment')
      const form = { enrolment, name: 'Phone', code: codeAt(key, running.time.now) }
      const refused = await other.send('/set-up-mfa', form)
      expect(refused.status).toBe(422)
      expect(keyOn(refused.html)).not.toBe(key)
      expect(await running.db.selectFrom('totp_factors').selectAll().execute()).toEqual([])
      expect((await browser.send('/set-up-mfa', form)).status).toBe(200)
    })

    test('an authenticator is renamed', async () => {
      const { browser, other } = await inTwoBrowsers()
      const page = await browser.open(`${settings}/rename-authenticator`)
      expect(inputs(page.html, 'name')).toEqual(['My phone'])
      await changesSecurely(browser, other, 'Your authenticator app was renamed', async () => {
        const renamed = await browser.send(`${settings}/rename-authenticator`, {
          authenticator: inputs(page.html, 'authenticator'),
          name: '  Work   phone 📱 ',
        })
        expect(renamed.at).toBe(`${settings}?notice=renamed`)
        expect(textOf(renamed.html)).toContain('Work phone 📱')
      })
    })

    test.each(['', '   ', 'x'.repeat(61), 'two\nlines', 'back\u202ewards'])(
      'an authenticator cannot be called %j, and what was typed stays',
      async (name) => {
        const { browser } = await addProtectedPerson(running)
        const page = await browser.open(`${settings}/rename-authenticator`)
        const refused = await browser.send(`${settings}/rename-authenticator`, {
          authenticator: inputs(page.html, 'authenticator'),
          name,
        })
        expect(refused.status).toBe(422)
        expect(textOf(refused.html)).toContain('Enter a name of 1 to 60 characters.')
        expect(inputs(refused.html, 'name')).toEqual([name])
        expect(inputs(refused.html, 'authenticator')).toEqual(inputs(page.html, 'authenticator'))
        expect(textOf((await browser.open(settings)).html)).toContain('My phone')
      },
    )

    test('somebody else’s authenticator cannot be renamed or looked at', async () => {
      const ada = await addProtectedPerson(running)
      const bob = await addProtectedPerson(running, { email: 'bob@example.org', name: 'Bob' })
      const theirs = inputs((await bob.browser.open(`${settings}/rename-authenticator`)).html, 'authenticator')[0] ?? ''
      const path = `${settings}/rename-authenticator`
      expect((await ada.browser.open(`${path}?authenticator=${theirs}`)).status).toBe(404)
      expect((await ada.browser.send(path, { authenticator: theirs, name: 'Mine now' })).status).toBe(404)
      expect(textOf((await bob.browser.open(settings)).html)).toContain('My phone')
    })

    test('recovery codes are made anew: the old ones end at once, the new ones count once they are saved', async () => {
      const { person, browser, other, codes } = await inTwoBrowsers()
      const page = await browser.open('/recovery-codes')
      expect(textOf(page.html)).toContain('Your 10 present codes stop working')
      let fresh: string[] = []
      let set = ''
      await changesSecurely(browser, other, 'New recovery codes were created', async () => {
        const shown = await browser.send('/recovery-codes', {})
        fresh = inputs(shown.html, 'code')
        set = inputs(shown.html, 'set')[0] ?? ''
      })
      expect(fresh).toHaveLength(10)
      expect(fresh.filter((code) => codes.includes(code))).toEqual([])
      const useOf = async (code: string | undefined) => {
        const again = new Browser(running)
        await signIn(again, person)
        return (await again.send('/sign-in/recovery-code', { code: code ?? '' })).at
      }
      expect(await useOf(codes[0])).not.toContain('recovery-code-used')
      expect(await useOf(fresh[0])).not.toContain('recovery-code-used')
      expect((await saveCodes(browser, { key: '', codes: fresh, setId: set })).at).toBe(
        `${settings}?notice=codes-saved`,
      )
      expect(await useOf(fresh[0])).toContain('recovery-code-used')
    })

    test('2FA is disabled: the authenticator and the codes are gone, and the password is enough', async () => {
      const { person, browser, other, codes } = await inTwoBrowsers()
      const page = await browser.open(`${settings}/disable-2fa`)
      expect(textOf(page.html)).toContain('“My phone” is removed')
      await changesSecurely(browser, other, '2FA was turned off', async () => {
        const done = await browser.send(`${settings}/disable-2fa`, {})
        expect(done.at).toBe(`${settings}?notice=mfa-disabled`)
        expect(textOf(done.html)).toContain('2FA is off.')
      })
      for (const table of ['totp_factors', 'totp_enrolments', 'recovery_code_sets', 'recovery_codes'] as const)
        expect(await running.db.selectFrom(table).selectAll().execute()).toEqual([])
      expect((await signIn(new Browser(running), person)).at).toBe('/my-profile')
      expect((await browser.open(`${settings}/disable-2fa`)).at).toBe(settings)
      expect((await browser.send(`${settings}/disable-2fa`, {})).status).toBe(409)
      expect(codes).toHaveLength(10)
    })

    test('2FA that is enabled again has a new secret and new codes', async () => {
      const { browser, key, codes } = await addProtectedPerson(running)
      await browser.send(`${settings}/disable-2fa`, {})
      const again = await enrol(running, browser)
      expect(again.key).not.toBe(key)
      expect(again.codes.filter((code) => codes.includes(code))).toEqual([])
    })

    test.each([
      ['enabling 2FA', 'GET', '/set-up-mfa'],
      ['renaming', 'GET', `${settings}/rename-authenticator`],
      ['renaming', 'POST', `${settings}/rename-authenticator`],
      ['making recovery codes', 'GET', '/recovery-codes'],
      ['making recovery codes', 'POST', '/recovery-codes'],
      ['disabling', 'GET', `${settings}/disable-2fa`],
      ['disabling', 'POST', `${settings}/disable-2fa`],
      ['replacing the authenticator', 'GET', '/set-up-mfa?replace=yes'],
      ['replacing the authenticator', 'POST', '/set-up-mfa'],
    ])('%s (%s %s) asks for a fresh proof of the strongest factor', async (what, method, path) => {
      const { browser, key, person } = await addProtectedPerson(running)
      if (what === 'enabling 2FA') await browser.send(`${settings}/disable-2fa`, {})
      running.time.now += minutes(11)
      const rows = () =>
        Promise.all(
          (['totp_factors', 'recovery_code_sets', 'totp_enrolments'] as const).map((table) =>
            running.db.selectFrom(table).selectAll().execute(),
          ),
        )
      const before = await rows()
      const page = await (method === 'GET'
        ? browser.open(path)
        : browser.send(path, { name: 'x', replace: 'yes', code: '000000', enrolment: 'x' }))
      const step = what === 'enabling 2FA' ? '/sign-in/password' : '/sign-in/verification-code'
      expect(page.at).toBe(step)
      expect(textOf(page.html)).toContain('Confirm it is you')
      expect(await rows()).toEqual(before)
      const proof: Record<string, string> =
        what === 'enabling 2FA' ? { password: person.password } : { code: codeAt(key, running.time.now) }
      const back = await browser.send(step, proof)
      expect(back.status).toBe(200)
      expect(back.at.split('?')[0]).toBe(path.split('?')[0])
    })

    test('a step-up can be abandoned, and the session goes on as it was', async () => {
      const { browser } = await addProtectedPerson(running)
      running.time.now += minutes(11)
      await browser.open(`${settings}/disable-2fa`)
      expect((await browser.open(settings)).status).toBe(200)
      expect((await browser.open(`${settings}/disable-2fa`)).at).toBe('/sign-in/verification-code')
    })

    test('the authenticator is replaced: the old one works until then, and not any more', async () => {
      const { person, browser, other, key } = await inTwoBrowsers()
      const page = await browser.open('/set-up-mfa?replace=yes')
      expect(textOf(page.html)).toContain('Replace your authenticator')
      const fresh = keyOn(page.html)
      expect(fresh).not.toBe(key)
      await changesSecurely(browser, other, 'Your authenticator app was replaced', async () => {
        const shown = await browser.send('/set-up-mfa', {
          replace: 'yes',
          enrolment: inputs(page.html, 'enrolment'),
          name: 'New phone',
          code: codeAt(fresh, running.time.now),
        })
        expect(inputs(shown.html, 'code')).toHaveLength(10)
      })
      running.time.now += minutes(1)
      expect((await signInFully(running, new Browser(running), person, key)).status).toBe(422)
      expect((await signInFully(running, new Browser(running), person, fresh)).at).toBe('/recovery-codes')
    })

    test.each(['', '   ', 'x'.repeat(61)])(
      'a new authenticator cannot be called %j, and its secret stays',
      async (name) => {
        const browser = new Browser(running)
        await signIn(browser, await addPerson(running))
        const page = await browser.open('/set-up-mfa')
        const refused = await browser.send('/set-up-mfa', {
          enrolment: inputs(page.html, 'enrolment'),
          name,
          code: codeAt(keyOn(page.html), running.time.now),
        })
        expect(refused.status).toBe(422)
        expect(inputs(refused.html, 'name')).toEqual([name])
        expect(keyOn(refused.html)).toBe(keyOn(page.html))
        expect(await running.db.selectFrom('totp_factors').selectAll().execute()).toEqual([])
      },
    )
  })
}
