/**
 * People, and what they do on most days, by what they see on the pages. Tests that are about one of these things do it
 * themselves, word for word.
 */
import { type APIRequestContext, expect, type Page, request } from '@playwright/test'
import type { ServiceProcess } from '../../support/process.ts'
import { Authenticator } from './authenticator.ts'

export interface Person {
  email: string
  name: string
  password: string
}

/** How the authenticator is named, and what its clock says. */
export interface Phone {
  name?: string
  clock?: () => number
}

export const administrator: Person = {
  email: 'maya.chen@example.org',
  name: 'Maya Chen',
  password: 'four words nobody would guess',
}

export const member: Person = {
  email: 'jonas.weber@example.org',
  name: 'Jonas Weber',
  password: 'another four words entirely',
}

/** Types address and password, and goes where that leads. */
export async function signIn(page: Page, person: Person): Promise<void> {
  await page.goto('/sign-in')
  await typePassword(page, person)
  await expect(page).not.toHaveURL(/\/sign-in$/)
}

/** Uses the link that a new installation prints. */
export async function becomeAdministrator(page: Page, { setUpLink }: ServiceProcess): Promise<void> {
  await page.goto(setUpLink ?? 'about:blank')
  await page.getByLabel('Email').fill(administrator.email)
  await page.getByLabel('Name').fill(administrator.name)
  await page.getByLabel('Password', { exact: true }).fill(administrator.password)
  await page.getByRole('button', { name: 'Create administrator' }).click()
  await expect(page.getByRole('heading', { name: 'My profile' })).toBeVisible()
}

/** Fills in the sign-in page that is open, and sends it. */
export async function typePassword(page: Page, { email, password }: Person): Promise<void> {
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** The secret key that the set-up page shows, as a person reads it: groups of four. */
export function secretGroups(page: Page): Promise<string> {
  return page.locator('#secret').innerText()
}

/** The recovery codes on the page, as they are shown. */
export function shownCodes(page: Page): Promise<string[]> {
  return page.locator('#recovery-codes').getByRole('listitem').allInnerTexts()
}

/** On the set-up page: puts the secret into an app and confirms a code, up to the recovery codes. */
export async function confirmAuthenticator(
  page: Page,
  { name = 'My phone', clock }: Phone = {},
): Promise<Authenticator> {
  const app = new Authenticator((await secretGroups(page)).replace(/\s/g, ''), clock)
  await page.getByLabel('Name of this authenticator').fill(name)
  await page.getByLabel('Verification code').fill(await app.anyFreshCode())
  await page.getByRole('button', { name: 'Enable 2FA' }).click()
  await expect(page.getByRole('heading', { name: 'Save your recovery codes' })).toBeVisible()
  return app
}

/** On the page with the codes: ticks that they are saved, and goes on. */
export async function saveCodes(page: Page): Promise<string[]> {
  const codes = await shownCodes(page)
  await page.getByLabel('I have saved these codes').check()
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('heading', { name: 'Save your recovery codes' })).toBeHidden()
  return codes
}

/** Turns 2FA on for who is signed in, all the way. */
export async function enableMfa(page: Page, phone?: Phone): Promise<{ app: Authenticator; codes: string[] }> {
  await page.goto('/set-up-mfa')
  const app = await confirmAuthenticator(page, phone)
  return { app, codes: await saveCodes(page) }
}

/** Switches enforcement on or off by the pages. Switched on, it waits to be confirmed. */
export async function switchEnforcement(page: Page, on: boolean): Promise<void> {
  await page.goto('/admin/settings')
  await page.getByLabel('Help contact').fill('it-help@example.org')
  await page.getByLabel('Enforce MFA for all users').setChecked(on)
  await page.getByRole('button', { name: 'Save' }).click()
  if (on) await page.getByRole('button', { name: 'Switch on' }).click()
  await expect(page.getByText(on ? 'MFA is enforced for all users.' : 'The settings are saved.')).toBeVisible()
  await expect(page.getByLabel('Enforce MFA for all users')).toBeChecked({ checked: on })
}

/** Signs in with password and code. */
export async function signInFully(page: Page, person: Person, app: Authenticator): Promise<void> {
  await signIn(page, person)
  await page.getByLabel('Verification code').fill(await app.anyFreshCode())
  await expect(page).not.toHaveURL(/\/sign-in\//)
}

/**
 * Adds someone through the forms of the service: `by` is the browser of an administrator who has just signed in. Unless
 * told otherwise, they have accepted the invitation as well. Returns the set-up link.
 */
export async function addPerson(by: Page, person: Person, { accepted = true } = {}): Promise<URL> {
  const { email, name, password } = person
  const added = await send(by.request, '/admin/users/new', { email, name, role: 'member' })
  const link = new URL(/data-copy="([^"]+)"/.exec(added)?.[1] ?? 'about:blank')
  if (accepted) {
    const stranger = await request.newContext({ baseURL: link.origin })
    await send(stranger, '/accept-invitation', { token: link.searchParams.get('token') ?? '', password })
    await stranger.dispose()
  }
  return link
}

/** Sends a form as a page of the service would; returns the page that it leads to. */
async function send(by: APIRequestContext, path: string, form: Record<string, string>): Promise<string> {
  const response = await by.post(path, { form, headers: { 'sec-fetch-site': 'same-origin' } })
  if (!response.ok()) throw new Error(`${path} answered ${response.status()}: ${await response.text()}`)
  return response.text()
}
