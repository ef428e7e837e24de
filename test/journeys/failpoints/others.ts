// What administrators do, and what the service does in the background.

import { rotate } from '../../../src/rotation/rotate.ts'
import { signOutEveryone } from '../../../src/sign-in/sign-out-everyone.ts'
import { minutes } from '../../../src/time.ts'
import { editUser, resetMfa, userPath } from '../../support/admin.ts'
import { Browser } from '../../support/browser.ts'
import { addPerson, addProtectedPerson, signIn, signInFully, switchEnforcementOn } from '../../support/people.ts'
import { origin, type TestService } from '../../support/service.ts'
import { type Flow, mustBeAt, type Scene, Stopped } from './flow.ts'

/** An administrator in the browser, and Ada, who is signed in with 2FA elsewhere. */
async function withAda(running: TestService) {
  const ada = await addProtectedPerson(running)
  const root = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator', name: 'Root' })
  return { ...root, ids: { id: ada.person.id } }
}

const toAda = (act: string, { browser, ids }: Scene, fields: Record<string, string> = {}) =>
  browser.send(userPath({ id: ids.id ?? '' }, act), fields)

const branding = '/admin/settings/branding'

/** A group with Ada in it, or none yet. */
async function withGroup(running: TestService, member: 'in it' | 'not in it') {
  const made = await withAda(running)
  const page = await made.browser.send('/admin/groups', { name: 'Finance' })
  const group = (await running.db.selectFrom('groups').select('id').executeTakeFirst())?.id
  if (!group) throw new Stopped(page)
  if (member === 'in it') await made.browser.send(`/admin/groups/${group}/add`, { email: 'ada@example.org' })
  return { ...made, ids: { ...made.ids, group } }
}

const confirmed = '/admin/settings?notice=enforcement-confirmed'

export const administration: readonly Flow[] = [
  {
    name: 'adding a user',
    prepare: withAda,
    act: async ({ browser }) => {
      const form = { email: 'bob@example.org', name: 'Bob', role: 'member' }
      const page = mustBeAt(await browser.send('/admin/users/new', form), '/admin/users/new')
      if (!page.html.includes('on its way')) throw new Stopped(page)
    },
    once: ['user.created'],
  },
  {
    name: 'adding a user by the API',
    prepare: withAda,
    act: async ({ browser }) => {
      const at = '/api/v1/users'
      const body = JSON.stringify({ email: 'bob@example.org' })
      const type = { 'content-type': 'application/json', origin, 'sec-fetch-site': 'same-origin' }
      const { status, headers } = await browser.request(at, { method: 'POST', body, headers: type })
      mustBeAt({ status, at, headers, passed: [], html: '' }, at, 201)
    },
    once: ['user.created'],
  },
  {
    name: 'giving somebody another role and an end',
    prepare: withAda,
    act: async ({ browser, ids }) => {
      const user = { id: ids.id ?? '' }
      const page = await editUser(browser, user, { role: 'administrator', lastDay: '2027-01-31' })
      mustBeAt(page, `${userPath(user)}?notice=saved`)
    },
  },
  {
    name: 'deactivating somebody',
    prepare: withAda,
    act: async (scene) => mustBeAt(await toAda('deactivate', scene), /notice=deactivated$/),
    once: ['user.deactivated'],
  },
  {
    name: 'reactivating somebody',
    prepare: async (running) => {
      const made = await withAda(running)
      await made.browser.send(userPath({ id: made.ids.id }, 'deactivate'), {})
      return made
    },
    act: async (scene) => mustBeAt(await toAda('reactivate', scene), /notice=reactivated$/),
    once: ['user.reactivated'],
  },
  {
    name: 'deleting somebody',
    prepare: withAda,
    act: async (scene) => mustBeAt(await toAda('delete', scene, { email: 'ada@example.org' }), /notice=deleted$/),
    once: ['user.deleted'],
  },
  {
    name: 'ending the sessions of somebody',
    prepare: withAda,
    act: async (scene) => mustBeAt(await toAda('end-sessions', scene), /notice=sessions-ended$/),
  },
  {
    name: 'resetting the MFA of somebody',
    prepare: withAda,
    act: async (scene) => {
      const page = mustBeAt(await toAda('reset-mfa', scene, { reason: 'Lost the phone' }), /reset-mfa$/)
      if (!page.html.includes('set-up-mfa-link?token=')) throw new Stopped(page)
    },
  },
  {
    name: 'giving a new set-up link',
    prepare: async (running) => {
      const made = await withAda(running)
      await resetMfa(made.browser, { id: made.ids.id })
      return made
    },
    act: async (scene) => {
      const page = mustBeAt(await toAda('set-up-link', scene), /set-up-link$/)
      if (!page.html.includes('set-up-mfa-link?token=')) throw new Stopped(page)
    },
  },
  {
    name: 'adding somebody to a group',
    prepare: (running) => withGroup(running, 'not in it'),
    act: async ({ browser, ids }) => {
      const page = await browser.send(`/admin/groups/${ids.group}/add`, { email: 'ada@example.org' })
      mustBeAt(page, `/admin/groups/${ids.group}?notice=added`)
    },
    once: ['group.member-added'],
  },
  {
    name: 'deleting a group',
    prepare: (running) => withGroup(running, 'in it'),
    act: async ({ browser, ids }) => {
      const page = await browser.send(`/admin/groups/${ids.group}/delete`, {})
      mustBeAt(page, '/admin/groups?notice=deleted')
    },
    once: ['group.deleted'],
  },
  {
    name: 'changing how the service looks',
    prepare: withAda,
    act: async ({ browser }) => {
      const form = new FormData()
      form.set('name', 'Acme sign-in')
      form.set('color', '#aa3300')
      const packed = new Response(form)
      const type = { 'content-type': packed.headers.get('content-type') ?? '' }
      const sent = { method: 'POST', body: await packed.text(), headers: { ...type, origin } }
      const { status, headers } = await browser.request(branding, sent)
      const at = headers.get('location') ?? branding
      mustBeAt({ status, at, headers, passed: [], html: '' }, `${branding}?notice=saved`, 303)
    },
    isRecordedAnew: true,
  },
  {
    name: 'switching enforcement on',
    prepare: withAda,
    act: async ({ browser }) => mustBeAt(await switchEnforcementOn(browser), '/admin/settings?notice=enforced'),
    once: ['policy.changed'],
  },
  {
    name: 'confirming enforcement',
    prepare: async (running) => {
      const made = await withAda(running)
      await switchEnforcementOn(made.browser)
      running.time.now += minutes(1)
      await signInFully(running, made.browser, made.person, made.key)
      running.time.now += minutes(1)
      return made
    },
    act: async ({ browser }) => mustBeAt(await browser.send('/admin/settings/enforce-mfa/confirm', {}), confirmed),
    once: ['policy.confirmed'],
  },
  {
    name: 'switching enforcement off',
    prepare: async (running) => {
      const made = await withAda(running)
      await switchEnforcementOn(made.browser)
      return made
    },
    act: async ({ browser }) => {
      const form = { enforce: 'off', helpContact: 'help@example.org', shown: 'on' }
      mustBeAt(await browser.send('/admin/settings', form), '/admin/settings?notice=saved')
    },
    once: ['policy.changed'],
  },
  {
    name: 'sending a test mail',
    prepare: withAda,
    act: async ({ browser }) => {
      const page = mustBeAt(await browser.send('/admin/outbox/test', {}), /^\/admin\/outbox\?mail=/)
      if (!page.html.includes('has taken the message')) throw new Stopped(page)
    },
  },
]

/** What is done without a browser: on the host, and by the worker, which tells of a failure and does the same again in a moment. */
export const background: readonly Flow[] = [
  {
    name: 'signing everyone out, tokens revoked',
    prepare: async (running) => {
      const made = await withAda(running)
      await made.browser.send('/my-profile/tokens/new', { name: 'Nightly', days: '30', scope: ['profile:read'] })
      await signIn(new Browser(running), made.person)
      return made
    },
    act: ({ running }) =>
      signOutEveryone(running.service.machine, { reason: 'Stolen', revokeTokens: true, forgetBrowsers: true }),
    isBackground: true,
    isRecordedAnew: true,
  },
  {
    name: 'rotating the data key',
    prepare: async (running) => {
      const { person, key } = await addProtectedPerson(running)
      await new Browser(running).send('/forgot-password', { email: person.email })
      return { person, key }
    },
    act: async ({ running: { db, masterKeys, service } }) => {
      const { keys, clock } = service.machine
      if (!(await rotate({ db, keys, masterKeys, clock, pause: async () => {}, onProgress: () => {} })))
        throw new Error('There was no end of it.')
    },
    isBackground: true,
    isRecordedAnew: true,
    isWayIn: true,
  },
  {
    name: 'an enforcement that lapses',
    prepare: async (running) => {
      const made = await withAda(running)
      await switchEnforcementOn(made.browser)
      running.time.now += minutes(16)
      return made
    },
    act: ({ running }) => running.service.sweepEnforcement(),
    once: ['policy.reverted'],
    isBackground: true,
  },
  {
    name: 'answering a request for a link, and delivering mail',
    prepare: async (running) => {
      const person = await addPerson(running)
      await new Browser(running).send('/forgot-password', { email: person.email })
      return { person }
    },
    act: ({ running }) => running.service.deliverMail(),
    once: ['password.reset-requested'],
    isBackground: true,
  },
  {
    name: 'linking the audit log',
    prepare: async (running) => ({ person: (await addProtectedPerson(running)).person }),
    act: ({ running }) => running.service.linkAudit(),
    isBackground: true,
  },
  {
    name: 'purging what has run out, with an account',
    prepare: async (running) => {
      const made = await withAda(running)
      const { id } = made.ids
      await signIn(new Browser(running), made.person)
      await running.db
        .updateTable('users')
        .set({ expires_at: running.time.now + 1 })
        .where('id', '=', id)
        .execute()
      running.time.now += minutes(31)
      return made
    },
    act: ({ running }) => running.service.purge(),
    once: ['user.expired'],
    isBackground: true,
  },
]
