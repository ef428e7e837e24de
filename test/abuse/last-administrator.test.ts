// Nobody can leave the service without an administrator who can sign in: not by demoting, deactivating, deleting or limiting
// the last one, not by a race of two, and not by counting on one who cannot get in.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { resetMfaOf } from '../../src/sign-in/reset-mfa.ts'
import { findStanding, type Standing } from '../../src/sign-in/standing.ts'
import { days } from '../../src/time.ts'
import { editUser, userPath } from '../support/admin.ts'
import { atOnce, copyOf, isIn } from '../support/attack.ts'
import { type Browser, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, type Person } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`the last administrator on ${dialect}`, { timeout: 120_000 }, () => {
    let running: TestService
    let root: Browser
    let rootPerson: Person
    beforeEach(async () => {
      running = await startService({ dialect })
      ;({ browser: root, person: rootPerson } = await addProtectedPerson(running, { role: 'administrator' }))
    })
    afterEach(() => running.stop())

    const administrators = async () =>
      (
        await running.db
          .selectFrom('users')
          .select('id')
          .where('role', '=', 'administrator')
          .where('deactivated_at', 'is', null)
          .where('expires_at', 'is', null)
          .execute()
      ).length
    /** Somebody who may act, and on whom nobody may count: their account ends tomorrow. */
    const addActor = async () => {
      const actor = await addProtectedPerson(running, { email: 'actor@example.org', role: 'administrator' })
      await running.db
        .updateTable('users')
        .set({ expires_at: running.time.now + days(1) })
        .where('id', '=', actor.person.id)
        .execute()
      return actor.browser
    }

    test('cannot step down, and is told why in the form', async () => {
      const page = await editUser(root, rootPerson, { role: 'member' })
      expect(page.status).toBe(409)
      expect(textOf(page.html)).toContain('Make somebody else an administrator first')
      expect(page.html).toMatch(/<option value="member" selected/)
      expect(await administrators()).toBe(1)
    })

    test('cannot be given a last day', async () => {
      const page = await editUser(root, rootPerson, { role: 'administrator', lastDay: '2027-01-01' })
      expect(page.status).toBe(409)
      expect(await administrators()).toBe(1)
    })

    test.each(['deactivate', 'delete', 'edit'])('cannot be removed by one whose account ends: %s', async (act) => {
      const actor = await addActor()
      const fields = { email: rootPerson.email, name: '', role: 'member', lastDay: '' }
      const page = await actor.send(userPath(rootPerson, act), fields)
      expect(page.status).toBe(409)
      expect(await administrators()).toBe(1)
    })

    test('can go once there is another one', async () => {
      await addPerson(running, { email: 'other@example.org', role: 'administrator' })
      expect((await editUser(root, rootPerson)).at).toBe('/my-profile')
      expect(await administrators()).toBe(1)
    })

    test.each([
      ['is deactivated', { deactivated_at: 1 }],
      ['has an end', { expires_at: Date.parse('2030-01-01') }],
      ['has chosen no password', { password_hash: null }],
      ['had their MFA reset', { mfa_reset_at: 1 }],
    ])('another one does not count who %s', async (_, columns) => {
      const other = await addPerson(running, { email: 'other@example.org', role: 'administrator' })
      await running.db.updateTable('users').set(columns).where('id', '=', other.id).execute()
      expect((await editUser(root, rootPerson)).status).toBe(409)
    })

    test('another one does not count whose authenticator is blocked and whose codes are used up, and does with a code', async () => {
      const { person } = await addProtectedPerson(running, { email: 'other@example.org', role: 'administrator' })
      const set = running.db.selectFrom('recovery_code_sets').select('id').where('user_id', '=', person.id)
      await running.db.updateTable('totp_factors').set({ disabled_at: 1 }).where('user_id', '=', person.id).execute()
      await running.db.updateTable('recovery_codes').set({ used_at: 1 }).where('set_id', 'in', set).execute()
      expect((await editUser(root, rootPerson)).status).toBe(409)
      const { hash } = await running.db
        .selectFrom('recovery_codes')
        .select('hash')
        .where('set_id', 'in', set)
        .executeTakeFirstOrThrow()
      await running.db.updateTable('recovery_codes').set({ used_at: null }).where('hash', '=', hash).execute()
      expect((await editUser(root, rootPerson)).at).toBe('/my-profile')
    })

    test('of the last two, who demote each other at the same moment, one remains', async () => {
      const other = await addProtectedPerson(running, { email: 'other@example.org', role: 'administrator' })
      await Promise.all([editUser(root, other.person), editUser(other.browser, rootPerson)])
      expect(await administrators()).toBe(1)
    })

    test('of two who reset the MFA of each other at the same moment, one is still in', async () => {
      const other = await addProtectedPerson(running, { email: 'other@example.org', role: 'administrator' })
      const { machine } = running.service
      const caller = { address: '192.0.2.1', userAgent: '', requestId: '' }
      const standingOf = async (browser: Browser) => {
        const standing = await findStanding(machine, browser.session ?? '')
        if (!standing) throw new Error('There is no session.')
        return standing
      }
      // Both were let in before either acts.
      const [one, two] = [await standingOf(root), await standingOf(other.browser)]
      const reset = (standing: Standing, { id: userId }: Person) =>
        resetMfaOf(machine, standing, { userId, reason: 'Lost the phone', caller })
      const ends = await Promise.allSettled([reset(one, other.person), reset(two, rootPerson)])
      expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect([await isIn(root), await isIn(other.browser)].filter(Boolean)).toEqual([true])
    })

    test('of many tries at once to be rid of both, by every way there is, exactly one succeeds', async () => {
      const actor = await addActor()
      const other = await addProtectedPerson(running, { email: 'other@example.org', role: 'administrator' })
      const ways = (person: Person) => [
        (browser: Browser) => editUser(browser, person),
        (browser: Browser) => editUser(browser, person, { role: 'administrator', lastDay: '2027-01-01' }),
        (browser: Browser) => browser.send(userPath(person, 'deactivate'), {}),
        (browser: Browser) => browser.send(userPath(person, 'delete'), { email: person.email }),
      ]
      const tries = Array.from({ length: 50 }, (_, index) => {
        const all = ways(index % 2 === 0 ? rootPerson : other.person)
        return all[Math.floor(index / 2) % all.length] ?? all[0]
      })
      const browsers = tries.map(() => copyOf(running, actor))
      await atOnce(browsers, (browser, index) => tries[index]?.(browser) ?? browser.open('/'))
      expect(await administrators()).toBe(1)
    })
  })
}
