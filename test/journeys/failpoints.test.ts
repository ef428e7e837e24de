// Whatever fails, at whichever call: the answer is honest, and nobody stands higher than they have proved. In `npm test` every
// call fails once on SQLite, and the commits of some flows on PostgreSQL; `npm run test:failpoints` lets everything fail in every
// way, on both.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addProtectedPerson, switchEnforcementOn } from '../support/people.ts'
import { unproven } from '../support/proven.ts'
import { dialects, startService, type TestService } from '../support/service.ts'
import { type Contents, readTables } from '../support/tables.ts'
import { administration, background } from './failpoints/others.ts'
import { ownAccount } from './failpoints/own-account.ts'
import { type Choice, Trial } from './failpoints/run.ts'
import { steps, waysIn } from './failpoints/signing-in.ts'

const flows = [...waysIn, ...steps, ...ownAccount, ...administration, ...background]

const isLong = process.env.FAILPOINTS === 'all'

/** On SQLite every call; the clock fails, jumps forward, jumps back, in turns. */
const onSqlite: Choice = (_call, { part, at, ...fault }) => {
  if (isLong || part !== 'clock') return true
  const way = fault.how !== 'jumps' ? 0 : fault.by > 0 ? 1 : 2
  return at % 3 === way
}
/** On PostgreSQL the commits. Events are told apart there by their time, so that it must not go back. */
const onPostgres: Choice = ({ what }, { part, how }) =>
  isLong ? how !== 'jumps' : part === 'database' && what === 'commit'

/** Those in which the most happens at once. */
const onEveryDatabase = [
  'signing in with a recovery code, on top of a session',
  'setting 2FA up with the link after a reset',
  'creating the first administrator',
  'choosing a new password by a link',
  'replacing the authenticator',
  'resetting the MFA of somebody',
  'switching enforcement on',
  'an enforcement that lapses',
]

for (const dialect of dialects) {
  const everywhere = isLong || dialect === 'sqlite'
  const chosen = everywhere ? flows : flows.filter(({ name }) => onEveryDatabase.includes(name))
  describe(`when one call fails, on ${dialect}`, { timeout: 900_000 }, () => {
    test.each(chosen.map((flow) => [flow.name, flow] as const))('%s', async (_name, flow) => {
      const trial = new Trial(flow)
      await trial.run(dialect, dialect === 'sqlite' ? onSqlite : onPostgres)
      // A few say enough.
      expect(trial.findings.slice(0, 5)).toEqual([])
      expect(trial.tried).toBeGreaterThan(everywhere ? 5 : 1)
    })
  })
}

describe('what the log does not prove', () => {
  let running: TestService
  let told: Contents
  beforeAll(async () => {
    running = await startService()
    const root = await addProtectedPerson(running, { email: 'root@example.org', role: 'administrator' })
    await switchEnforcementOn(root.browser)
    await addProtectedPerson(running)
    told = await readTables(running.db)
  })
  afterAll(() => running.stop())

  const later = { at: 1_900_000_000_000 }
  const other = (rows: readonly Record<string, unknown>[]) => ({ ...rows[0], id: 'another' })
  const tampered: [string, (contents: Contents) => void][] = [
    ['a session too many', ({ sessions }) => sessions.push(other(sessions))],
    ['a session that nobody ended', ({ sessions }) => sessions.pop()],
    ['a session with a proof of another time', ({ sessions }) => changeProofs(sessions, later)],
    ['a session of somebody with 2FA that has none', ({ sessions }) => changeProofs(sessions, null)],
    ['a role', ({ users }) => set(users, { role: 'auditor' })],
    ['somebody active', ({ users }) => set(users, { deactivated_at: 1 })],
    ['a reset', ({ users }) => set(users, { mfa_reset_at: 1 })],
    ['somebody whom nobody added', ({ users }) => users.push(other(users))],
    ['somebody who is gone', ({ users }) => users.pop()],
    ['an authenticator', ({ totp_factors }) => set(totp_factors, { id: 'another' })],
    ['no authenticator', ({ totp_factors }) => totp_factors.pop()],
    ['an authenticator that was used', ({ totp_factors }) => set(totp_factors, { last_used_at: 1 })],
    ['a recovery code that is used', ({ recovery_codes }) => set(recovery_codes, { used_at: 1 })],
    ['recovery codes that are not saved', ({ recovery_code_sets }) => set(recovery_code_sets, { saved_at: null })],
    ['enforcement off', ({ policies }) => set(policies, { requires: 'nothing' })],
    ['enforcement confirmed', ({ policies }) => set(policies, { confirm_by: null })],
    ['a group', ({ groups }) => groups.push({ id: 'g', name: 'Finance' })],
    ['somebody in a group', ({ group_members, users }) => group_members.push({ group_id: 'g', user_id: users[0]?.id })],
    [
      'an access token',
      ({ personal_access_tokens, users }) => personal_access_tokens.push({ id: 't', user_id: users[0]?.id }),
    ],
    [
      'a link that is used',
      ({ one_time_links, users }) =>
        one_time_links.push({ id: 'l', user_id: users[0]?.id, purpose: 'set-up-mfa', used_at: 1 }),
    ],
    [
      'an invitation that is used',
      ({ invitations, users }) => invitations.push({ user_id: users[0]?.id, accepted_at: 1 }),
    ],
  ]

  test('is nothing, as long as nobody touches the tables', () => {
    expect(unproven(told)).toEqual([])
  })

  test.each(tampered)('is seen: %s', (_what, tamper) => {
    const contents = structuredClone(told)
    tamper(contents)
    expect(unproven(contents)).not.toEqual([])
  })
})

function set(rows: Record<string, unknown>[], values: Record<string, unknown>): void {
  Object.assign(rows[0] ?? {}, values)
}

/** Dates the proofs of the first session anew; for null leaves only the password. */
function changeProofs(sessions: Record<string, unknown>[], date: { at: number } | null): void {
  const proofs: { by: string }[] = JSON.parse(String(sessions[0]?.proofs))
  const changed =
    date === null ? proofs.filter(({ by }) => by === 'password') : proofs.map((it) => ({ ...it, ...date }))
  set(sessions, { proofs: JSON.stringify(changed) })
}
