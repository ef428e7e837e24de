// What administrators do to others, what people do with links and access tokens, and what both may have ended. One request each,
// as in `acts.ts`.

import { inputs, secretBytes } from '../support/browser.ts'
import { keyOn } from '../support/people.ts'
import {
  type Actor,
  enforcementIs,
  grant,
  inSession,
  isActive,
  isInactive,
  leadsTo,
  newName,
  type Outcome,
  perform,
} from './acts.ts'
import type { Caller } from './caller.ts'
import { credentialKey, type Effects, type Reading } from './history.ts'
import { codeOf, type Factor, keys, type Person } from './town.ts'

/** Deactivates somebody, or makes them usable again. */
export function switchAccount(
  actor: Actor,
  admin: Caller,
  person: Person,
  to: 'deactivate' | 'reactivate',
): Promise<Outcome> {
  const [value, unless] = to === 'deactivate' ? (['no', isInactive] as const) : (['yes', isActive] as const)
  return byAdministrator(actor, admin, person, {
    what: to,
    leaves: `user.${to}d`,
    effects: { writes: { [keys.active(person)]: value }, ends: [{ owner: person.name }, { owner: tokensOf(person) }] },
    path: to,
    unless: unless(person),
  })
}

/** Signs somebody out everywhere. */
export function endSessionsOf(actor: Actor, admin: Caller, person: Person): Promise<Outcome> {
  return byAdministrator(actor, admin, person, {
    what: 'end-sessions',
    leaves: 'sessions.ended',
    effects: { ends: [{ owner: person.name }] },
    path: 'end-sessions',
  })
}

/** Resets somebody's 2FA, or gives a new link. The link comes back with its name; null where nobody has seen it. */
export async function giveSetUpLink(
  actor: Actor,
  admin: Caller,
  person: Person,
  act: 'reset-mfa' | 'set-up-link',
): Promise<{ outcome: Outcome; link: { token: string; name: string } | null }> {
  const name = newName('set-up link')
  const { factor, codes } = person
  const gone = factor === null ? {} : { [keys.factor(factor)]: 'gone', [keys.codes(codes.set)]: 'gone' }
  const reset = act === 'reset-mfa'
  const outcome = await byAdministrator(actor, admin, person, {
    what: act,
    leaves: reset ? 'mfa.reset' : 'mfa.link-issued',
    effects: {
      writes: { [keys.link(person)]: name, ...(reset ? gone : {}) },
      ...(reset ? { ends: [{ owner: person.name }] } : {}),
    },
    path: act,
    form: { reason: 'Lost phone' },
    ...(reset ? { unless: isInactive(person) } : {}),
  })
  const token = /set-up-mfa-link\?token=([\w-]{43})/.exec(outcome.answer?.body ?? '')?.[1]
  return { outcome, link: token === undefined ? null : { token, name } }
}

function byAdministrator(
  actor: Actor,
  admin: Caller,
  person: Person,
  {
    path,
    form = {},
    unless,
    ...act
  }: {
    what: string
    leaves: string
    effects: Effects
    path: string
    form?: Record<string, string>
    /** What is so when it is answered that there is nothing to change. */
    unless?: Reading
  },
): Promise<Outcome> {
  return perform(actor, {
    ...act,
    send: (place, number) => admin.post(place, `/admin/users/${person.id}/${path}`, form, number),
    read: (answer) => {
      if (answer.status === 200 || leadsTo(answer, `/admin/users/${person.id}`)) return { yes: {} }
      if (answer.status === 409) return { no: unless ? [unless] : [] }
      return answer.to !== null ? { no: [] } : null
    },
  })
}

/** Switches "Enforce MFA for all users". */
export function enforce(actor: Actor, admin: Caller, person: Person, to: 'on' | 'off'): Promise<Outcome> {
  return inSession(actor, admin, person, {
    what: `enforce-${to}`,
    effects: { writes: { [keys.enforcement]: to } },
    path: to === 'on' ? '/admin/settings/enforce-mfa' : '/admin/settings',
    form: to === 'on' ? {} : { helpContact: '', shown: 'on' },
    done: to === 'on' ? '/admin/settings?notice=enforced' : '/admin/settings?notice=saved',
  })
}

/** Chooses a new password by a link: one for who has forgotten theirs, or an invitation. */
export async function choosePassword(
  actor: Actor,
  caller: Caller,
  person: Person,
  { by, token, name, password }: { by: 'reset-link' | 'invitation'; token: string; name: string; password: string },
): Promise<Outcome> {
  const invited = by === 'invitation'
  const outcome = await perform(actor, {
    what: by,
    leaves: 'password.set',
    effects: {
      spends: [name],
      writes: { [keys.password(person)]: password },
      ...(invited ? {} : { ends: [{ owner: person.name }] }),
    },
    send: (place, number) =>
      caller.post(place, invited ? '/accept-invitation' : '/reset-password', { token, password }, number),
    read: (answer) => {
      if (!invited && leadsTo(answer, '/sign-in?notice=password-reset')) return { yes: { shows: [isActive(person)] } }
      if (invited && leadsTo(answer, '/my-profile'))
        return { yes: { shows: [isActive(person), enforcementIs('off')], ...grant(caller, person, false) } }
      if (invited && leadsTo(answer, '/set-up-mfa')) return { yes: { shows: [isActive(person), enforcementIs('on')] } }
      return answer.status === 404 ? { no: [] } : null
    },
  })
  if (outcome.went === 'ok') person.passwords = [password]
  if (outcome.went === 'unknown') person.passwords = [password, ...person.passwords]
  return outcome
}

/** Begins a sign-in with the password and a set-up link, to set 2FA up again. */
export function openSetUpLink(
  actor: Actor,
  caller: Caller,
  person: Person,
  { token, name, password }: { token: string; name: string; password: string },
): Promise<Outcome> {
  return perform(actor, {
    what: 'set-up-link',
    leaves: 'mfa.link-used',
    effects: { spends: [name] },
    send: (place, number) => caller.post(place, '/set-up-mfa-link', { token, password }, number),
    read: (answer) => {
      if (leadsTo(answer, '/set-up-mfa'))
        return {
          yes: {
            shows: [
              isActive(person),
              { key: keys.password(person), is: password },
              { key: keys.link(person), is: name },
            ],
          },
        }
      return answer.status === 404 || answer.status === 422 ? { no: [] } : null
    },
  })
}

/** Sets 2FA up in the sign-in of this browser, and saves the codes. True when all of it was answered. */
export async function setUp(actor: Actor, caller: Caller, person: Person, step: number): Promise<boolean> {
  const shown = await perform(actor, {
    what: 'set-up-page',
    send: (place, number) => caller.get(place, '/set-up-mfa', number),
    read: (answer) => (answer.status === 200 ? { yes: {} } : { no: [] }),
  })
  if (shown.went !== 'ok' || !shown.answer) return false
  const name = newName(`of ${person.name}`)
  const factor: Factor = { name, secret: secretBytes(keyOn(shown.answer.body)), newest: step }
  const enrolment = inputs(shown.answer.body, 'enrolment')[0] ?? ''
  const enrolled = await perform(actor, {
    what: 'enrol',
    leaves: 'totp.enrolled',
    effects: {
      writes: { [keys.factor(factor)]: 'there' },
      spends: [`step ${step} ${name}`],
      step: { factor: name, step },
    },
    send: (place, number) =>
      caller.post(place, '/set-up-mfa', { enrolment, name: 'My phone', code: codeOf(factor, step) }, number),
    read: (answer) => (answer.status === 200 ? { yes: { shows: [isActive(person)] } } : { no: [] }),
  })
  if (enrolled.went !== 'ok' || !enrolled.answer) return false
  const codes = inputs(enrolled.answer.body, 'code')
  const set = inputs(enrolled.answer.body, 'set')[0] ?? ''
  const saved = await perform(actor, {
    what: 'save-codes',
    leaves: 'recovery-codes.saved',
    effects: { writes: { [keys.codes(name)]: 'there' } },
    send: (place, number) => caller.post(place, '/recovery-codes/saved', { set, code: codes, saved: 'yes' }, number),
    read: (answer) =>
      leadsTo(answer, '/my-profile') && caller.hasSession() ? { yes: grant(caller, person, true) } : { no: [] },
  })
  if (saved.went !== 'ok') return false
  Object.assign(person, { factor, codes: { set: name, left: codes }, isAdrift: false })
  return true
}

const tokensOf = ({ name }: Person) => `tokens of ${name}`

/** Makes an access token. Null where nobody has seen it. */
export async function makeToken(
  actor: Actor,
  caller: Caller,
  person: Person,
): Promise<{ text: string; name: string } | null> {
  const name = newName('token')
  const { credential } = caller
  if (credential === null) throw new Error('This browser has no session.')
  const made = await perform(actor, {
    what: 'make-token',
    leaves: 'access-token.created',
    send: (place, number) =>
      caller.post(place, '/my-profile/tokens/new', { name, days: '30', scope: 'profile:read' }, number),
    read: (answer) =>
      answer.status === 200
        ? {
            yes: {
              shows: [{ key: credentialKey(credential), is: 'live' }],
              grants: { credential: name, owner: tokensOf(person) },
            },
          }
        : { no: [] },
  })
  const text = /cs_pat_[0-9A-Za-z]{49}/.exec(made.answer?.body ?? '')?.[0]
  return text === undefined ? null : { text, name }
}

/** Asks the API with a token. Deactivation takes tokens away for good, and so does revoking. */
export function useToken(
  actor: Actor,
  caller: Caller,
  person: Person,
  { text, name }: { text: string; name: string },
): Promise<Outcome> {
  return perform(actor, {
    what: 'use-token',
    send: (place, number) => caller.get(place, '/api/v1/me', number, { authorization: `Bearer ${text}` }),
    read: (answer) => {
      if (answer.status === 200) return { yes: { shows: [{ key: credentialKey(name), is: 'live' }, isActive(person)] } }
      if (answer.status === 401) return { no: [{ key: credentialKey(name), is: 'ended' }, isInactive(person)] }
      // Its owner owes 2FA.
      return answer.status === 403 ? { no: [] } : null
    },
  })
}

/** Revokes a token of one's own. */
export async function revokeToken(
  actor: Actor,
  caller: Caller,
  person: Person,
  { name }: { name: string },
): Promise<Outcome | null> {
  const listed = await perform(actor, {
    what: 'list-tokens',
    send: (place, number) => caller.get(place, '/api/v1/me/tokens', number),
    read: (answer) => (answer.status === 200 ? { yes: {} } : { no: [] }),
  })
  if (listed.went !== 'ok' || !listed.answer) return null
  const { tokens } = JSON.parse(listed.answer.body) as { tokens: { id: string; name: string }[] }
  const token = tokens.find((one) => one.name === name)
  if (!token) return null
  return inSession(actor, caller, person, {
    what: 'revoke-token',
    leaves: 'access-token.revoked',
    effects: { writes: { [credentialKey(name)]: 'ended' } },
    path: '/my-profile/tokens/revoke',
    form: { token: token.id },
    done: '/my-profile/tokens',
  })
}
