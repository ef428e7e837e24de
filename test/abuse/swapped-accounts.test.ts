// Swaps: what belongs to one person proves nothing, confirms nothing and changes nothing for another.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  beginStepUp,
  browserWith,
  countSessions,
  enforceMfa,
  eventsOf,
  idsOf,
  isIn,
  sessionCookie,
  signInCookie,
} from '../support/attack.ts'
import { Browser, codeAt, inputs } from '../support/browser.ts'
import { codePage, recoveryPage } from '../support/guesser.ts'
import { addPerson, addProtectedPerson, enrol, keyOn, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const mallorysAddress = { email: 'mallory@example.org', name: 'Mallory' }

for (const dialect of dialects) {
  describe(`swapped accounts on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    /** A victim and an attacker, each with 2FA; the attacker knows the victim's password. */
    async function victimAndMallory() {
      const victim = await addProtectedPerson(running)
      const mallory = await addProtectedPerson(running, mallorysAddress)
      return { victim, mallory }
    }

    const whoIs = async (browser: Browser): Promise<string | null> => {
      const response = await browser.request('/api/v1/me', { method: 'GET', headers: {} })
      return response.status === 200 ? ((await response.json()) as { email: string }).email : null
    }

    test('another person’s code and recovery code do not finish a sign-in, and stay unspent', async () => {
      const { victim, mallory } = await victimAndMallory()
      for (const [owner, thief] of [
        [victim, mallory],
        [mallory, victim],
      ] as const) {
        const browser = new Browser(running)
        await signIn(browser, owner.person)
        expect((await browser.send(codePage, { code: codeAt(thief.key, running.time.now) })).status).toBe(422)
        expect((await browser.send(recoveryPage, { code: thief.codes[0] ?? '' })).status).toBe(422)
        expect(await isIn(browser)).toBe(false)
      }
      const because = (await eventsOf(running, 'second-factor.refused')).map((event) => event.because)
      expect(because).toEqual(['wrong', 'wrong', 'wrong', 'wrong'])

      const own = new Browser(running)
      await signInFully(running, own, mallory.person, mallory.key)
      expect(await whoIs(own)).toBe(mallorysAddress.email)
      const used = running.db.selectFrom('recovery_codes').select('hash').where('used_at', 'is not', null)
      expect(await used.execute()).toEqual([])
    })

    test('another person’s code and recovery code do not step a session up', async () => {
      const { victim, mallory } = await victimAndMallory()
      expect((await beginStepUp(running, victim.browser)).at).toBe(codePage)
      await victim.browser.send(codePage, { code: codeAt(mallory.key, running.time.now) })
      await victim.browser.send(recoveryPage, { code: mallory.codes[0] ?? '' })
      expect((await victim.browser.open('/recovery-codes')).at).toBe(codePage)
    })

    test('saying in the form whose sign-in it is changes nothing', async () => {
      const { victim, mallory } = await victimAndMallory()
      const browser = new Browser(running)
      await signIn(browser, mallory.person)
      const { id, email } = victim.person
      const names = { user: id, userId: id, user_id: id, email, account: email, subject: id }
      await browser.send(codePage, { ...names, code: codeAt(mallory.key, running.time.now) })
      expect(await whoIs(browser)).toBe(mallorysAddress.email)
      await browser.send('/my-profile/settings', { ...names, language: '', theme: 'dark' })
      const { theme } = await running.db
        .selectFrom('users')
        .select('theme')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      expect(theme).toBe('system')
    })

    test('another person’s enrolment is confirmed neither with its code nor with one’s own', async () => {
      const [victim, mallory] = [await addPerson(running), await addPerson(running, mallorysAddress)]
      const [theirs, own] = [new Browser(running), new Browser(running)]
      await signIn(theirs, victim)
      await signIn(own, mallory)
      const [page, ownPage] = [await theirs.open('/set-up-mfa'), await own.open('/set-up-mfa')]
      const enrolment = inputs(page.html, 'enrolment')[0] ?? ''
      for (const html of [page.html, ownPage.html]) {
        const code = codeAt(keyOn(html), running.time.now)
        expect((await own.send('/set-up-mfa', { enrolment, name: 'Phone', code })).status).toBe(422)
      }
      expect(await running.db.selectFrom('totp_factors').select('id').execute()).toEqual([])
      const code = codeAt(keyOn(page.html), running.time.now)
      const shown = await theirs.send('/set-up-mfa', { enrolment, name: 'Phone', code })
      expect(inputs(shown.html, 'code')).toHaveLength(10)
    })

    test('an enrolment shown in one session is not confirmed in another of the same person', async () => {
      const person = await addPerson(running)
      const [one, other] = [new Browser(running), new Browser(running)]
      await signIn(one, person)
      await signIn(other, person)
      const [page, otherPage] = [await one.open('/set-up-mfa'), await other.open('/set-up-mfa')]
      expect(keyOn(otherPage.html)).not.toBe(keyOn(page.html))
      const enrolment = inputs(page.html, 'enrolment')[0] ?? ''
      const code = codeAt(keyOn(page.html), running.time.now)
      expect((await other.send('/set-up-mfa', { enrolment, name: 'Phone', code })).status).toBe(422)
      expect(await running.db.selectFrom('totp_factors').select('id').execute()).toEqual([])
    })

    test('another person’s recovery codes are not made to count by their number', async () => {
      const victim = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, victim)
      const enrolled = await enrol(running, browser)
      running.time.now += 60_000
      const mallory = await addProtectedPerson(running, mallorysAddress)
      await saveCodes(mallory.browser, enrolled)
      expect((await browser.open('/my-profile')).at).toMatch(/^\/recovery-codes/)
      const thief = new Browser(running)
      await signIn(thief, victim)
      await thief.send(recoveryPage, { code: enrolled.codes[0] ?? '' })
      expect(await isIn(thief)).toBe(false)
    })

    test('another person’s recovery codes do not pay off one’s own', async () => {
      const { victim } = await victimAndMallory()
      const person = await addPerson(running, { email: 'eve@example.org' })
      await enforceMfa(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      await enrol(running, browser)
      await saveCodes(browser, { ...victim, setId: (await idsOf(running, victim.person.id)).set })
      expect(await isIn(browser)).toBe(false)
      expect((await browser.open('/recovery-codes')).at).toBe('/recovery-codes')
    })

    test('another person’s authenticator is neither shown nor renamed', async () => {
      const { victim, mallory } = await victimAndMallory()
      const { factor } = await idsOf(running, victim.person.id)
      const path = '/my-profile/settings/rename-authenticator'
      expect((await mallory.browser.open(`${path}?authenticator=${factor}`)).status).toBe(404)
      expect((await mallory.browser.send(path, { authenticator: factor, name: 'Mine' })).status).toBe(404)
      const rows = await running.db.selectFrom('totp_factors').select('name').execute()
      expect(rows).toEqual([{ name: 'My phone' }, { name: 'My phone' }])
    })

    test('renewing codes and turning 2FA off touch nobody else', async () => {
      const { victim, mallory } = await victimAndMallory()
      const before = await idsOf(running, victim.person.id)
      expect(before.factor).not.toBe('')
      expect(before.set).not.toBe('')
      const { html } = await mallory.browser.send('/recovery-codes', { user: victim.person.id, set: before.set })
      await saveCodes(mallory.browser, { ...mallory, codes: inputs(html, 'code'), setId: inputs(html, 'set')[0] ?? '' })
      await mallory.browser.send('/my-profile/settings/disable-2fa', {
        user: victim.person.id,
        authenticator: before.factor,
      })
      expect(await idsOf(running, mallory.person.id)).toEqual({ factor: '', set: '' })
      expect(await idsOf(running, victim.person.id)).toEqual(before)
      expect(await isIn(victim.browser)).toBe(true)
    })

    test('one person’s session with another’s sign-in in progress opens nothing of either’s but its own', async () => {
      const { victim, mallory } = await victimAndMallory()
      const pending = new Browser(running)
      await signIn(pending, victim.person)
      const mixed = browserWith(running, { [sessionCookie]: mallory.browser.session, [signInCookie]: pending.signIn })
      expect(await whoIs(mixed)).toBe(mallorysAddress.email)
      await mixed.open('/set-up-mfa?replace=yes')
      expect((await mixed.open('/recovery-codes')).at).toBe(codePage)
      expect((await mixed.send('/recovery-codes', {})).html).not.toMatch(/name="code" value="[0-9a-z]{4}-/)
      await mixed.send(codePage, { code: codeAt(mallory.key, running.time.now) })
      await mixed.send(recoveryPage, { code: mallory.codes[0] ?? '' })
      expect(await whoIs(mixed)).toBe(mallorysAddress.email)
      expect(await countSessions(running, victim.person.id)).toBe(1)
      expect(await running.db.selectFrom('totp_enrolments').select('id').execute()).toEqual([])
    })

    test('one person’s step-up is nothing in another’s session, nor without a session', async () => {
      const { victim, mallory } = await victimAndMallory()
      await beginStepUp(running, victim.browser)
      await signInFully(running, mallory.browser, mallory.person, mallory.key)
      const stepUp = victim.browser.signIn
      expect(stepUp).toBeDefined()
      for (const session of [mallory.browser.session, undefined, 'x']) {
        const mixed = browserWith(running, { [sessionCookie]: session, [signInCookie]: stepUp })
        const who = await whoIs(mixed)
        expect((await mixed.open(codePage)).passed).toContain('/sign-in?notice=over')
        await mixed.send(codePage, { code: codeAt(victim.key, running.time.now) })
        expect(await whoIs(mixed)).toBe(who)
      }
      await victim.browser.send(codePage, { code: codeAt(victim.key, running.time.now) })
      expect((await victim.browser.open('/recovery-codes')).at).toBe('/recovery-codes')
    })

    test('a person’s own step-up is nothing in another session of theirs', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      const other = new Browser(running)
      await signInFully(running, other, person, key)
      await beginStepUp(running, browser)
      const mixed = browserWith(running, { [sessionCookie]: other.session, [signInCookie]: browser.signIn })
      await mixed.send(codePage, { code: codeAt(key, running.time.now) })
      expect((await mixed.open('/recovery-codes')).at).toBe(codePage)
    })
  })
}
