// Skipping: no order of requests, no form of another step and no change midway leads past what is owed.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../src/secrets/tokens.ts'
import { minutes } from '../../src/time.ts'
import { addAuthenticator } from '../../src/totp/authenticators.ts'
import { secretBinding } from '../../src/totp/enrolment.ts'
import {
  beginStepUp,
  browserWith,
  copyOf,
  countSessions,
  deactivate,
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
import { changesBetween, readTables, restoreTables } from '../support/tables.ts'

const secretOnPage = /data-copy="[A-Z2-7]{32}"/
const profile = '/my-profile'

for (const dialect of dialects) {
  describe(`skipping steps on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    /** States in which something is owed: a browser in that state, and what a thief may know besides the password. */
    const owing: Record<string, () => Promise<{ browser: Browser; known: Record<string, string> }>> = {
      nothing: async () => ({ browser: new Browser(running), known: {} }),
      'the second factor': async () => {
        const { person } = await addProtectedPerson(running)
        const browser = new Browser(running)
        await signIn(browser, person)
        return { browser, known: { ...(await idsOf(running, person.id)), email: person.email } }
      },
      enrolment: async () => {
        const person = await addPerson(running)
        await enforceMfa(running)
        const browser = new Browser(running)
        await signIn(browser, person)
        return { browser, known: { email: person.email } }
      },
      'recovery codes': async () => {
        const person = await addPerson(running)
        const first = new Browser(running)
        await signIn(first, person)
        const { key } = await enrol(running, first)
        running.time.now += minutes(1)
        const browser = new Browser(running)
        await signInFully(running, browser, person, key)
        return { browser, known: { email: person.email } }
      },
    }

    /** Every field of every form, filled in with what leads on where it is right. */
    const everything = ({ factor = '', set = '', email = '' }: Record<string, string>) => ({
      email,
      name: 'Phone',
      code: '000000',
      enrolment: factor,
      authenticator: factor,
      replace: 'yes',
      step: 'done',
      purpose: 'step-up',
      next: profile,
      enforce: 'off',
      helpContact: '',
      language: '',
      theme: 'dark',
      set: set === '' ? 'x' : set,
    })

    for (const [what, make] of Object.entries(owing)) {
      test(`whoever owes ${what === 'nothing' ? 'everything' : what} gets no further by empty posts, nor by the forms of other steps`, async () => {
        const { browser, known } = await make()
        const before = await readTables(running.db)
        const paths = running.service.routes.filter(({ method }) => method === 'POST').map(({ path }) => path)
        expect(paths.length).toBeGreaterThan(10)
        for (const path of paths) {
          for (const fields of [{}, everything(known), { ...everything(known), saved: 'yes' }]) {
            await restoreTables(running.db, before)
            const copy = copyOf(running, browser)
            const page = await copy.send(path, fields)
            const told = `POST ${path}`
            expect(await isIn(copy), told).toBe(false)
            expect(page.status, told).toBeLessThan(500)
            if (what !== 'enrolment') expect(page.html, told).not.toMatch(secretOnPage)
            const changes = changesBetween(before, await readTables(running.db))
            const touched = changes.filter((change) => !what.includes('codes') || !change.startsWith('recovery_code'))
            expect(touched.join(), told).not.toMatch(
              /sessions \+|users|policies|installation|totp_factors [+-]|recovery_code/,
            )
          }
        }
      })
    }

    test('a sign-in that owes the second factor sees no secret, enrols nothing and makes no codes', async () => {
      const { person, key } = await addProtectedPerson(running)
      await enforceMfa(running)
      const before = await idsOf(running, person.id)
      const browser = new Browser(running)
      await signIn(browser, person)
      for (const path of ['/set-up-mfa', '/set-up-mfa?replace=yes', '/recovery-codes', profile, '/sign-in/password'])
        expect((await browser.open(path)).html).not.toMatch(secretOnPage)
      for (const path of ['/set-up-mfa', '/recovery-codes', '/recovery-codes/saved', '/recovery-codes/download'])
        expect(
          (await browser.send(path, { replace: 'yes', name: 'P', code: '123456', saved: 'yes', set: before.set })).at,
        ).toBe(codePage)
      expect(await running.db.selectFrom('totp_enrolments').select('id').execute()).toEqual([])
      expect(await idsOf(running, person.id)).toEqual(before)
      await browser.send(codePage, { code: codeAt(key, running.time.now) })
      expect(await isIn(browser)).toBe(true)
    })

    test('an old session without the factor that the account has is worth no more than none', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      expect((await browser.open('/set-up-mfa')).html).toMatch(secretOnPage)
      const id = newId()
      await running.db.transaction().execute(async (trx) => {
        const { sealer } = running.service.machine
        const sealedSecret = await sealer.seal(trx, Buffer.alloc(20, 7), secretBinding(person.id, id))
        await addAuthenticator(trx, { id, userId: person.id, name: 'P', sealedSecret, step: 0, now: 0 })
      })
      for (const path of ['/set-up-mfa', '/set-up-mfa?replace=yes', '/recovery-codes', profile, '/my-profile/settings'])
        expect((await browser.open(path)).at).toMatch(/^\/sign-in(\?|$)/)
      for (const path of ['/set-up-mfa', '/recovery-codes', '/my-profile/settings/disable-2fa', '/my-profile/settings'])
        expect((await browser.send(path, { replace: 'yes', theme: 'dark', language: '' })).at).toMatch(
          /^\/sign-in(\?|$)/,
        )
      expect(await idsOf(running, person.id)).toEqual({ factor: id, set: '' })
    })

    test('a proof made with an authenticator that is gone counts for nothing', async () => {
      const { person, browser } = await addProtectedPerson(running)
      const { factor } = await idsOf(running, person.id)
      expect(await isIn(browser)).toBe(true)
      await running.db.updateTable('totp_factors').set({ id: newId() }).where('id', '=', factor).execute()
      expect(await isIn(browser)).toBe(false)
      expect((await browser.open('/set-up-mfa?replace=yes')).at).toMatch(/^\/sign-in(\?|$)/)
    })

    test('codes that were not saved do not let in, and a session that owes them reaches nothing else', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const enrolled = await enrol(running, browser)
      for (const path of [profile, '/my-profile/settings', '/set-up-mfa?replace=yes'])
        expect((await browser.open(path)).at).toMatch(/^\/recovery-codes/)
      await browser.send('/my-profile/settings/disable-2fa', {})
      expect((await idsOf(running, person.id)).set).toBe(enrolled.setId)
      const thief = new Browser(running)
      await signIn(thief, person)
      await thief.send(recoveryPage, { code: enrolled.codes[0] ?? '' })
      expect(await isIn(thief)).toBe(false)
      expect((await thief.open('/recovery-codes')).at).toMatch(/^\/sign-in/)
      expect(await eventsOf(running, 'second-factor.accepted')).toEqual([])
      await browser.send('/recovery-codes/saved', { set: enrolled.setId, code: enrolled.codes, saved: 'no' })
      expect(await isIn(browser)).toBe(false)
      await saveCodes(browser, enrolled)
      expect(await isIn(browser)).toBe(true)
    })

    test('a stale session changes no factor without a fresh proof, whatever page it came from', async () => {
      const { person, browser } = await addProtectedPerson(running)
      const before = await idsOf(running, person.id)
      running.time.now += minutes(11)
      const fields = {
        authenticator: before.factor,
        name: 'New',
        replace: 'yes',
        enrolment: before.factor,
        code: '123456',
      }
      for (const path of [
        '/my-profile/settings/disable-2fa',
        '/my-profile/settings/rename-authenticator',
        '/recovery-codes',
        '/set-up-mfa',
      ])
        expect((await browser.send(path, fields)).at, path).toBe(codePage)
      expect((await browser.open('/set-up-mfa?replace=yes')).html).not.toMatch(secretOnPage)
      expect(await idsOf(running, person.id)).toEqual(before)
      expect(await running.db.selectFrom('totp_factors').select('name').execute()).toEqual([{ name: 'My phone' }])
      expect(await eventsOf(running, 'recovery-codes.created')).toHaveLength(1)
    })

    test('a step-up is not a sign-in: alone it finishes nothing and leads to no set-up', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      await beginStepUp(running, browser)
      const alone = browserWith(running, { [signInCookie]: browser.signIn })
      for (const path of [codePage, recoveryPage, '/set-up-mfa', '/recovery-codes', profile])
        expect((await alone.open(path)).at).toMatch(/^\/sign-in(\?|$)/)
      await alone.send(codePage, { code: codeAt(key, running.time.now) })
      expect(await isIn(alone)).toBe(false)
      const asSession = browserWith(running, { [sessionCookie]: browser.signIn })
      expect(await isIn(asSession)).toBe(false)
      expect(await countSessions(running, person.id)).toBe(1)
    })

    test('a sign-in is not a step-up: finishing it does not make an older session fresh', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      running.time.now += minutes(11)
      const pending = new Browser(running)
      await signIn(pending, person)
      const stale = browser.session
      const mixed = browserWith(running, { [sessionCookie]: stale, [signInCookie]: pending.signIn })
      expect((await mixed.open('/set-up-mfa?replace=yes')).at).toBe(codePage)
      await mixed.send(codePage, { code: codeAt(key, running.time.now) })
      expect(mixed.session).not.toBe(stale)
      expect((await browser.open('/recovery-codes')).at).toBe(codePage)
    })

    test('a user who is deactivated midway is let in by no step, and nothing is spent', async () => {
      const { person, key, codes } = await addProtectedPerson(running)
      const [one, other] = [new Browser(running), new Browser(running)]
      await signIn(one, person)
      await signIn(other, person)
      await deactivate(running, person.id)
      expect((await one.open(codePage)).at).toMatch(/^\/sign-in\?/)
      await one.send(codePage, { code: codeAt(key, running.time.now) })
      await other.send(recoveryPage, { code: codes[0] ?? '' })
      expect([await isIn(one), await isIn(other)]).toEqual([false, false])
      expect(await eventsOf(running, 'recovery-codes.used')).toEqual([])
      expect(await eventsOf(running, 'second-factor.accepted')).toEqual([])
    })

    test('a factor that is enrolled elsewhere meanwhile is owed by every sign-in and set-up in progress', async () => {
      const person = await addPerson(running)
      await enforceMfa(running)
      const [thief, owner] = [new Browser(running), new Browser(running)]
      await signIn(thief, person)
      await signIn(owner, person)
      const { html } = await thief.open('/set-up-mfa')
      const enrolled = await enrol(running, owner)
      const code = codeAt(keyOn(html), running.time.now)
      await thief.send('/set-up-mfa', {
        enrolment: inputs(html, 'enrolment')[0] ?? '',
        name: 'Mine',
        replace: 'yes',
        code,
      })
      await saveCodes(owner, enrolled)
      expect(await isIn(owner)).toBe(true)
      expect(await isIn(thief)).toBe(false)
      expect((await thief.open('/set-up-mfa?replace=yes')).at).toMatch(/^\/sign-in(\?|$)/)
      expect(await running.db.selectFrom('totp_factors').select('name').execute()).toEqual([{ name: 'My phone' }])
    })

    test('enforcement that is switched on meanwhile takes hold of sessions; switched off, of sign-ins that begin anew', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      await enforceMfa(running)
      expect((await browser.open(profile)).at).toBe('/set-up-mfa?next=%2Fmy-profile')
      expect(await isIn(browser)).toBe(false)
      const pending = new Browser(running)
      expect((await signIn(pending, person)).at).toBe('/set-up-mfa')
      await enforceMfa(running, false)
      expect(await isIn(browser)).toBe(true)
      await signIn(pending, person)
      expect(await isIn(pending)).toBe(true)
    })

    test('2FA is not turned off once it is enforced, not even from a page that was opened before', async () => {
      const { person, browser } = await addProtectedPerson(running)
      const before = await idsOf(running, person.id)
      await browser.open('/my-profile/settings/disable-2fa')
      await enforceMfa(running)
      expect((await browser.send('/my-profile/settings/disable-2fa', {})).status).toBe(403)
      expect(await idsOf(running, person.id)).toEqual(before)
    })
  })
}
