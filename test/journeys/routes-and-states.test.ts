// Who may call what. Every route that the running service has, called in every state that a browser can be in, against a
// table that is written by hand: a route without a row fails, and so does a row without a route.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPages } from '../../src/pages/pages.tsx'
import { keepUserCounts } from '../../src/users/user-counts.ts'
import { Browser } from '../support/browser.ts'
import { addProtectedPerson } from '../support/people.ts'
import { addressOf, callRoute, request } from '../support/routes.ts'
import { dialects, origin, startService } from '../support/service.ts'
import { makeState, type State, type StateName, stateNames } from '../support/states.ts'
import { changesBetween, readTables } from '../support/tables.ts'

/** By what comes of it (see `callRoute`), the states in which that comes of calling the route. */
type Row = Readonly<Record<string, readonly StateName[]>>

const outside: readonly StateName[] = ['anonymous', 'disabled']
const secondFactorOwed: readonly StateName[] = ['second factor owed']
const signingInOwesEnrolment: readonly StateName[] = ['enrolment owed, signing in']
const signedInOwesEnrolment: readonly StateName[] = ['enrolment owed, signed in']
const signingInOwesCodes: readonly StateName[] = ['recovery codes owed, signing in']
const signedInOwesCodes: readonly StateName[] = ['recovery codes owed, signed in']
const owesEnrolment = [...signingInOwesEnrolment, ...signedInOwesEnrolment]
const owesCodes = [...signingInOwesCodes, ...signedInOwesCodes]
const setUpLinkOwed: readonly StateName[] = ['MFA reset, signing in']
const signingIn = [...secondFactorOwed, ...setUpLinkOwed, ...signingInOwesEnrolment, ...signingInOwesCodes]
const noSignInGoesOn: readonly StateName[] = [
  ...outside,
  ...signedInOwesEnrolment,
  ...signedInOwesCodes,
  'stale member',
  'stale administrator',
  'member',
  'member without 2FA',
  'administrator',
  'auditor',
  'help desk',
]
const fresh: readonly StateName[] = ['member', 'administrator', 'auditor', 'help desk']
const stale: readonly StateName[] = ['stale member', 'stale administrator', 'stepping up']
const without2FA: readonly StateName[] = ['member without 2FA']
const usable = [...fresh, ...stale, ...without2FA]
const members: readonly StateName[] = ['member', 'member without 2FA', 'stale member', 'stepping up']
const everyState = stateNames

/** What everybody gets who has no session that owes nothing. */
const turnedAway: Row = {
  '→ /sign-in': [...outside, ...signingIn],
  '→ /set-up-mfa': signedInOwesEnrolment,
  '→ /recovery-codes': signedInOwesCodes,
}

const administrators: readonly StateName[] = ['administrator', 'stale administrator']
const readers: readonly StateName[] = [...administrators, 'auditor', 'help desk']
const auditors: readonly StateName[] = [...administrators, 'auditor']
const helpers: readonly StateName[] = ['administrator', 'help desk']

/** The same, as the API says it. */
const refused: Row = {
  '401': [...outside, ...signingIn],
  '403': [...signedInOwesEnrolment, ...signedInOwesCodes],
}

/** The same for a sensitive act: a session whose proof is old is challenged. */
const refusedUnlessFresh: Row = { ...refused, '401': [...outside, ...signingIn, ...stale] }

/** A route of the API that only reads. */
const readBy = (who: readonly StateName[]): Row => ({
  ...refused,
  '403': [...signedInOwesEnrolment, ...signedInOwesCodes, ...usable.filter((name) => !who.includes(name))],
  data: who,
})

/** A sensitive act by the API: whoever may not is told so before an old proof is. */
const doneBy = (who: readonly StateName[], outcome: string): Row => ({
  '401': [...outside, ...signingIn, 'stale administrator'],
  '403': [
    ...signedInOwesEnrolment,
    ...signedInOwesCodes,
    ...usable.filter((name) => !who.includes(name) && name !== 'stale administrator'),
  ],
  [outcome]: who,
})

/** The same, and members as well. */
const membersTurnedAway: Row = { ...turnedAway, '403': members }

/** The same, and everybody else who is no administrator. */
const administratorsOnly: Row = { ...turnedAway, '403': [...members, 'auditor', 'help desk'] }

/** What comes of it for an administrator with a fresh proof; another one is asked for it first. */
const freshOnly = (outcome: string): Row => ({
  [outcome]: ['administrator'],
  '→ /sign-in/verification-code': ['stale administrator'],
})

/** What administrators and the help desk may. */
const helpersOnly: Row = { ...turnedAway, '403': [...members, 'auditor'] }
const freshHelpers = (outcome: string): Row => ({
  [outcome]: ['administrator', 'help desk'],
  '→ /sign-in/verification-code': ['stale administrator'],
})

const table: Readonly<Record<string, Row>> = {
  // For anyone.
  'GET /healthz': { data: everyState },
  'GET /readyz': { data: everyState },
  // Behind https, and without its token.
  'GET /metrics': { '404': everyState },
  'GET /assets/:file': { file: everyState },
  'GET /favicon.svg': { file: everyState },
  'GET /favicon.ico': { '→ /favicon.svg': everyState },
  'GET /': { '→ /my-profile': everyState },
  'GET /sign-in': {
    page: [...outside, ...signingIn],
    '→ /set-up-mfa': signedInOwesEnrolment,
    '→ /recovery-codes': signedInOwesCodes,
    '→ /my-profile/settings': usable,
  },
  // Sent with the right password of somebody without 2FA, whom enforcement stops and nothing else does.
  'POST /sign-in': {
    'changes → /my-profile': [...outside, ...secondFactorOwed, ...setUpLinkOwed, ...owesCodes, ...usable],
    '→ /set-up-mfa': signingInOwesEnrolment,
    'changes → /set-up-mfa': signedInOwesEnrolment,
  },
  'POST /sign-out': {
    '→ /sign-in': ['anonymous', ...signingIn],
    'changes → /sign-in': ['disabled', ...signedInOwesEnrolment, ...signedInOwesCodes, ...usable],
  },
  // The link of the first administrator is closed once there has been one.
  'GET /set-up': { '404': everyState },
  'POST /set-up': { '404': everyState },
  // With a valid invitation; it makes a sign-in like any other.
  'GET /accept-invitation': { page: everyState },
  'POST /accept-invitation': {
    'changes → /my-profile': [...outside, ...secondFactorOwed, ...setUpLinkOwed, ...owesCodes, ...usable],
    'changes → /set-up-mfa': owesEnrolment,
  },
  'GET /forgot-password': { page: everyState },
  'POST /forgot-password': { 'changes → /forgot-password': everyState },
  // With a valid link of somebody else's. It ends what this browser had, and makes no session.
  'GET /reset-password': { page: everyState },
  'POST /reset-password': { 'changes → /sign-in': everyState },

  // With a valid link and the password of somebody whose MFA was reset.
  'GET /set-up-mfa-link': { page: everyState },
  'POST /set-up-mfa-link': { 'changes → /set-up-mfa': everyState },

  // For whoever is signing in or stepping up, and only while it is the step that is due.
  'GET /sign-in/password': {
    '→ /sign-in': noSignInGoesOn,
    '→ /sign-in/verification-code': [...secondFactorOwed, 'stepping up'],
    '→ /sign-in/set-up-link': setUpLinkOwed,
    '→ /set-up-mfa': signingInOwesEnrolment,
    '→ /recovery-codes': signingInOwesCodes,
  },
  'POST /sign-in/password': { '→ /sign-in': everyState },
  'GET /sign-in/verification-code': {
    page: [...secondFactorOwed, 'stepping up'],
    '→ /sign-in/set-up-link': setUpLinkOwed,
    '→ /sign-in': noSignInGoesOn,
    '→ /set-up-mfa': signingInOwesEnrolment,
    '→ /recovery-codes': signingInOwesCodes,
  },
  // Sent with the right code.
  'POST /sign-in/verification-code': {
    'changes → /my-profile': secondFactorOwed,
    'changes → /recovery-codes': ['stepping up'],
    '→ /sign-in': [...noSignInGoesOn, ...setUpLinkOwed, ...signingInOwesEnrolment, ...signingInOwesCodes],
  },
  'GET /sign-in/set-up-link': {
    page: setUpLinkOwed,
    '→ /sign-in': noSignInGoesOn,
    '→ /sign-in/verification-code': [...secondFactorOwed, 'stepping up'],
    '→ /set-up-mfa': signingInOwesEnrolment,
    '→ /recovery-codes': signingInOwesCodes,
  },
  'GET /sign-in/recovery-code': {
    page: [...secondFactorOwed, 'stepping up'],
    '→ /sign-in/set-up-link': setUpLinkOwed,
    '→ /sign-in': noSignInGoesOn,
    '→ /set-up-mfa': signingInOwesEnrolment,
    '→ /recovery-codes': signingInOwesCodes,
  },
  // Sent with a wrong code.
  'POST /sign-in/recovery-code': {
    'form again': [...secondFactorOwed, 'stepping up'],
    '→ /sign-in': [...noSignInGoesOn, ...setUpLinkOwed, ...signingInOwesEnrolment, ...signingInOwesCodes],
  },

  // There is no provider: the test of single sign-on has one.
  'GET /sign-in/with/:provider': { '404': everyState },
  'POST /sign-in/with/:provider': { '403': everyState },
  'GET /sign-in/with/:provider/callback': { '403': everyState },
  'GET /sign-in/with/:provider/metadata': { '404': everyState },
  'POST /sign-in/with/:provider/acs': { page: everyState },
  'POST /sign-in/with/:provider/response': { '403': everyState },
  'POST /sign-in/with/:provider/step-up': {
    '403': [...secondFactorOwed, ...setUpLinkOwed, ...signingInOwesEnrolment, ...signingInOwesCodes, 'stepping up'],
    '→ /sign-in': noSignInGoesOn,
  },

  // For whoever may be led to protect their account.
  'GET /set-up-mfa': {
    page: [...owesEnrolment, ...without2FA],
    '→ /sign-in': outside,
    '→ /sign-in/verification-code': secondFactorOwed,
    '→ /sign-in/set-up-link': setUpLinkOwed,
    '→ /recovery-codes': owesCodes,
    '→ /my-profile/settings': [...fresh, ...stale],
  },
  // Sent with a wrong code.
  'POST /set-up-mfa': {
    'form again': [...owesEnrolment, ...without2FA],
    '→ /sign-in': outside,
    '→ /sign-in/verification-code': secondFactorOwed,
    '→ /sign-in/set-up-link': setUpLinkOwed,
    '→ /recovery-codes': owesCodes,
    '→ /my-profile/settings': [...fresh, ...stale],
  },
  'GET /recovery-codes': {
    page: [...owesCodes, ...fresh],
    '→ /sign-in': outside,
    '→ /sign-in/verification-code': [...secondFactorOwed, ...stale],
    '→ /sign-in/set-up-link': setUpLinkOwed,
    '→ /set-up-mfa': owesEnrolment,
    '→ /my-profile/settings': without2FA,
  },
  'POST /recovery-codes': {
    'changes page': [...owesCodes, ...fresh],
    '→ /sign-in': [...outside, ...signingInOwesEnrolment],
    '→ /sign-in/verification-code': [...secondFactorOwed, ...stale],
    '→ /sign-in/set-up-link': setUpLinkOwed,
    '→ /set-up-mfa': signedInOwesEnrolment,
    '→ /my-profile': without2FA,
  },
  'POST /recovery-codes/saved': {
    'changes → /my-profile': signingInOwesCodes,
    'changes → /my-profile/settings': signedInOwesCodes,
    '→ /my-profile/settings': [...owesEnrolment, ...usable],
    '→ /sign-in': outside,
    '→ /sign-in/verification-code': secondFactorOwed,
    '→ /sign-in/set-up-link': setUpLinkOwed,
  },
  // Hands back, as a file, the codes that it was sent; it knows none.
  'POST /recovery-codes/download': {
    file: [...owesEnrolment, ...owesCodes, ...usable],
    '→ /sign-in': outside,
    '→ /sign-in/verification-code': secondFactorOwed,
    '→ /sign-in/set-up-link': setUpLinkOwed,
  },

  // For a session that owes nothing.
  'GET /sign-in/recovery-code-used': { ...turnedAway, page: usable },
  'GET /my-profile': { ...turnedAway, page: usable },
  'GET /my-profile/settings': { ...turnedAway, page: usable },
  'POST /my-profile/settings': { ...turnedAway, 'changes → /my-profile/settings': usable },
  'GET /my-profile/settings/rename-authenticator': {
    ...turnedAway,
    page: fresh,
    '→ /sign-in/verification-code': stale,
    '404': without2FA,
  },
  'POST /my-profile/settings/rename-authenticator': {
    ...turnedAway,
    'changes → /my-profile/settings': fresh,
    '→ /sign-in/verification-code': stale,
    '404': without2FA,
  },
  'GET /my-profile/settings/disable-2fa': {
    ...turnedAway,
    page: fresh,
    '→ /sign-in/verification-code': stale,
    '→ /my-profile/settings': without2FA,
  },
  'POST /my-profile/settings/disable-2fa': {
    ...turnedAway,
    'changes → /my-profile/settings': fresh,
    '→ /sign-in/verification-code': stale,
    '409': without2FA,
  },
  'POST /my-profile/settings/link/:provider': {
    ...turnedAway,
    '403': [...fresh, ...without2FA],
    '→ /sign-in/verification-code': stale,
  },
  // Of an identity that nobody has.
  'POST /my-profile/settings/unlink': {
    ...turnedAway,
    '404': [...fresh, ...without2FA],
    '→ /sign-in/verification-code': stale,
  },
  'GET /my-profile/settings/change-password': {
    ...turnedAway,
    page: [...fresh, ...without2FA],
    '→ /sign-in/verification-code': stale,
  },
  'POST /my-profile/settings/change-password': {
    ...turnedAway,
    'changes → /my-profile/settings': [...fresh, ...without2FA],
    '→ /sign-in/verification-code': stale,
  },
  'GET /my-profile/settings/change-email': {
    ...turnedAway,
    page: [...fresh, ...without2FA],
    '→ /sign-in/verification-code': stale,
  },
  'POST /my-profile/settings/change-email': {
    ...turnedAway,
    'changes → /my-profile/settings': [...fresh, ...without2FA],
    '→ /sign-in/verification-code': stale,
  },
  // With a valid link of the person's own. Whoever is not signed in is told to be.
  'GET /confirm-email': { page: everyState },
  'POST /confirm-email': { ...turnedAway, 'changes → /my-profile/settings': usable },
  'GET /my-profile/sessions': { ...turnedAway, page: usable },
  // There is no other session to end.
  'POST /my-profile/sessions': {
    ...turnedAway,
    '→ /my-profile/sessions': [...fresh, ...without2FA],
    '→ /sign-in/verification-code': stale,
  },
  'GET /my-profile/tokens': { ...turnedAway, page: usable },
  'GET /my-profile/tokens/new': {
    ...turnedAway,
    page: [...fresh, ...without2FA],
    '→ /sign-in/verification-code': stale,
  },
  'POST /my-profile/tokens/new': {
    ...turnedAway,
    'changes page': [...fresh, ...without2FA],
    '→ /sign-in/verification-code': stale,
  },
  'POST /my-profile/tokens/revoke': { ...turnedAway, 'changes → /my-profile/tokens': usable },
  // The API, called from a browser of the service's own origin. For tokens there is a table of its own.
  'GET /api/openapi.json': { data: everyState },
  'GET /api/v1/me': { ...refused, data: usable },
  'PATCH /api/v1/me': { ...refused, 'changes 204': usable },
  'GET /api/v1/me/factors': { ...refused, data: usable },
  'GET /api/v1/me/sessions': { ...refused, data: usable },
  // There is no other session to end.
  'DELETE /api/v1/me/sessions': { ...refusedUnlessFresh, '204': [...fresh, ...without2FA] },
  'DELETE /api/v1/me/sessions/:session': { ...refusedUnlessFresh, '404': [...fresh, ...without2FA] },
  'GET /api/v1/me/tokens': { ...refused, data: usable },
  'POST /api/v1/me/tokens': { ...refusedUnlessFresh, 'changes 201': [...fresh, ...without2FA] },
  'DELETE /api/v1/me/tokens/:token': { ...refused, 'changes 204': usable },
  'GET /api/v1/users': readBy(readers),
  'POST /api/v1/users': doneBy(helpers, 'changes 201'),
  'GET /api/v1/users/:user': readBy(readers),
  'PATCH /api/v1/users/:user': doneBy(['administrator'], 'changes 204'),
  'DELETE /api/v1/users/:user': doneBy(['administrator'], 'changes 204'),
  // With the id of somebody who is invited.
  'POST /api/v1/users/:user/invitation': doneBy(helpers, 'changes 201'),
  'DELETE /api/v1/users/:user/invitation': doneBy(helpers, 'changes 204'),
  'POST /api/v1/users/:user/deactivate': doneBy(['administrator'], 'changes 204'),
  'POST /api/v1/users/:user/reactivate': doneBy(['administrator'], '409'),
  'GET /api/v1/users/:user/sessions': readBy(readers),
  'DELETE /api/v1/users/:user/sessions': doneBy(['administrator'], '204'),
  'DELETE /api/v1/users/:user/sessions/:session': doneBy(['administrator'], '404'),
  'GET /api/v1/users/:user/tokens': readBy(readers),
  'DELETE /api/v1/users/:user/tokens/:token': doneBy(['administrator'], 'changes 204'),
  'POST /api/v1/users/:user/mfa-reset': doneBy(helpers, 'changes 201'),
  'POST /api/v1/users/:user/set-up-link': doneBy(helpers, '409'),
  'GET /api/v1/groups': readBy(readers),
  'POST /api/v1/groups': doneBy(['administrator'], 'changes 201'),
  'PATCH /api/v1/groups/:group': doneBy(['administrator'], 'changes 204'),
  'DELETE /api/v1/groups/:group': doneBy(['administrator'], 'changes 204'),
  // With somebody who is in it.
  'PUT /api/v1/groups/:group/members/:user': doneBy(['administrator'], '204'),
  'DELETE /api/v1/groups/:group/members/:user': doneBy(['administrator'], 'changes 204'),
  'GET /api/v1/policy': readBy(auditors),
  'GET /api/v1/policy/preview': readBy(auditors),
  'PUT /api/v1/policy': doneBy(['administrator'], 'changes data'),
  'POST /api/v1/policy/confirm': doneBy(['administrator'], '409'),
  'GET /api/v1/audit-events': readBy(auditors),
  'GET /api/v1/audit-events/:event': readBy(auditors),

  // For administrators.
  'GET /admin': { ...membersTurnedAway, '→ /admin/users': [...administrators, 'auditor', 'help desk'] },
  'GET /admin/users': { ...membersTurnedAway, page: [...administrators, 'auditor', 'help desk'] },
  'GET /admin/users/new': {
    ...turnedAway,
    '403': [...members, 'auditor'],
    page: ['administrator', 'help desk'],
    '→ /sign-in/verification-code': ['stale administrator'],
  },
  'POST /admin/users/new': {
    ...turnedAway,
    '403': [...members, 'auditor'],
    'changes page': ['administrator', 'help desk'],
    '→ /sign-in/verification-code': ['stale administrator'],
  },
  'GET /admin/users/:id': { ...membersTurnedAway, page: [...administrators, 'auditor', 'help desk'] },
  'GET /admin/users/:id/edit': { ...administratorsOnly, ...freshOnly('page') },
  'POST /admin/users/:id/edit': { ...administratorsOnly, ...freshOnly('changes → /admin/users/:id') },
  'POST /admin/users/export': { ...membersTurnedAway, file: [...administrators, 'auditor', 'help desk'] },
  'GET /admin/groups': { ...membersTurnedAway, page: [...administrators, 'auditor', 'help desk'] },
  'POST /admin/groups': { ...administratorsOnly, ...freshOnly('changes → /admin/groups/:id') },
  'GET /admin/groups/:group': { ...membersTurnedAway, page: [...administrators, 'auditor', 'help desk'] },
  'POST /admin/groups/:group': { ...administratorsOnly, ...freshOnly('changes → /admin/groups/:id') },
  'GET /admin/groups/:group/delete': { ...administratorsOnly, ...freshOnly('page') },
  'POST /admin/groups/:group/delete': { ...administratorsOnly, ...freshOnly('changes → /admin/groups') },
  'POST /admin/groups/:group/add': { ...administratorsOnly, ...freshOnly('changes → /admin/groups/:id') },
  'POST /admin/groups/:group/remove': { ...administratorsOnly, ...freshOnly('changes → /admin/groups/:id') },
  'GET /admin/identity-providers': { ...turnedAway, '403': [...members, 'help desk'], page: auditors },
  'GET /admin/identity-providers/new': { ...administratorsOnly, ...freshOnly('page') },
  // A form that was filled in for long comes back as it was.
  'POST /admin/identity-providers/new': {
    ...administratorsOnly,
    'changes → /admin/identity-providers/:id': ['administrator'],
    'form again': ['stale administrator'],
  },
  'GET /admin/identity-providers/confirm': { ...administratorsOnly, ...freshOnly('page') },
  'GET /admin/identity-providers/:provider': { ...turnedAway, '403': [...members, 'help desk'], page: auditors },
  'GET /admin/identity-providers/:provider/edit': { ...administratorsOnly, ...freshOnly('page') },
  'POST /admin/identity-providers/:provider/edit': {
    ...administratorsOnly,
    'changes → /admin/identity-providers/:id': ['administrator'],
    'form again': ['stale administrator'],
  },
  // There is only one.
  'POST /admin/identity-providers/:provider/move': {
    ...administratorsOnly,
    ...freshOnly('changes → /admin/identity-providers'),
  },
  // Nobody answers there, and that is what the page says.
  'POST /admin/identity-providers/:provider/test': { ...administratorsOnly, ...freshOnly('page') },
  'POST /admin/identity-providers/:provider/switch-on': {
    ...administratorsOnly,
    ...freshOnly('changes → /admin/identity-providers/:id'),
  },
  // It is off.
  'GET /admin/identity-providers/:provider/switch-off': {
    ...administratorsOnly,
    '→ /admin/identity-providers/:id': administrators,
  },
  'POST /admin/identity-providers/:provider/switch-off': { ...administratorsOnly, ...freshOnly('409') },
  'GET /admin/identity-providers/:provider/delete': { ...administratorsOnly, ...freshOnly('page') },
  'POST /admin/identity-providers/:provider/delete': {
    ...administratorsOnly,
    ...freshOnly('changes → /admin/identity-providers'),
  },
  'GET /admin/users/:id/reset-mfa': { ...helpersOnly, ...freshHelpers('page') },
  'POST /admin/users/:id/reset-mfa': { ...helpersOnly, ...freshHelpers('changes page') },
  // The other one's MFA was not reset.
  'GET /admin/users/:id/set-up-link': { ...helpersOnly, ...freshHelpers('→ /admin/users/:id') },
  'POST /admin/users/:id/set-up-link': { ...helpersOnly, ...freshHelpers('409') },
  'GET /admin/users/:id/deactivate': { ...administratorsOnly, ...freshOnly('page') },
  'POST /admin/users/:id/deactivate': { ...administratorsOnly, ...freshOnly('changes → /admin/users/:id') },
  // The other one is active.
  'GET /admin/users/:id/reactivate': { ...administratorsOnly, ...freshOnly('→ /admin/users/:id') },
  'POST /admin/users/:id/reactivate': { ...administratorsOnly, ...freshOnly('409') },
  'GET /admin/users/:id/delete': { ...administratorsOnly, ...freshOnly('page') },
  'POST /admin/users/:id/delete': { ...administratorsOnly, ...freshOnly('changes → /admin/users') },
  'GET /admin/users/:id/end-sessions': { ...administratorsOnly, ...freshOnly('page') },
  'POST /admin/users/:id/end-sessions': { ...administratorsOnly, ...freshOnly('→ /admin/users/:id') },
  // With the id of somebody who is invited.
  'GET /admin/users/:id/invite-again': { ...helpersOnly, ...freshHelpers('page') },
  'POST /admin/users/:id/invite-again': { ...helpersOnly, ...freshHelpers('changes page') },
  'GET /admin/users/:id/revoke-invitation': { ...helpersOnly, ...freshHelpers('page') },
  'POST /admin/users/:id/revoke-invitation': { ...helpersOnly, ...freshHelpers('changes → /admin/users/:id') },
  'GET /admin/users/:id/revoke-token': { ...administratorsOnly, ...freshOnly('page') },
  'POST /admin/users/:id/revoke-token': { ...administratorsOnly, ...freshOnly('changes → /admin/users/:id') },
  // With the id of an event.
  'GET /admin/audit': { ...turnedAway, '403': [...members, 'help desk'], page: [...administrators, 'auditor'] },
  'GET /admin/audit/:event': { ...turnedAway, '403': [...members, 'help desk'], page: [...administrators, 'auditor'] },
  'POST /admin/audit/export': { ...turnedAway, '403': [...members, 'help desk'], file: [...administrators, 'auditor'] },
  'GET /admin/settings': {
    ...turnedAway,
    '403': [...members, 'help desk'],
    page: [...administrators, 'auditor'],
  },
  'POST /admin/settings': {
    ...administratorsOnly,
    'changes → /admin/settings/enforce-mfa': ['administrator'],
    '→ /sign-in/verification-code': ['stale administrator'],
  },
  'GET /admin/outbox': { ...membersTurnedAway, '403': [...members, 'help desk'], page: [...administrators, 'auditor'] },
  'POST /admin/outbox/test': {
    ...administratorsOnly,
    'changes → /admin/outbox': ['administrator'],
    '→ /sign-in/verification-code': ['stale administrator'],
  },
  // There is no such message.
  'POST /admin/outbox/retry': {
    ...administratorsOnly,
    '404': ['administrator'],
    '→ /sign-in/verification-code': ['stale administrator'],
  },
  // Nobody has chosen a colour or a logo.
  'GET /brand.css': { file: everyState },
  'GET /brand-logo': { '404': everyState },
  'GET /admin/settings/branding': {
    ...administratorsOnly,
    page: ['administrator'],
    '→ /sign-in/verification-code': ['stale administrator'],
  },
  // Sent without a file, as an ordinary form, which this route does not take.
  'POST /admin/settings/branding': { ...administratorsOnly, '415': administrators },
  'GET /admin/settings/enforce-mfa': { ...administratorsOnly, page: administrators },
  'POST /admin/settings/enforce-mfa': {
    ...administratorsOnly,
    'changes → /admin/settings': ['administrator'],
    '→ /sign-in/verification-code': ['stale administrator'],
  },
  // There is nothing to confirm.
  'POST /admin/settings/enforce-mfa/confirm': {
    ...administratorsOnly,
    '→ /admin/settings': ['administrator'],
    '→ /sign-in/verification-code': ['stale administrator'],
  },
}

const routesOf = ({ running }: State) => running.service.routes.map(({ method, path }) => `${method} ${path}`)

/** What the table says comes of every route in this state. */
function expectedIn(name: StateName): Record<string, string> {
  return Object.fromEntries(
    Object.entries(table).map(([route, row]) => {
      const outcomes = Object.keys(row).filter((outcome) => row[outcome]?.includes(name))
      return [route, outcomes.join(' or ') || 'nothing is written down']
    }),
  )
}

/** What has nothing to do with the database is tried on one of them. */
const [firstDialect] = dialects

for (const dialect of dialects) {
  for (const name of stateNames) {
    describe(`${name}, on ${dialect}`, () => {
      let state: State
      beforeAll(async () => {
        state = await makeState(name, dialect)
      }, 60_000)
      afterAll(() => state.stop())

      test('every route of the service has a row in the table, and every row a route', () => {
        expect(routesOf(state).sort()).toEqual(Object.keys(table).sort())
      })

      test('every route answers as the table says', { timeout: 120_000 }, async () => {
        const outcomes: Record<string, string> = {}
        for (const route of routesOf(state)) outcomes[route] = await callRoute(state, route)
        expect(outcomes).toEqual(expectedIn(name))
      })

      test('who is led away from a page is led back to it later', async () => {
        const page = '/my-profile/settings?notice=renamed'
        const browser = await state.again()
        const response = await browser.request(page, { method: 'GET', headers: {} })
        if (response.status === 303) {
          const location = new URL(response.headers.get('location') ?? '', origin)
          expect(location.searchParams.get('next')).toBe(page)
        } else {
          expect(response.status).toBe(200)
        }
      })

      test.runIf(dialect === firstDialect)(
        'an unknown path is not found, whatever the method',
        { timeout: 60_000 },
        async () => {
          const browser = await state.again()
          const unknown = [
            '/nothing',
            '/my-profile/',
            '/MY-PROFILE',
            '/admin/',
            '/api',
            '/api/v1',
            '/api/v1/',
            '/api/v1/me/',
            '/sign-in/',
            '/assets/',
            '/.env',
            '/my-profile/settings/../../etc',
            '/healthz/',
          ]
          for (const path of unknown)
            for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
              const response = await browser.request(path, { method, headers: { origin } })
              expect(`${method} ${path} ${response.status}`).toBe(`${method} ${path} 404`)
            }
        },
      )

      test.runIf(dialect === firstDialect)(
        'a method that is not declared does nothing',
        { timeout: 120_000 },
        async () => {
          const browser = await state.again()
          for (const route of routesOf(state)) {
            const address = addressOf(route, state)
            const path = route.split(' ')[1] ?? ''
            const declared = routesOf(state).filter((other) => other.endsWith(` ${path}`))
            for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'POST']) {
              if (declared.includes(`${method} ${path}`)) continue
              const response = await browser.request(address, {
                method,
                headers: { origin, 'sec-fetch-site': 'same-origin' },
              })
              // Programs are told what there is.
              const methods = path.startsWith('/api/v1/') ? declared.map((other) => other.split(' ')[0]) : null
              const status = methods ? 405 : 404
              expect(`${method} ${address} ${response.status}`).toBe(`${method} ${address} ${status}`)
              expect(response.headers.get('access-control-allow-origin')).toBeNull()
              const allowed = response.headers.get('allow')?.split(', ')
              const heads = methods?.includes('GET') ? ['HEAD'] : []
              expect(allowed?.toSorted()).toEqual(methods ? [...methods, ...heads].toSorted() : undefined)
            }
            const head = await browser.request(address, { method: 'HEAD', headers: {} })
            expect(await head.text()).toBe('')
          }
          // What a signed-in person was refused is noted, as ever.
          const noted = new Set(['sessions.last_seen_at', 'audit_events +1'])
          const changes = changesBetween(state.contents, await readTables(state.running.db))
          expect(changes.filter((change) => !noted.has(change))).toEqual([])
        },
      )
    })
  }
}

describe('the table', () => {
  test('every row names every state once', () => {
    for (const [route, row] of Object.entries(table))
      expect(`${route}: ${Object.values(row).flat().sort().join(', ')}`).toBe(
        `${route}: ${[...stateNames].sort().join(', ')}`,
      )
  })

  test('nothing but the way to set 2FA up, help and sign-out is open while enrolment is owed', () => {
    const open = Object.entries(table).flatMap(([route, row]) =>
      ['page', 'form again', 'file', 'data', 'changes page'].some((outcome) =>
        row[outcome]?.some((state) => owesEnrolment.includes(state)),
      )
        ? [route]
        : [],
    )
    expect(open.sort()).toEqual([
      'GET /accept-invitation',
      'GET /api/openapi.json',
      'GET /assets/:file',
      'GET /brand.css',
      'GET /confirm-email',
      'GET /favicon.svg',
      'GET /forgot-password',
      'GET /healthz',
      'GET /readyz',
      'GET /reset-password',
      // The sign-in page is open to who is only signing in: they may want to be somebody else.
      'GET /set-up-mfa',
      'GET /set-up-mfa-link',
      'GET /sign-in',
      'POST /recovery-codes/download',
      'POST /set-up-mfa',
      'POST /sign-in/with/:provider/acs',
    ])
  })
})

describe('the API', () => {
  const problemIn = async (name: StateName) => {
    const state = await makeState(name, 'sqlite')
    const response = await request(await state.again(), 'GET /api/v1/me', state)
    await state.stop()
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    return (await response.json()) as Record<string, unknown>
  }

  test('who has no session gets a problem that says so', async () => {
    expect(await problemIn('anonymous')).toMatchObject({
      type: 'urn:countersign:problem:signed-out',
      status: 401,
      code: 'signed-out',
    })
  })

  test('who owes enrolment gets a problem with the address of the set-up page', async () => {
    expect(await problemIn('enrolment owed, signed in')).toMatchObject({
      type: 'urn:countersign:problem:enrolment-owed',
      title: expect.any(String),
      status: 403,
      code: 'enrolment-owed',
      set_up: `${origin}/set-up-mfa`,
    })
  })

  test('who owes recovery codes gets a problem with the address where they are made', async () => {
    expect(await problemIn('recovery codes owed, signed in')).toMatchObject({
      status: 403,
      code: 'recovery-codes-owed',
      set_up: `${origin}/recovery-codes`,
    })
  })

  test('an unknown path below /api is a problem too', async () => {
    const running = await startService()
    const response = await running.fetch('/api/v1/nothing')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'not-found', status: 404 })
    await running.stop()
  })
})

describe('a route that was added past the declaration', () => {
  const openDoor = async () => {
    const running = await startService()
    const { browser } = await addProtectedPerson(running, { role: 'administrator' })
    const hooks = { onBug: () => undefined, onAnswer: () => undefined }
    const settings = {
      url: origin,
      serviceName: 'Countersign',
      trustedProxies: new (await import('node:net')).BlockList(),
      metricsToken: null,
    }
    const { machine } = running.service
    const countUsers = keepUserCounts(running.db, machine.clock)
    const parts = { machine, settings, assets: { script: '', style: '' }, countUsers }
    const door = createPages(parts, hooks, new Map())
    const call = (path: string, method = 'GET') => {
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      return door.fetch(new Request(new URL(path, origin), { method, headers: { cookie, origin } }), {
        remoteAddress: '192.0.2.1',
      })
    }
    return { running, door, call }
  }

  test('cannot be reached, even by an administrator', async () => {
    const { running, door, call } = await openDoor()
    let reached = false
    const secret = () => {
      reached = true
      return new Response('secret')
    }
    door.app.get('/raw', secret)
    door.app.post('/raw', secret)
    door.app.all('/raw/*', secret)
    for (const path of ['/raw', '/raw/', '/raw/below'])
      for (const method of ['GET', 'POST', 'PUT', 'HEAD']) expect((await call(path, method)).status).toBe(404)
    expect(reached).toBe(false)
    expect((await call('/my-profile')).status).toBe(200)
    await running.stop()
  })

  test('closes a declared route that it would stand in front of or behind, rather than share it', async () => {
    const { running, door, call } = await openDoor()
    door.app.get('/my-profile/*', () => new Response('secret'))
    const response = await call('/my-profile/settings')
    expect(response.status).toBe(404)
    expect(await response.text()).not.toContain('secret')
    await running.stop()
  })
})

test('a browser with the cookies of two states is held to the stricter one', async () => {
  const running = await startService()
  const { browser, person } = await addProtectedPerson(running)
  const other = new Browser(running)
  await other.send('/sign-in', { email: person.email, password: person.password })
  browser.cookies.set('__Host-countersign-sign-in', other.signIn ?? '')
  expect((await browser.open('/set-up-mfa?replace=yes')).at).toBe('/sign-in/verification-code')
  other.cookies.set('__Host-countersign-session', other.signIn ?? '')
  expect((await other.open('/my-profile')).at).toBe('/sign-in?next=%2Fmy-profile')
  await running.stop()
})
