// Races: whatever may be used once is used once, however many requests arrive at the same moment.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Refusal } from '../../src/refusal.ts'
import { readAccount } from '../../src/sign-in/account.ts'
import { replacePassword } from '../../src/sign-in/new-password.ts'
import { proveTotp } from '../../src/sign-in/prove.ts'
import { recordProof } from '../../src/sign-in/sign-in.ts'
import { findPendingSignIn } from '../../src/sign-in/standing.ts'
import { invite } from '../../src/users/invitations.ts'
import { issueLink } from '../../src/users/one-time-links.ts'
import { createUser } from '../../src/users/users.ts'
import {
  atOnce,
  copyOf,
  countIn,
  countSessions,
  enforceMfa,
  eventsOf,
  isIn,
  knownBrowsers,
  pendingSignIns,
  signInCookie,
} from '../support/attack.ts'
import { Browser, codeAt, inputs } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, keyOn, saveCodes, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const many = 50

for (const dialect of dialects) {
  describe(`parallel uses on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const copies = (browser: Browser, count = many) => Array.from({ length: count }, () => copyOf(running, browser))

    test('one right code from fifty sign-ins makes one session', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      await browser.send('/sign-out', {})
      const browsers = await pendingSignIns(running, person, many)
      const code = codeAt(key, running.time.now)
      await atOnce(browsers, (one) => one.send('/sign-in/verification-code', { code }))
      expect(await countIn(browsers)).toBe(1)
      expect(await countSessions(running, person.id)).toBe(1)
      expect(await eventsOf(running, 'second-factor.accepted')).toHaveLength(1)
    })

    test('fifty codes of three steps make no more sessions than there are steps', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      await browser.send('/sign-out', {})
      const browsers = await pendingSignIns(running, person, many)
      const codes = [-1, 0, 1].map((steps) => codeAt(key, running.time.now, steps))
      await atOnce(browsers, (one, i) => one.send('/sign-in/verification-code', { code: codes[i % 3] ?? '' }))
      const inside = await countIn(browsers)
      expect(inside).toBeGreaterThanOrEqual(1)
      expect(inside).toBeLessThanOrEqual(3)
      expect(await countSessions(running, person.id)).toBe(inside)
    })

    test('one recovery code from fifty sign-ins makes one session', async () => {
      const { person, browser, codes } = await addProtectedPerson(running)
      await browser.send('/sign-out', {})
      const browsers = await pendingSignIns(running, person, many)
      await atOnce(browsers, (one) => one.send('/sign-in/recovery-code', { code: codes[0] ?? '' }))
      expect(await countIn(browsers)).toBe(1)
      expect(await countSessions(running, person.id)).toBe(1)
      expect(await eventsOf(running, 'recovery-codes.used')).toEqual([{ left: 9 }])
    })

    test('fifty confirmations of one enrolment make one authenticator and one set of codes', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const page = await browser.open('/set-up-mfa')
      const key = keyOn(page.html)
      const fields = {
        enrolment: inputs(page.html, 'enrolment')[0] ?? '',
        name: 'Phone',
        code: codeAt(key, running.time.now),
      }
      const pages = await atOnce(copies(browser), (one) => one.send('/set-up-mfa', fields))
      const shown = pages.flatMap(({ html }) => (inputs(html, 'code').length === 10 ? [inputs(html, 'set')[0]] : []))
      expect(shown).toHaveLength(1)
      expect(await running.db.selectFrom('totp_factors').select('id').execute()).toEqual([{ id: fields.enrolment }])
      expect(await running.db.selectFrom('recovery_code_sets').select('id').execute()).toEqual([{ id: shown[0] }])
      expect(await running.db.selectFrom('recovery_codes').select('hash').execute()).toHaveLength(10)
      expect(await eventsOf(running, 'totp.enrolled')).toHaveLength(1)
      expect(await countSessions(running, person.id)).toBe(1)
    })

    test('of several browsers that set up at the same moment, one does and the others are signed out', async () => {
      const person = await addPerson(running)
      const browsers = Array.from({ length: 8 }, () => new Browser(running))
      const forms: { enrolment: string; name: string; code: string }[] = []
      for (const browser of browsers) {
        await signIn(browser, person)
        const { html } = await browser.open('/set-up-mfa')
        const code = codeAt(keyOn(html), running.time.now)
        forms.push({ enrolment: inputs(html, 'enrolment')[0] ?? '', name: 'Phone', code })
      }
      const pages = await atOnce(browsers, (one, i) => one.send('/set-up-mfa', forms[i] ?? {}))
      expect(pages.filter(({ html }) => inputs(html, 'code').length === 10)).toHaveLength(1)
      expect(await running.db.selectFrom('totp_factors').select('id').execute()).toHaveLength(1)
      expect(await running.db.selectFrom('recovery_code_sets').select('id').execute()).toHaveLength(1)
      expect(await running.db.selectFrom('totp_enrolments').select('id').execute()).toEqual([])
      expect(await countSessions(running, person.id)).toBe(1)
    })

    test('fifty ticks of "I have saved these codes" finish one sign-in', async () => {
      const person = await addPerson(running)
      await enforceMfa(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const enrolled = await enrol(running, browser)
      const browsers = copies(browser)
      await atOnce(browsers, (one) => saveCodes(one, enrolled))
      expect(await countIn(browsers)).toBe(1)
      expect(await countSessions(running, person.id)).toBe(1)
      expect(await eventsOf(running, 'recovery-codes.saved')).toHaveLength(1)
    })

    test('fifty ticks in a session are one', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const enrolled = await enrol(running, browser)
      await atOnce(copies(browser), (one) => saveCodes(one, enrolled))
      expect(await isIn(browser)).toBe(true)
      expect(await eventsOf(running, 'recovery-codes.saved')).toHaveLength(1)
    })

    test('several renewals of codes within one sign-in make one set', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const { key } = await enrol(running, browser)
      running.time.now += 60_000
      const later = new Browser(running)
      expect((await signInFully(running, later, person, key)).at).toBe('/recovery-codes')
      const pages = await atOnce(copies(later, 8), (one) => one.send('/recovery-codes', {}))
      const shown = pages.filter(({ html }) => inputs(html, 'code').length === 10)
      expect(shown).toHaveLength(1)
      expect(await eventsOf(running, 'recovery-codes.created')).toHaveLength(2)
    })

    test('fifty finishes of one sign-in with different proofs make one session and spend one proof', async () => {
      const { person, browser, key, codes } = await addProtectedPerson(running)
      await browser.send('/sign-out', {})
      const [pending = browser] = await pendingSignIns(running, person, 1)
      // Each from a browser with a count of its own, so that nothing but the sign-in itself stands in the way.
      const browsers = await knownBrowsers(running, person, many)
      for (const one of browsers) one.cookies.set(signInCookie, pending.signIn ?? '')
      const totp = codeAt(key, running.time.now)
      await atOnce(browsers, (one, i) =>
        i % 2 === 0
          ? one.send('/sign-in/verification-code', { code: totp })
          : one.send('/sign-in/recovery-code', { code: codes[i % 10] ?? '' }),
      )
      expect(await countIn(browsers)).toBe(1)
      expect(await countSessions(running, person.id)).toBe(1)
      expect(await eventsOf(running, 'second-factor.accepted')).toHaveLength(1)
      const spent = await running.db
        .selectFrom('recovery_codes')
        .select('hash')
        .where('used_at', 'is not', null)
        .execute()
      const used = (await eventsOf(running, 'recovery-codes.used')).length
      expect(spent).toHaveLength(used)
      expect(used).toBeLessThanOrEqual(1)
    })

    test('a request that read a sign-in before it moved on is refused, and what it would have spent is not spent', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      const [pending = browser] = await pendingSignIns(running, person, 1)
      const { machine } = running.service
      const caller = { address: '192.0.2.1', userAgent: '', requestId: '' }
      const stale = await findPendingSignIn(machine, pending.signIn ?? '')
      if (!stale) throw new Error('There is no sign-in.')
      const { signIn: row } = stale
      const moved = await machine.db
        .transaction()
        .execute((trx) => recordProof(trx, machine, { signIn: row, proof: null, caller, now: running.time.now }))
      if (moved.at !== 'pending') throw new Error('The sign-in is over.')
      const code = codeAt(key, running.time.now)
      await expect(proveTotp(machine, stale, { code, caller, knownBrowser: null })).rejects.toThrow(Refusal)
      expect(await countSessions(running, person.id)).toBe(1)
      pending.cookies.set(signInCookie, moved.token)
      await pending.send('/sign-in/verification-code', { code })
      expect(await isIn(pending)).toBe(true)
    })

    test('a right password that is changed while it is being checked begins nothing', async () => {
      const person = await addPerson(running)
      const { machine } = running.service
      const hash = await machine.hashing.hashPassword('seven quiet otters sing')
      // The check waits behind these, with the old hash in its hands.
      const before = Array.from({ length: 24 }, () => machine.hashing.hashPassword('somebody else'))
      running.time.now += 60_000
      const browser = new Browser(running)
      const answer = signIn(browser, person)
      const counted = () => running.db.selectFrom('attempts').select('key').executeTakeFirst()
      while (!(await counted())) await new Promise(setImmediate)
      const caller = { address: '192.0.2.1', userAgent: '', requestId: '' }
      await running.db.transaction().execute(async (trx) => {
        const account = await readAccount(trx, person.id, running.time.now)
        if (!account) throw new Error('There is no such user.')
        const change = { hash, by: 'reset' as const, keepSession: null, caller, now: running.time.now }
        await replacePassword(trx, machine, account, change)
      })
      expect((await answer).status).toBe(422)
      expect(await isIn(browser)).toBe(false)
      expect(await eventsOf(running, 'sign-in.begun')).toEqual([])
      expect(await eventsOf(running, 'password.refused')).toEqual([{ because: 'wrong' }])
      await Promise.all(before)
    })

    test('whoever types the old password while it is being replaced is out, whichever comes first', async () => {
      const person = await addPerson(running)
      const { token } = await running.db
        .transaction()
        .execute((trx) => issueLink(trx, { purpose: 'reset-password', userId: person.id }, running.time.now))
      const browsers = await knownBrowsers(running, person, 12)
      running.time.now += 60_000
      const [reset, ...pages] = await atOnce([new Browser(running), ...browsers], (one, i) =>
        i === 0 ? one.send('/reset-password', { token, password: 'seven quiet otters sing' }) : signIn(one, person),
      )
      expect(reset?.at).toBe('/sign-in?notice=password-reset')
      expect(pages.filter(({ status }) => status >= 500)).toEqual([])
      expect(await countIn(browsers)).toBe(0)
      expect(await countSessions(running, person.id)).toBe(0)
      expect(await running.db.selectFrom('sign_ins').select('id').execute()).toEqual([])
    })

    test('fifty acceptances of one invitation set one password', async () => {
      const about = { now: running.time.now, caller: null, actor: null }
      const user = { email: 'new@example.org', name: null, role: 'member' as const, passwordHash: null }
      const { id, token } = await running.db.transaction().execute(async (trx) => {
        const id = await createUser(trx, user, 'administrator', about)
        return { id, token: (await invite(trx, id, about)).token }
      })
      const browsers = Array.from({ length: many }, () => new Browser(running))
      const passwordOf = (index: number) => `correct horse battery staple ${index}`
      await atOnce(browsers, (one, i) => one.send('/accept-invitation', { token, password: passwordOf(i) }))
      expect(await countIn(browsers)).toBe(1)
      expect(await countSessions(running, id)).toBe(1)
      expect(await eventsOf(running, 'invitation.accepted')).toHaveLength(1)
      expect(await eventsOf(running, 'password.set')).toHaveLength(1)
      const winner = (await Promise.all(browsers.map(isIn))).indexOf(true)
      const again = new Browser(running)
      await signIn(again, { id, email: user.email, password: passwordOf(winner) })
      expect(await isIn(again)).toBe(true)
    })

    test('fifty first administrators are one', async () => {
      const link = new URL((await running.service.setUpLink()) ?? '')
      const token = link.searchParams.get('token') ?? ''
      const browsers = Array.from({ length: many }, () => new Browser(running))
      const password = 'correct horse battery staple'
      await atOnce(browsers, (one, i) =>
        one.send('/set-up', { token, email: `admin${i}@example.org`, name: 'Ada', password }),
      )
      expect(await countIn(browsers)).toBe(1)
      expect(await running.db.selectFrom('users').select('role').execute()).toEqual([{ role: 'administrator' }])
      expect(await running.service.setUpLink()).toBeNull()
      await running.db.deleteFrom('users').execute()
      expect((await new Browser(running).open(`/set-up?token=${token}`)).status).toBe(404)
      expect(await running.service.setUpLink()).toBeNull()
    })
  })
}
