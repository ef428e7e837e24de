// Every state that a browser can be in towards the service, each in a service of its own that can be put back as it was,
// so that one route after the other can be tried from the same place.

import { addAccessToken } from '../../src/access-tokens/access-tokens.ts'
import type { OneTimeLinkPurpose } from '../../src/database/tables.ts'
import { setMfaEnforced } from '../../src/enforcement/policies.ts'
import { hashToken, newId } from '../../src/secrets/tokens.ts'
import { days, minutes } from '../../src/time.ts'
import { firstAdministratorToken } from '../../src/users/first-administrator.ts'
import { Browser, codeAt } from './browser.ts'
import { addPerson, addProtectedPerson, enrol, signIn, signInFully } from './people.ts'
import { type Dialect, startService, type TestService } from './service.ts'
import { type Contents, changesBetween, readTables, restoreTables } from './tables.ts'

export const stateNames = [
  'anonymous',
  'second factor owed',
  'MFA reset, signing in',
  'enrolment owed, signing in',
  'enrolment owed, signed in',
  'recovery codes owed, signing in',
  'recovery codes owed, signed in',
  'stale member',
  'stale administrator',
  'stepping up',
  'member',
  'member without 2FA',
  'administrator',
  'auditor',
  'help desk',
  'disabled',
] as const

export type StateName = (typeof stateNames)[number]

/** A token that an administrator has handed out, for routes that are reached by one. */
export const invitationToken = 'I'.repeat(43)
/** A group that somebody else is in. */
export const groupId = '00000000-0000-4000-8000-00000000000a'
/** An identity provider that was tested and is off. */
export const providerId = '00000000-0000-4000-8000-00000000000b'
/** The same, for somebody whose MFA was reset. */
export const setUpLinkToken = 'L'.repeat(43)

/** A token that somebody else, `eve@example.org`, was mailed to choose a new password. */
export const resetToken = 'R'.repeat(43)

/** A token that was mailed to the new address of whoever the state is about. */
export const emailToken = 'E'.repeat(43)

export interface State {
  name: StateName
  running: TestService
  /** The authenticator's secret, where the person in the browser has one; for making right codes. */
  key: string | null
  /** The token of the link that created the first administrator, which is closed by now. */
  setUpToken: string
  /** The ids of the person's authenticator, set of recovery codes, enrolment in progress and access token, where there is one; of somebody else and their access token; and of somebody invited. */
  ids: Record<'authenticator' | 'set' | 'enrolment' | 'accessToken' | 'other' | 'otherToken' | 'invited', string>
  contents: Contents
  /** Everything as it was when the state was made, in a new browser with the cookies that it had. */
  again(): Promise<Browser>
  stop(): Promise<void>
}

type Made = { browser: Browser; key: string | null }

const makers: Record<StateName, (running: TestService) => Promise<Made>> = {
  anonymous: async (running) => ({ browser: new Browser(running), key: null }),
  'second factor owed': async (running) => {
    const { person, key } = await addProtectedPerson(running)
    const browser = new Browser(running)
    await signIn(browser, person)
    return { browser, key }
  },
  'MFA reset, signing in': async (running) => {
    const person = await addPerson(running)
    await markReset(running, person.id)
    const browser = new Browser(running)
    await signIn(browser, person)
    return { browser, key: null }
  },
  'enrolment owed, signing in': async (running) => {
    const person = await addPerson(running)
    await enforce(running)
    const browser = new Browser(running)
    await signIn(browser, person)
    return { browser, key: null }
  },
  'enrolment owed, signed in': async (running) => {
    const person = await addPerson(running)
    const browser = new Browser(running)
    await signIn(browser, person)
    await enforce(running)
    return { browser, key: null }
  },
  'recovery codes owed, signing in': async (running) => {
    const person = await addPerson(running)
    const { key } = await signedInAndEnrolled(running, person)
    running.time.now += minutes(1)
    const browser = new Browser(running)
    await signInFully(running, browser, person, key)
    return { browser, key }
  },
  'recovery codes owed, signed in': async (running) => signedInAndEnrolled(running, await addPerson(running)),
  'stale member': (running) => stale(running, 'member'),
  'stale administrator': (running) => stale(running, 'administrator'),
  'stepping up': async (running) => {
    const made = await stale(running, 'member')
    await made.browser.open('/recovery-codes')
    return made
  },
  member: (running) => addProtectedPerson(running),
  'member without 2FA': async (running) => {
    const browser = new Browser(running)
    await signIn(browser, await addPerson(running))
    return { browser, key: null }
  },
  administrator: (running) => addProtectedPerson(running, { role: 'administrator' }),
  auditor: (running) => addProtectedPerson(running, { role: 'auditor' }),
  'help desk': (running) => addProtectedPerson(running, { role: 'help-desk' }),
  disabled: async (running) => {
    const made = await addProtectedPerson(running)
    await running.db.updateTable('users').set({ deactivated_at: running.time.now }).execute()
    return made
  },
}

async function signedInAndEnrolled(
  running: TestService,
  person: Parameters<typeof signIn>[1],
): Promise<Made & { key: string }> {
  const browser = new Browser(running)
  await signIn(browser, person)
  const { key } = await enrol(running, browser)
  return { browser, key }
}

async function stale(running: TestService, role: 'member' | 'administrator'): Promise<Made> {
  const made = await addProtectedPerson(running, { role })
  running.time.now += minutes(11)
  return made
}

/** Enforces MFA for all users, past the pages. */
export async function enforce(running: TestService, enforced = true): Promise<void> {
  await running.db
    .transaction()
    .execute((trx) => setMfaEnforced(trx, enforced, { now: running.time.now, caller: null, actor: null }))
}

/** Makes a state. There is also somebody else in it (`eve@example.org`), somebody invited, and somebody whose MFA was reset; the first administrator exists. */
export async function makeState(name: StateName, dialect: Dialect): Promise<State> {
  const running = await startService({ dialect, hasMailServer: true })
  const { browser, key } = await makers[name](running)
  const other = await addPerson(running, { email: 'eve@example.org', name: 'Eve Example' })
  await addLink(running, { purpose: 'reset-password', userId: other.id, token: resetToken })
  const own = await running.db
    .selectFrom('users')
    .select('id')
    .where('email', '=', 'ada@example.org')
    .executeTakeFirst()
  if (own) await addLink(running, { purpose: 'change-email', userId: own.id, token: emailToken })
  await running.db
    .insertInto('groups')
    .values({ id: groupId, name: 'A group', name_key: 'a group', created_at: running.time.now })
    .execute()
  await running.db.insertInto('group_members').values({ group_id: groupId, user_id: other.id }).execute()
  await running.db.insertInto('identity_providers').values(testedProvider(running.time.now)).execute()
  const invited = await addInvitation(running)
  await addReset(running)
  await running.db.updateTable('installation').set({ first_administrator_at: running.time.now }).execute()
  const session = await running.db.selectFrom('sessions').select('user_id').executeTakeFirst()
  const accessToken = session ? await addToken(running, session.user_id) : 'none'
  const otherToken = await addToken(running, other.id)
  const contents = await readTables(running.db)
  const cookies = new Map(browser.cookies)
  return {
    name,
    running,
    key,
    setUpToken: await firstAdministratorToken(running.db, running.service.machine.keys),
    ids: {
      authenticator: String(contents.totp_factors[0]?.id ?? 'none'),
      set: String(contents.recovery_code_sets[0]?.id ?? 'none'),
      enrolment: String(contents.totp_enrolments[0]?.id ?? 'none'),
      other: other.id,
      invited,
      accessToken,
      otherToken,
    },
    contents,
    again: async () => {
      if (changesBetween(contents, await readTables(running.db)).length > 0) await restoreTables(running.db, contents)
      running.restart()
      const fresh = new Browser(running)
      for (const [cookie, value] of cookies) fresh.cookies.set(cookie, value)
      return fresh
    },
    stop: () => running.stop(),
  }
}

function testedProvider(now: number) {
  return {
    id: providerId,
    kind: 'oidc' as const,
    name: 'Works',
    icon: null,
    position: 1,
    tested_at: now,
    settings: JSON.stringify({ issuer: 'https://127.0.0.1:1', clientId: 'c' }),
    assurance: '{"is":"without"}',
    allowed_domains: '[]',
    linking: 'in-person' as const,
    admission: 'invited' as const,
    default_groups: '[]',
    claims: '{}',
    group_mapping: '[]',
    created_at: now,
    updated_at: now,
    version: 1,
  }
}

async function markReset(running: TestService, userId: string): Promise<void> {
  await running.db.updateTable('users').set({ mfa_reset_at: running.time.now }).where('id', '=', userId).execute()
}

async function addReset(running: TestService): Promise<void> {
  const { id: user_id } = await addPerson(running, { email: 'reset@example.org', name: 'Reset Example' })
  await markReset(running, user_id)
  const created_at = running.time.now
  await running.db
    .insertInto('one_time_links')
    .values({
      id: newId(),
      purpose: 'set-up-mfa',
      user_id,
      token_hash: hashToken(setUpLinkToken),
      created_at,
      expires_at: created_at + minutes(60),
    })
    .execute()
}

async function addInvitation(running: TestService): Promise<string> {
  const user_id = newId()
  const created_at = running.time.now
  await running.db
    .insertInto('users')
    .values({
      id: user_id,
      email: 'new@example.org',
      email_key: 'new@example.org',
      role: 'member',
      theme: 'system',
      created_at,
    })
    .execute()
  const expires_at = created_at + minutes(60)
  await running.db
    .insertInto('invitations')
    .values({ id: newId(), user_id, token_hash: hashToken(invitationToken), created_at, expires_at })
    .execute()
  return user_id
}

async function addLink(
  running: TestService,
  { purpose, userId, token }: { purpose: OneTimeLinkPurpose; userId: string; token: string },
): Promise<void> {
  await running.db
    .insertInto('one_time_links')
    .values({
      id: newId(),
      purpose,
      user_id: userId,
      token_hash: hashToken(token),
      email: purpose === 'change-email' ? 'other@example.org' : null,
      created_at: running.time.now,
      expires_at: running.time.now + minutes(60),
    })
    .execute()
}

async function addToken(running: TestService, userId: string): Promise<string> {
  const token = { userId, name: 'Deployment', scopes: ['profile:read'] as const, life: days(90) }
  const made = await running.db.transaction().execute((trx) => addAccessToken(trx, { ...token, now: running.time.now }))
  return made.id
}

/** The code that the authenticator shows now; something that is no code where there is none. */
export function codeIn({ key, running }: State): string {
  return key === null ? '000000' : codeAt(key, running.time.now)
}
