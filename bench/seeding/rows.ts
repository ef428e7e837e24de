// The rows of the people: an account with MFA on and ten recovery codes, a session of every fourth, and two events in the
// audit log of each. The first of them is an administrator.

import type { DataKey } from '../../src/secrets/data-key.ts'
import { seal } from '../../src/secrets/sealing.ts'
import { hashToken } from '../../src/secrets/tokens.ts'
import { writeExplanation } from '../../src/sessions/explanation.ts'
import { writeProofs } from '../../src/sessions/proofs.ts'
import { secretBinding } from '../../src/totp/enrolment.ts'
import { emailOf, idOf, sessionTokenOf, totpSecretOf } from './people.ts'

export interface Batch {
  table: string
  columns: readonly string[]
  rows: (string | number | null)[][]
}

export interface Seeding {
  key: DataKey
  passwordHash: string
  now: number
}

const day = 24 * 60 * 60 * 1000
/** When everybody chose their password, long ago: the cookies of known browsers hang on it. */
export const passwordChangedAt = Date.UTC(2026, 0, 1)
/** Every so manyeth person has a session. */
export const sessionEvery = 4
export const codesEach = 10
const eventsEach = 2

/** Makes the rows of the people from `from` up to, and without, `to`. Parents come before children. */
export function rowsOf(from: number, to: number, seeding: Seeding): Batch[] {
  const people = Array.from({ length: to - from }, (_, index) => from + index)
  const owners = people.filter((n) => n % sessionEvery === 0)
  const numbers = people.flatMap((n) => Array.from({ length: eventsEach }, (_, index) => n * eventsEach + index))
  return [
    batch(
      'users',
      userColumns,
      people.map((n) => userRow(n, seeding)),
    ),
    batch(
      'totp_factors',
      factorColumns,
      people.map((n) => factorRow(n, seeding)),
    ),
    batch('recovery_code_sets', setColumns, people.map(setRow)),
    batch(
      'sessions',
      sessionColumns,
      owners.map((n) => sessionRow(n, seeding)),
    ),
    batch(
      'audit_events',
      eventColumns,
      numbers.map((number) => eventRow(number, seeding)),
    ),
    batch(
      'audit_links',
      linkColumns,
      numbers.map((number) => linkRow(number, seeding)),
    ),
  ]
}

function batch(table: string, columns: readonly string[], rows: Batch['rows']): Batch {
  return { table, columns, rows }
}

const userColumns = [
  ...['id', 'email', 'email_key', 'name', 'role', 'password_hash', 'password_changed_at', 'theme'],
  ...['created_at', 'last_sign_in_at'],
]

function userRow(n: number, { passwordHash, now }: Seeding): Batch['rows'][number] {
  const role = n === 0 ? 'administrator' : 'member'
  const [id, email, since] = [idOf('user', n), emailOf(n), passwordChangedAt]
  return [id, email, email, `Person ${n}`, role, passwordHash, since, 'system', since, now - day]
}

const factorColumns = ['id', 'user_id', 'name', 'sealed_secret', 'created_at', 'last_used_at', 'last_step', 'failures']

function factorRow(n: number, { key, now }: Seeding): Batch['rows'][number] {
  const [user, id] = [idOf('user', n), idOf('factor', n)]
  const sealed = seal(key, totpSecretOf(n), secretBinding(user, id))
  return [id, user, 'My phone', sealed, passwordChangedAt, now - day, 0, 0]
}

const setColumns = ['id', 'user_id', 'salt', 'memory_kib', 'passes', 'created_at', 'saved_at']

function setRow(n: number): Batch['rows'][number] {
  return [idOf('codes', n), idOf('user', n), 'c2FsdCBvZiBhIHNldA==', 19456, 2, passwordChangedAt, passwordChangedAt]
}

const sessionColumns = [
  ...['id', 'token_hash', 'user_id', 'proofs', 'explanation', 'address', 'user_agent'],
  ...['created_at', 'last_seen_at', 'expires_at'],
]

function sessionRow(n: number, { now }: Seeding): Batch['rows'][number] {
  const proofs = writeProofs([
    { by: 'password', at: now },
    { by: 'totp', at: now, factor: idOf('factor', n) },
  ])
  const explanation = writeExplanation({ asked: 'second-factor', because: 'turned-on' })
  const token = hashToken(sessionTokenOf(n))
  return [idOf('session', n), token, idOf('user', n), proofs, explanation, '10.0.0.1', userAgent, now, now, now + day]
}

/** As long as what browsers send. */
export const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'

const eventColumns = [
  ...['id', 'at', 'name', 'actor_id', 'subject_id', 'address', 'user_agent', 'request_id', 'details', 'linked_at'],
]

function eventRow(number: number, { now }: Seeding): Batch['rows'][number] {
  const who = idOf('user', Math.floor(number / eventsEach))
  const at = now - 30 * day + number
  const name = number % eventsEach === 0 ? 'sign-in.begun' : 'sign-in.completed'
  const details = number % eventsEach === 0 ? '{"knownBrowser":true}' : '{"acr":"mfa","amr":["pwd","otp","mfa"]}'
  return [idOf('event', number), at, name, who, who, '10.0.0.1', userAgent, '0123456789abcdef', details, at]
}

const linkColumns = ['sequence', 'event_id', 'linked_at', 'hash']

function linkRow(number: number, { now }: Seeding): Batch['rows'][number] {
  return [number + 1, idOf('event', number), now - 30 * day + number, idOf('event', number)]
}
