// What people do to their own accounts.

import { hashToken } from '../../../src/secrets/tokens.ts'
import { minutes } from '../../../src/time.ts'
import { Browser, inputs } from '../../support/browser.ts'
import { addPerson, addProtectedPerson, password, signIn, signInFully } from '../../support/people.ts'
import { type Flow, mustBeAt, Stopped, saveCodes, setUp } from './flow.ts'

const settings = '/my-profile/settings'

export const ownAccount: readonly Flow[] = [
  {
    name: 'setting 2FA up',
    prepare: async (running) => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      return { person, browser }
    },
    act: async (scene) => {
      const page = await scene.browser.open('/set-up-mfa')
      if (page.at === settings && page.status === 200) return
      mustBeAt(page, '/set-up-mfa')
      mustBeAt(await setUp(scene, page), `${settings}?notice=codes-saved`)
    },
    once: ['totp.enrolled'],
  },
  {
    name: 'replacing the authenticator',
    prepare: (running) => addProtectedPerson(running),
    act: async (scene) => {
      const page = mustBeAt(await scene.browser.open('/set-up-mfa?replace=yes'), '/set-up-mfa?replace=yes')
      mustBeAt(await setUp(scene, page, { replace: 'yes' }), `${settings}?notice=codes-saved`)
    },
    movesOnWith: ['totp.enrolled'],
  },
  {
    name: 'making new recovery codes',
    prepare: (running) => addProtectedPerson(running),
    act: async (scene) => {
      const page = mustBeAt(await scene.browser.send('/recovery-codes', {}), '/recovery-codes')
      mustBeAt(await saveCodes(scene, page), `${settings}?notice=codes-saved`)
    },
  },
  {
    name: 'renaming the authenticator',
    prepare: async (running) => {
      const made = await addProtectedPerson(running)
      const { id } = await running.db.selectFrom('totp_factors').select('id').executeTakeFirstOrThrow()
      return { ...made, ids: { authenticator: id } }
    },
    act: async ({ browser, ids }) => {
      const form = { authenticator: ids.authenticator ?? '', name: 'Work phone' }
      mustBeAt(await browser.send(`${settings}/rename-authenticator`, form), /^\/my-profile\/settings\?notice/)
    },
  },
  {
    name: 'turning 2FA off',
    prepare: (running) => addProtectedPerson(running),
    act: async ({ browser }) =>
      mustBeAt(await browser.send(`${settings}/disable-2fa`, {}), `${settings}?notice=mfa-disabled`),
    once: ['totp.removed'],
  },
  {
    name: 'changing the password',
    prepare: async (running) => {
      const made = await addProtectedPerson(running)
      const other = new Browser(running)
      await signInFully(running, other, made.person, made.key)
      running.time.now += minutes(1)
      return made
    },
    act: async ({ browser, passwords }) => {
      const form = { old: password, password: 'seven quiet otters sing' }
      if (!passwords.includes(form.password)) passwords.push(form.password)
      mustBeAt(await browser.send(`${settings}/change-password`, form), `${settings}?notice=password-changed`)
    },
    once: ['password.set'],
  },
  {
    name: 'asking for another email address',
    prepare: (running) => addProtectedPerson(running),
    act: async ({ browser }) => {
      const page = await browser.send(`${settings}/change-email`, { email: 'ada.new@example.org' })
      mustBeAt(page, `${settings}?notice=email-asked`)
    },
  },
  {
    name: 'confirming another email address',
    prepare: async (running) => {
      const made = await addProtectedPerson(running)
      // It differs in its case only, so that either signs in.
      await made.browser.send(`${settings}/change-email`, { email: 'ADA@example.org' })
      await running.db
        .updateTable('one_time_links')
        .set({ token_hash: hashToken('known') })
        .execute()
      return made
    },
    act: async ({ browser }) =>
      mustBeAt(await browser.send('/confirm-email', { token: 'known' }), `${settings}?notice=email-changed`),
    once: ['email.changed'],
  },
  {
    name: 'signing out everywhere else',
    prepare: async (running) => {
      const made = await addProtectedPerson(running)
      await signInFully(running, new Browser(running), made.person, made.key)
      running.time.now += minutes(1)
      return made
    },
    act: async ({ browser }) =>
      mustBeAt(await browser.send('/my-profile/sessions', { others: 'yes' }), '/my-profile/sessions?notice=ended'),
  },
  {
    name: 'making an access token',
    prepare: (running) => addProtectedPerson(running),
    act: async ({ browser }) => {
      const form = { name: 'Nightly report', days: '30', scope: ['profile:read'] }
      const page = mustBeAt(await browser.send('/my-profile/tokens/new', form), '/my-profile/tokens/new')
      if (inputs(page.html, 'name').length > 0) throw new Stopped(page)
    },
  },
  {
    name: 'revoking an access token',
    prepare: async (running) => {
      const made = await addProtectedPerson(running)
      const form = { name: 'Nightly report', days: '30', scope: ['profile:read'] }
      await made.browser.send('/my-profile/tokens/new', form)
      const { id } = await running.db.selectFrom('personal_access_tokens').select('id').executeTakeFirstOrThrow()
      return { ...made, ids: { token: id } }
    },
    act: async ({ browser, ids }) => {
      const page = await browser.send('/my-profile/tokens/revoke', { token: ids.token ?? '' })
      mustBeAt(page, '/my-profile/tokens?notice=revoked')
    },
    once: ['access-token.revoked'],
  },
  {
    name: 'using an access token',
    prepare: async (running) => {
      const made = await addProtectedPerson(running)
      const form = { name: 'Nightly report', days: '30', scope: ['profile:read', 'sessions:write'] }
      const { html } = await made.browser.send('/my-profile/tokens/new', form)
      const token = /cs_[\w-]+/.exec(html)?.[0] ?? /data-copy="([^"]+)"/.exec(html)?.[1] ?? ''
      running.time.now += minutes(1)
      return { ...made, ids: { token } }
    },
    act: async ({ running, ids }) => {
      const at = '/api/v1/me'
      const { status, headers } = await running.fetch(at, { headers: { authorization: `Bearer ${ids.token}` } })
      mustBeAt({ status, at, headers, passed: [], html: '' }, at)
    },
  },
]
