// The pages turn away who may not act. So does each act by itself, for whichever door calls it: who acts, on whom, how fresh
// their proof is, and whose link it is.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decisions, oidcSettings } from '../../src/identity-providers/provider.ts'
import { addGroup, addToGroup, changeGroupName, removeFromGroup, removeGroup } from '../../src/sign-in/manage-groups.ts'
import {
  addIdentityProvider,
  changeIdentityProvider,
  moveIdentityProvider,
  removeIdentityProvider,
  switchIdentityProviderOff,
  switchIdentityProviderOn,
} from '../../src/sign-in/manage-identity-providers.ts'
import { deactivateUser, editUser, endSessionsOf, reactivateUser, removeUser } from '../../src/sign-in/manage-users.ts'
import { proveByEmailAndPassword } from '../../src/sign-in/prove.ts'
import { renewSetUpLink, resetMfaOf } from '../../src/sign-in/reset-mfa.ts'
import { proveSetUpLink } from '../../src/sign-in/set-up-link.ts'
import { findPendingSignIn, findStanding, type Standing } from '../../src/sign-in/standing.ts'
import { testIdentityProvider } from '../../src/sign-in/test-identity-provider.ts'
import { minutes } from '../../src/time.ts'
import { resetMfa, tokenIn } from '../support/admin.ts'
import { Browser } from '../support/browser.ts'
import { addPerson, addProtectedPerson, password, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'
import { changesBetween, readTables } from '../support/tables.ts'

const caller = { address: '192.0.2.1', userAgent: '', requestId: 'r' }

for (const dialect of dialects) {
  describe(`acts of administration on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let root: Awaited<ReturnType<typeof addProtectedPerson>>
    beforeEach(async () => {
      running = await startService({ dialect })
      root = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' })
    })
    afterEach(() => running.stop())

    const standingOf = async (browser: Browser): Promise<Standing> => {
      const standing = await findStanding(running.service.machine, browser.session ?? '')
      if (!standing) throw new Error('Nobody is signed in here.')
      return standing
    }
    const onUsers = (standing: Standing, userId: string) => {
      const { machine } = running.service
      return {
        edit: () => editUser(machine, standing, { userId, name: 'X', role: 'auditor', caller }),
        deactivate: () => deactivateUser(machine, standing, { userId, caller }),
        reactivate: () => reactivateUser(machine, standing, { userId, caller }),
        remove: () => removeUser(machine, standing, { userId, caller }),
        'end sessions': () => endSessionsOf(machine, standing, { userId, sessionId: null, caller }),
        'reset MFA': () => resetMfaOf(machine, standing, { userId, reason: 'x', caller }),
        'new set-up link': () => renewSetUpLink(machine, standing, { userId, caller }),
      }
    }
    const onGroups = (standing: Standing, userId: string) => {
      const { machine } = running.service
      const group = { groupId: 'g', caller }
      return {
        'add group': () => addGroup(machine, standing, { name: 'X', caller }),
        'rename group': () => changeGroupName(machine, standing, { ...group, name: 'X' }),
        'remove group': () => removeGroup(machine, standing, group),
        'add to group': () => addToGroup(machine, standing, { ...group, userId }),
        'remove from group': () => removeFromGroup(machine, standing, { ...group, userId }),
      }
    }
    const onProviders = (standing: Standing) => {
      const { machine } = running.service
      const settings = oidcSettings.parse({ issuer: 'https://id.example.org', clientId: 'c' })
      const connection = { kind: 'oidc', settings } as const
      const wording = { decisions: decisions.parse({ name: 'X' }), connection, secret: 'mine' }
      const of = { providerId: 'nobody', caller }
      return {
        'add provider': () => addIdentityProvider(machine, standing, { id: 'p', wording, caller }),
        'change provider': () => changeIdentityProvider(machine, standing, { ...of, version: 1, wording }),
        'move provider': () => moveIdentityProvider(machine, standing, { ...of, direction: 'up' }),
        'test provider': () => testIdentityProvider(machine, standing, { ...of, callback: 'https://x.example' }),
        'switch provider on': () => switchIdentityProviderOn(machine, standing, of),
        'switch provider off': () => switchIdentityProviderOff(machine, standing, of),
        'remove provider': () => removeIdentityProvider(machine, standing, of),
      }
    }
    /** What each act throws; and nothing in the database is different for it. */
    const refusals = async (acts: Record<string, () => Promise<unknown>>) => {
      const before = await readTables(running.db)
      const said: Record<string, string> = {}
      for (const [name, act] of Object.entries(acts))
        said[name] = await act().then(
          () => 'done',
          (error: Error) => error.message,
        )
      expect(changesBetween(before, await readTables(running.db))).toEqual([])
      return said
    }
    const all = (acts: Record<string, unknown>, code: string) =>
      Object.fromEntries(Object.keys(acts).map((name) => [name, code]))

    test.each(['administrator', 'auditor', 'help-desk'] as const)(
      'the help desk does nothing to somebody who is %s',
      async (role) => {
        const desk = await addProtectedPerson(running, { email: 'desk@example.org', role: 'help-desk' })
        const victim = await addProtectedPerson(running, { email: 'victim@example.org', role })
        const standing = await standingOf(desk.browser)
        const { id } = victim.person
        const acts = { ...onUsers(standing, id), ...onGroups(standing, id), ...onProviders(standing) }
        expect(await refusals(acts)).toEqual(all(acts, 'not-allowed'))
      },
    )

    test.each(['member', 'auditor'] as const)('%s does nothing to members', async (role) => {
      const ada = await addPerson(running)
      const { browser } = await addProtectedPerson(running, { email: 'me@example.org', role })
      const standing = await standingOf(browser)
      const acts = { ...onUsers(standing, ada.id), ...onGroups(standing, ada.id), ...onProviders(standing) }
      expect(await refusals(acts)).toEqual(all(acts, 'not-allowed'))
    })

    test('an administrator whose proof is old does nothing', async () => {
      const ada = await addPerson(running)
      running.time.now += minutes(11)
      const standing = await standingOf(root.browser)
      const acts = { ...onUsers(standing, ada.id), ...onGroups(standing, ada.id), ...onProviders(standing) }
      expect(await refusals(acts)).toEqual(all(acts, 'step-up-needed'))
    })

    test('an administrator does to themselves nothing but edit', async () => {
      await addPerson(running, { email: 'other@example.org', role: 'administrator' })
      const { edit, ...acts } = onUsers(await standingOf(root.browser), root.person.id)
      expect(await refusals(acts)).toEqual(all(acts, 'not-on-yourself'))
      expect(edit).toBeDefined()
    })

    test('nothing is done to nobody', async () => {
      const standing = await standingOf(root.browser)
      const { 'add group': _, ...groups } = onGroups(standing, 'nobody')
      const { 'add provider': __, ...ofProviders } = onProviders(standing)
      const acts = { ...onUsers(standing, 'nobody'), ...groups, ...ofProviders }
      expect(await refusals(acts)).toEqual(all(acts, 'not-found'))
    })

    test("a set-up link proves nothing in somebody else's sign-in, nor beside somebody else's password", async () => {
      const { machine } = running.service
      const ada = await addPerson(running)
      const mallory = await addPerson(running, { email: 'mallory@example.org' })
      const setUpLink = tokenIn(await resetMfa(root.browser, ada))
      await resetMfa(root.browser, mallory)
      const browser = new Browser(running)
      await signIn(browser, mallory)
      const pending = await findPendingSignIn(machine, browser.signIn ?? '')
      if (!pending) throw new Error('There is no sign-in.')
      await expect(proveSetUpLink(machine, pending, { token: setUpLink, caller })).rejects.toThrow('link-invalid')
      const guess = { email: mallory.email, password, returnTo: '/', caller, knownBrowser: null, setUpLink }
      await expect(proveByEmailAndPassword(machine, guess)).rejects.toThrow('link-invalid')
      expect((await browser.open('/set-up-mfa')).at).toBe('/sign-in/set-up-link')
      const done = await new Browser(running).send('/set-up-mfa-link', { token: setUpLink, password })
      expect(done.at).toBe('/set-up-mfa')
    })
  })
}
