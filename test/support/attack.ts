// Moves of an attacker, and ways to see from outside the pages how far they came: how many sessions there are, what was
// verified, what the database would tell a thief.

import type { AuditEvent } from '../../src/audit/events.ts'
import { setMfaEnforced } from '../../src/enforcement/policies.ts'
import { issueKnownBrowser } from '../../src/sign-in/known-browsers.ts'
import { minutes } from '../../src/time.ts'
import { Browser, type Page } from './browser.ts'
import { type Person, signIn } from './people.ts'
import type { TestService } from './service.ts'

/** Tells whether this browser is signed in and owes nothing. */
export async function isIn(browser: Browser): Promise<boolean> {
  return (await browser.request('/api/v1/me', { method: 'GET', headers: {} })).status === 200
}

/** Another browser with the same cookies: a thief's, or a second tab whose answer arrives on its own. */
export function copyOf(running: TestService, browser: Browser, address?: string): Browser {
  const copy = new Browser(running, address)
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  return copy
}

export const sessionCookie = '__Host-countersign-session'
export const signInCookie = '__Host-countersign-sign-in'
export const browserCookie = '__Host-countersign-browser'

/** A browser with nothing but these cookies. */
export function browserWith(running: TestService, cookies: Record<string, string | undefined>): Browser {
  const browser = new Browser(running)
  for (const [name, value] of Object.entries(cookies)) if (value !== undefined) browser.cookies.set(name, value)
  return browser
}

/** Browsers that this person has signed in from before: each has a count of guesses of its own. */
export async function knownBrowsers(running: TestService, person: Person, count: number): Promise<Browser[]> {
  const { passwordChangedAt } = await running.db
    .selectFrom('users')
    .select('password_changed_at as passwordChangedAt')
    .where('id', '=', person.id)
    .executeTakeFirstOrThrow()
  const newest = await running.service.machine.keys.newest(running.db)
  return Array.from({ length: count }, () => {
    const cookie = issueKnownBrowser(
      newest,
      { userId: person.id, passwordChangedAt, knownSince: null },
      running.time.now,
    )
    return browserWith(running, { [browserCookie]: cookie })
  })
}

/** So many browsers in which this person has typed the password and owes the second factor. */
export async function pendingSignIns(running: TestService, person: Person, count: number): Promise<Browser[]> {
  const browsers = await knownBrowsers(running, person, count)
  await Promise.all(browsers.map((browser) => signIn(browser, person)))
  return browsers
}

/** Does the same in all of them at once. */
export function atOnce(browsers: readonly Browser[], act: (browser: Browser, index: number) => Promise<Page>) {
  return Promise.all(browsers.map(act))
}

/** Counts the browsers that are signed in. */
export async function countIn(browsers: readonly Browser[]): Promise<number> {
  return (await Promise.all(browsers.map(isIn))).filter(Boolean).length
}

/** Counts the sessions of a user. */
export async function countSessions(running: TestService, userId: string): Promise<number> {
  return (await running.db.selectFrom('sessions').select('id').where('user_id', '=', userId).execute()).length
}

type Details<Name extends AuditEvent['name']> = Extract<AuditEvent, { name: Name }>['details']

/** The details of every event of this name. */
export async function eventsOf<Name extends AuditEvent['name']>(
  running: TestService,
  name: Name,
): Promise<Details<Name>[]> {
  const rows = await running.db.selectFrom('audit_events').select('details').where('name', '=', name).execute()
  return rows.map((row) => JSON.parse(row.details) as Details<Name>)
}

/** Enforces MFA for all users, or frees them, past the pages. */
export async function enforceMfa(running: TestService, enforced = true): Promise<void> {
  const about = { now: running.time.now, caller: null, actor: null }
  await running.db.transaction().execute((trx) => setMfaEnforced(trx, enforced, about))
}

/** Deactivates a user, as an administrator would. */
export async function deactivate(running: TestService, userId: string): Promise<void> {
  await running.db.updateTable('users').set({ deactivated_at: running.time.now }).where('id', '=', userId).execute()
}

/** Lets a session grow stale and asks for a sensitive page: comes back on the step-up's first page. */
export async function beginStepUp(running: TestService, browser: Browser, wanted = '/recovery-codes'): Promise<Page> {
  running.time.now += minutes(11)
  return browser.open(wanted)
}

/** Ids of what a user has. */
export async function idsOf(running: TestService, userId: string) {
  const { db } = running
  const factor = await db.selectFrom('totp_factors').select('id').where('user_id', '=', userId).executeTakeFirst()
  const set = await db.selectFrom('recovery_code_sets').select('id').where('user_id', '=', userId).executeTakeFirst()
  return { factor: factor?.id ?? '', set: set?.id ?? '' }
}

/** Every value in the database, as a thief of a backup would read it. */
export async function dumpOf(running: TestService): Promise<string[]> {
  const names = (await running.db.introspection.getTables()).map((table) => table.name)
  const tables = await Promise.all(
    names.map((name) =>
      running.db
        .selectFrom(name as 'users')
        .selectAll()
        .execute(),
    ),
  )
  return tables.flatMap((rows) => rows.flatMap((row) => Object.values(row).map(String)))
}
