// How to call each route as a person would who fills everything in rightly, and what came of it in a word: so that who is
// turned away is turned away for who they are, not for what they typed.

import type { Browser } from './browser.ts'
import { providerForm } from './identity-providers.ts'
import { password } from './people.ts'
import { origin } from './service.ts'
import {
  codeIn,
  emailToken,
  groupId,
  invitationToken,
  providerId,
  resetToken,
  type State,
  setUpLinkToken,
} from './states.ts'
import { changesBetween, readTables } from './tables.ts'

/** The query that a route is opened with, where it takes one. */
const queries: Record<string, (state: State) => Record<string, string>> = {
  'GET /accept-invitation': () => ({ token: invitationToken }),
  'GET /confirm-email': () => ({ token: emailToken }),
  'GET /reset-password': () => ({ token: resetToken }),
  'GET /set-up-mfa-link': () => ({ token: setUpLinkToken }),
  'GET /set-up': ({ setUpToken }) => ({ token: setUpToken }),
  'GET /admin/users/:id/revoke-token': ({ ids }) => ({ token: ids.otherToken }),
  'GET /admin/identity-providers/new': () => ({ preset: 'okta' }),
  'GET /sign-in': () => ({ next: '/my-profile/settings' }),
  'GET /sign-in/recovery-code-used': () => ({ next: '/my-profile/settings' }),
}

/** The form that a route is sent, filled in. */
const forms: Record<string, (state: State) => Record<string, string | readonly string[]>> = {
  'POST /sign-in': () => ({ email: 'eve@example.org', password }),
  'POST /sign-in/password': () => ({ password }),
  'POST /sign-in/verification-code': (state) => ({ code: codeIn(state) }),
  'POST /sign-in/recovery-code': () => ({ code: '0000-0000-0000-0000' }),
  'POST /sign-out': () => ({}),
  'POST /sign-in/with/:provider': () => ({}),
  'POST /sign-in/with/:provider/step-up': () => ({}),
  'POST /sign-in/with/:provider/acs': () => ({ SAMLResponse: 'PHI+', RelayState: 'a'.repeat(43) }),
  'POST /sign-in/with/:provider/response': () => ({ SAMLResponse: 'PHI+', RelayState: 'a'.repeat(43) }),
  'POST /my-profile/settings/link/:provider': () => ({}),
  'POST /my-profile/settings/unlink': () => ({ identity: 'none' }),
  'POST /set-up-mfa': ({ ids }) => ({ enrolment: ids.enrolment, name: 'My phone', code: '000000' }),
  'POST /recovery-codes': () => ({}),
  'POST /recovery-codes/saved': ({ ids }) => ({ set: ids.set, saved: 'yes' }),
  'POST /recovery-codes/download': () => ({ code: ['0000-0000-0000-0000'] }),
  'POST /my-profile/settings': () => ({ language: '', theme: 'dark' }),
  'POST /my-profile/settings/rename-authenticator': ({ ids }) => ({
    authenticator: ids.authenticator,
    name: 'Work phone',
  }),
  'POST /my-profile/settings/disable-2fa': () => ({}),
  'POST /my-profile/settings/change-password': () => ({ old: password, password: 'new words nobody would guess' }),
  'POST /my-profile/settings/change-email': () => ({ email: 'new-address@example.org' }),
  'POST /confirm-email': () => ({ token: emailToken }),
  'POST /admin/users/:id/invite-again': () => ({}),
  'POST /admin/users/:id/revoke-invitation': () => ({}),
  'POST /my-profile/sessions': () => ({ others: 'yes' }),
  'POST /my-profile/tokens/new': () => ({ name: 'Nightly report', days: '30', scope: ['profile:read'] }),
  'POST /my-profile/tokens/revoke': ({ ids }) => ({ token: ids.accessToken }),
  'POST /admin/users/new': () => ({ email: 'zoe@example.org', name: 'Zoe Example', role: 'member' }),
  'POST /admin/audit/export': () => ({ format: 'csv' }),
  'POST /admin/settings': () => ({ enforce: 'on', helpContact: 'help@example.org' }),
  'POST /admin/users/:id/edit': () => ({ name: 'Eve Other', role: 'auditor', lastDay: '2027-01-31' }),
  'POST /admin/users/export': () => ({ role: 'member' }),
  'POST /admin/groups': () => ({ name: 'Another group' }),
  'POST /admin/groups/:group': () => ({ name: 'The same group' }),
  'POST /admin/groups/:group/delete': () => ({}),
  'POST /admin/groups/:group/add': () => ({ email: 'new@example.org' }),
  'POST /admin/groups/:group/remove': ({ ids }) => ({ user: ids.other }),
  'POST /admin/users/:id/deactivate': () => ({}),
  'POST /admin/users/:id/reactivate': () => ({}),
  'POST /set-up-mfa-link': () => ({ token: setUpLinkToken, password }),
  'POST /admin/users/:id/reset-mfa': () => ({ reason: 'Lost phone' }),
  'POST /admin/users/:id/set-up-link': () => ({}),
  'POST /admin/users/:id/delete': () => ({ email: 'eve@example.org' }),
  'POST /admin/users/:id/end-sessions': () => ({}),
  'POST /admin/users/:id/revoke-token': ({ ids }) => ({ token: ids.otherToken }),
  'POST /forgot-password': () => ({ email: 'eve@example.org' }),
  'POST /reset-password': () => ({ token: resetToken, password: 'new words nobody would guess' }),
  'POST /admin/outbox/test': () => ({}),
  'POST /admin/outbox/retry': () => ({ mail: 'none' }),
  'POST /admin/settings/branding': () => ({ name: 'Acme', color: '' }),
  'POST /admin/identity-providers/new': () => ({
    ...providerForm,
    id: '00000000-0000-4000-8000-00000000000c',
    preset: 'generic',
  }),
  'POST /admin/identity-providers/:provider/edit': () => ({ ...providerForm, version: '1' }),
  'POST /admin/identity-providers/:provider/move': () => ({ direction: 'up' }),
  'POST /admin/identity-providers/:provider/test': () => ({}),
  'POST /admin/identity-providers/:provider/switch-on': () => ({}),
  'POST /admin/identity-providers/:provider/switch-off': () => ({}),
  'POST /admin/identity-providers/:provider/delete': () => ({}),
  'POST /admin/settings/enforce-mfa': () => ({}),
  'POST /admin/settings/enforce-mfa/confirm': () => ({}),
  'POST /accept-invitation': () => ({ token: invitationToken, password: 'new words nobody would guess' }),
  'POST /set-up': ({ setUpToken }) => ({
    token: setUpToken,
    email: 'first@example.org',
    name: 'First Example',
    password: 'first words nobody would guess',
  }),
}

/** The JSON that a route of the API is sent, where it takes any. */
const bodies: Record<string, (state: State) => unknown> = {
  'PATCH /api/v1/me': () => ({ name: 'Ada Other', theme: 'dark' }),
  'POST /api/v1/me/tokens': () => ({ name: 'Nightly report', scopes: ['profile:read'], expires_in_days: 30 }),
  'POST /api/v1/users': () => ({ email: 'zoe@example.org', name: 'Zoe Example', role: 'member' }),
  'PATCH /api/v1/users/:user': () => ({ name: 'Eve Other', expires_at: '2027-01-31T00:00:00Z' }),
  'POST /api/v1/users/:user/mfa-reset': () => ({ reason: 'Lost phone' }),
  'POST /api/v1/groups': () => ({ name: 'Night shift' }),
  'PATCH /api/v1/groups/:group': () => ({ name: 'Day shift' }),
  'PUT /api/v1/policy': () => ({ enforce_mfa: true }),
}

/** Whose id a path takes, where it is not somebody else's. */
const ownIds: Record<string, (state: State) => string> = {
  '/admin/users/:id/invite-again': ({ ids }) => ids.invited,
  '/admin/users/:id/revoke-invitation': ({ ids }) => ids.invited,
  '/api/v1/users/:user/invitation': ({ ids }) => ids.invited,
}

/** Splits `GET /path` and fills in what the path leaves open: the id is somebody else's, the event the first one. */
function splitRoute(route: string, state: State): { method: string; path: string } {
  const [method = '', pattern = ''] = route.split(' ')
  const { ids, contents } = state
  const id = ownIds[pattern]?.(state) ?? ids.other
  const given: Record<string, string> = {
    file: 'main.js',
    id,
    user: id,
    // Of nobody's: there is one session at most, and it is needed.
    session: '00000000-0000-4000-8000-000000000000',
    token: pattern.startsWith('/api/v1/me/') ? ids.accessToken : ids.otherToken,
    event: String(contents.audit_events[0]?.id),
    group: groupId,
    provider: providerId,
  }
  return { method, path: pattern.replace(/:(\w+)/g, (_, name: string) => given[name] ?? name) }
}

/** The address of a route with its query. */
export function addressOf(route: string, state: State): string {
  const query = new URLSearchParams(queries[route]?.(state) ?? {}).toString()
  return `${splitRoute(route, state).path}${query ? `?${query}` : ''}`
}

/** Tells whether a route is of the API, which takes JSON instead of forms. */
export const isForApi = (route: string) => route.includes(' /api/')

/** Calls a route once, as a page of the service would, without following where it leads. `headers` come on top. */
export function request(browser: Browser, route: string, state: State, headers: Record<string, string> = {}) {
  const { method } = splitRoute(route, state)
  if (method === 'GET') return browser.request(addressOf(route, state), { method, headers })
  const body = bodyOf(route, state)
  const type = isForApi(route) ? 'application/json' : 'application/x-www-form-urlencoded'
  const usual = { 'content-type': type, origin, 'sec-fetch-site': 'same-origin' }
  return browser.request(addressOf(route, state), { method, body, headers: { ...usual, ...headers } })
}

/** The filled-in form or JSON of a route. Throws for a form that none is written down for; the API takes nothing with some. */
export function bodyOf(route: string, state: State): string {
  if (isForApi(route)) {
    return bodies[route] ? JSON.stringify(bodies[route](state)) : ''
  }
  const form = forms[route]
  if (!form) throw new Error(`There is no form for ${route} in test/support/routes.ts.`)
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form(state)))
    for (const one of typeof value === 'string' ? [value] : value) body.append(name, one)
  return body.toString()
}

/** What any request may leave behind: when the session was last seen, what was noted, and the beginnings of something. */
const traces = /^(sessions\.last_seen_at|audit_events \+1|attempts.*|sign_ins.*|totp_enrolments \+1)$/

/**
 * Calls a route in a state and says what came of it: `page`, `data`, `file`, `→ /path`, `form again`, or the status; with
 * `changes` in front when something in the database is different for it.
 */
export async function callRoute(state: State, route: string): Promise<string> {
  const browser = await state.again()
  const response = await request(browser, route, state)
  const changes = changesBetween(state.contents, await readTables(state.running.db)).filter(
    (change) => !traces.test(change),
  )
  return `${changes.length > 0 ? 'changes ' : ''}${inAWord(response).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|a-group$/, ':id')}`
}

/** Says in a word what a response is. */
export function inAWord(response: Response): string {
  if (response.status === 422) return 'form again'
  const location = response.headers.get('location')
  if (location !== null) return `→ ${new URL(location, origin).pathname}`
  if (response.status !== 200) return String(response.status)
  const type = response.headers.get('content-type') ?? ''
  return type.startsWith('text/html') ? 'page' : type.startsWith('application/json') ? 'data' : 'file'
}
