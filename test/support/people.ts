// People and what they do on most days, so that a journey can begin where it matters.

import { record } from '../../src/audit/record.ts'
import type { Role } from '../../src/database/tables.ts'
import { createUser } from '../../src/users/users.ts'
import { Browser, codeAt, inputs } from './browser.ts'
import type { TestService } from './service.ts'

export const password = 'four words nobody would guess'

export interface Person {
  id: string
  email: string
  password: string
}

/** Adds a user with a password, past the pages: arriving has journeys of its own. */
export async function addPerson(
  running: TestService,
  { email = 'ada@example.org', role = 'member' as Role, name = 'Ada Example' } = {},
): Promise<Person> {
  const passwordHash = await running.service.machine.hashing.hashPassword(password)
  const about = { now: running.time.now, caller: null, actor: null }
  const id = await running.db
    .transaction()
    .execute((trx) => createUser(trx, { email, name, role, passwordHash }, 'administrator', about))
  await running.db
    .transaction()
    .execute((trx) => record(trx, { name: 'password.set', details: { by: 'invitation' } }, { ...about, subject: id }))
  return { id, email, password }
}

/** Signs in with the password and follows wherever that leads. */
export function signIn(browser: Browser, person: Person, next?: string) {
  return browser.send('/sign-in', { email: person.email, password: person.password, ...(next ? { next } : {}) })
}

export interface Enrolled {
  /** The secret, as typed into an app. */
  key: string
  /** The ten recovery codes. */
  codes: string[]
  setId: string
}

/** Sets 2FA up on the page that the browser is on or can open, up to the recovery codes, which are not saved yet. */
export async function enrol(running: TestService, browser: Browser): Promise<Enrolled> {
  const page = await browser.open('/set-up-mfa')
  const key = keyOn(page.html)
  const shown = await browser.send('/set-up-mfa', {
    enrolment: inputs(page.html, 'enrolment')[0] ?? '',
    name: 'My phone',
    code: codeAt(key, running.time.now),
  })
  if (shown.status !== 200) throw new Error(`Enrolment was refused: ${shown.status} at ${shown.at}`)
  return { key, codes: inputs(shown.html, 'code'), setId: inputs(shown.html, 'set')[0] ?? '' }
}

/** Ticks "I have saved these codes". */
export function saveCodes(browser: Browser, { codes, setId }: Enrolled, next?: string) {
  return browser.send('/recovery-codes/saved', { set: setId, code: codes, saved: 'yes', ...(next ? { next } : {}) })
}

/** A person with 2FA on and the codes saved, signed in in the browser that comes back. The clock has moved on a minute. */
export async function addProtectedPerson(running: TestService, who: Parameters<typeof addPerson>[1] = {}) {
  const person = await addPerson(running, who)
  const browser = new Browser(running)
  await signIn(browser, person)
  const enrolled = await enrol(running, browser)
  await saveCodes(browser, enrolled)
  running.time.now += 60_000
  return { person, browser, ...enrolled }
}

/** Switches "Enforce MFA for all users" on by the pages, as an administrator does. It waits to be confirmed. */
export async function switchEnforcementOn(browser: Browser, helpContact = '') {
  const preview = await browser.send('/admin/settings', { enforce: 'on', helpContact, shown: 'off' })
  return preview.at === '/admin/settings/enforce-mfa' ? browser.send(preview.at, {}) : preview
}

/** Signs in with password and code, in full. */
export async function signInFully(running: TestService, browser: Browser, person: Person, key: string, next?: string) {
  await signIn(browser, person, next)
  return browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
}

/** The secret that a set-up page shows. */
export function keyOn(html: string): string {
  const key = /data-copy="([A-Z2-7]{32})"/.exec(html)?.[1]
  if (!key) throw new Error('There is no secret on this page.')
  return key
}
