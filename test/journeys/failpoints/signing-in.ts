// Ways in and out, and proofs given again.

import { hashToken, newId } from '../../../src/secrets/tokens.ts'
import { hours, minutes } from '../../../src/time.ts'
import { firstAdministratorToken } from '../../../src/users/first-administrator.ts'
import { resetMfa, tokenIn } from '../../support/admin.ts'
import { Browser, wrongCode } from '../../support/browser.ts'
import { addPerson, addProtectedPerson, password, signIn, switchEnforcementOn } from '../../support/people.ts'
import type { TestService } from '../../support/service.ts'
import { type Flow, mustBeAt, type Scene, setUp } from './flow.ts'

const typePassword = async ({ browser, person, passwords }: Scene, at: string) =>
  mustBeAt(await browser.send('/sign-in', { email: person.email, password: passwords.at(-1) ?? '' }), at)

const admin = { email: 'root@example.org', role: 'administrator' as const, name: 'Root' }

export const waysIn: readonly Flow[] = [
  {
    name: 'signing in with password and code',
    prepare: async (running) => {
      const { person, key } = await addProtectedPerson(running)
      return { person, key }
    },
    act: async (scene) => {
      await typePassword(scene, '/sign-in/verification-code')
      mustBeAt(await scene.browser.send('/sign-in/verification-code', { code: scene.code }), '/my-profile')
    },
    once: ['second-factor.accepted', 'sign-in.completed'],
    isWayIn: true,
  },
  {
    name: 'signing in with a recovery code, on top of a session',
    prepare: (running) => addProtectedPerson(running),
    act: async (scene) => {
      await typePassword(scene, '/sign-in/verification-code')
      const page = await scene.browser.send('/sign-in/recovery-code', { code: scene.recoveryCode })
      mustBeAt(page, /^\/sign-in\/recovery-code-used/)
    },
    once: ['recovery-codes.used', 'sign-in.completed'],
    isWayIn: true,
  },
  {
    name: 'signing in without 2FA',
    prepare: async (running) => ({ person: await addPerson(running) }),
    act: (scene) => typePassword(scene, '/my-profile'),
    isWayIn: true,
  },
  {
    name: 'a wrong password',
    prepare: async (running) => ({ person: await addPerson(running) }),
    act: async ({ browser, person }) =>
      mustBeAt(await browser.send('/sign-in', { email: person.email, password: 'not these words' }), '/sign-in', 422),
    isWayIn: true,
  },
  {
    name: 'a wrong code',
    prepare: async (running) => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      return { person, key, browser, ids: { wrong: wrongCode(key, running.time.now) } }
    },
    act: async ({ browser, ids }) => {
      const page = await browser.send('/sign-in/verification-code', { code: ids.wrong ?? '' })
      mustBeAt(page, '/sign-in/verification-code', 422)
    },
    isWayIn: true,
  },
  {
    name: 'setting 2FA up at sign-in, where it is enforced',
    prepare: async (running) => {
      const root = await addProtectedPerson(running, admin)
      await switchEnforcementOn(root.browser)
      return { person: await addPerson(running) }
    },
    act: async (scene) => {
      await typePassword(scene, '/set-up-mfa')
      mustBeAt(await setUp(scene, await scene.browser.open('/set-up-mfa')), '/my-profile')
    },
    once: ['totp.enrolled', 'sign-in.completed'],
    isWayIn: true,
  },
  {
    name: 'setting 2FA up with the link after a reset',
    prepare: async (running) => {
      const { person } = await addProtectedPerson(running)
      const root = await addProtectedPerson(running, admin)
      const link = await resetMfa(root.browser, person)
      return { person, ids: { token: tokenIn(link) } }
    },
    act: async (scene) => {
      const { browser, ids } = scene
      mustBeAt(await browser.send('/set-up-mfa-link', { token: ids.token ?? '', password }), '/set-up-mfa')
      mustBeAt(await setUp(scene, await browser.open('/set-up-mfa')), '/my-profile')
    },
    once: ['mfa.link-used', 'totp.enrolled', 'sign-in.completed'],
    isWayIn: true,
    shutOutAt: '/sign-in/set-up-link',
  },
  {
    name: 'accepting an invitation',
    prepare: async (running) => {
      const root = await addProtectedPerson(running, admin)
      await root.browser.send('/admin/users/new', { email: 'bob@example.org', name: 'Bob', role: 'member' })
      const { id } = await running.db
        .selectFrom('users')
        .select('id')
        .where('email', '=', 'bob@example.org')
        .executeTakeFirstOrThrow()
      // Its link went by mail; this one is known here.
      await running.db
        .updateTable('invitations')
        .set({ token_hash: hashToken('known') })
        .execute()
      return { person: { id, email: 'bob@example.org', password }, ids: { token: 'known' } }
    },
    act: async ({ browser, ids }) =>
      mustBeAt(await browser.send('/accept-invitation', { token: ids.token ?? '', password }), '/my-profile'),
    once: ['invitation.accepted', 'sign-in.completed'],
    isWayIn: true,
  },
  {
    name: 'creating the first administrator',
    prepare: async (running) => ({
      person: { id: '', email: 'first@example.org', password },
      ids: { token: await firstAdministratorToken(running.db, running.service.machine.keys) },
    }),
    act: async ({ browser, person, ids }) => {
      const form = { token: ids.token ?? '', email: person.email, name: 'First', password }
      mustBeAt(await browser.send('/set-up', form), '/my-profile')
    },
    once: ['user.created', 'sign-in.completed'],
    isWayIn: true,
  },
  {
    name: 'choosing a new password by a link',
    prepare: async (running) => {
      const { person, key, browser } = await addProtectedPerson(running)
      await addResetLink(running, person.id)
      return { person, key, browser, ids: { token: 'known' } }
    },
    act: async ({ browser, passwords, ids }) => {
      const form = { token: ids.token ?? '', password: 'seven quiet otters sing' }
      if (!passwords.includes(form.password)) passwords.push(form.password)
      mustBeAt(await browser.send('/reset-password', form), '/sign-in?notice=password-reset')
    },
    once: ['password.set'],
    isWayIn: true,
  },
]

async function addResetLink(running: TestService, user_id: string): Promise<void> {
  const created_at = running.time.now
  const link = { id: newId(), purpose: 'reset-password' as const, user_id, token_hash: hashToken('known'), created_at }
  await running.db
    .insertInto('one_time_links')
    .values({ ...link, expires_at: created_at + hours(1) })
    .execute()
}

/** Steps of somebody who is signed in already. */
export const steps: readonly Flow[] = [
  {
    name: 'a step-up with a code',
    prepare: async (running) => {
      const made = await addProtectedPerson(running)
      running.time.now += minutes(11)
      return made
    },
    act: async (scene) => {
      mustBeAt(await scene.browser.open('/recovery-codes'), '/sign-in/verification-code')
      mustBeAt(await scene.browser.send('/sign-in/verification-code', { code: scene.code }), '/recovery-codes')
    },
    once: ['step-up.completed'],
    isWayIn: true,
  },
  {
    name: 'a step-up with the password, to set 2FA up',
    prepare: async (running) => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      running.time.now += minutes(11)
      return { person, browser }
    },
    act: async ({ browser }) => {
      mustBeAt(await browser.open('/set-up-mfa'), '/sign-in/password')
      mustBeAt(await browser.send('/sign-in/password', { password }), '/set-up-mfa')
    },
    once: ['step-up.completed'],
    isWayIn: true,
  },
  {
    name: 'opening the profile, a minute later',
    prepare: async (running) => {
      const made = await addProtectedPerson(running)
      running.time.now += minutes(1)
      return made
    },
    act: async ({ browser }) => mustBeAt(await browser.open('/my-profile'), '/my-profile'),
  },
  {
    name: 'signing out',
    prepare: (running) => addProtectedPerson(running),
    act: async ({ browser }) => mustBeAt(await browser.send('/sign-out', {}), '/sign-in?notice=signed-out'),
    once: ['sign-out'],
    isWayIn: true,
  },
]
