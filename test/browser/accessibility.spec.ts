/**
 * Every page in every state is accessible. That no page writes an error to the console, breaks the content security
 * policy or asks another origin for anything is watched in all browser tests; see `support/test.ts`.
 */
import type { Page } from '@playwright/test'
import { mustBeAccessible, mustShowProblem, sendUnchecked } from './support/accessible.ts'
import {
  addPerson,
  administrator,
  confirmAuthenticator,
  member,
  saveCodes,
  signIn,
  typePassword,
} from './support/people.ts'
import { expect, test } from './support/test.ts'

test.describe.configure({ timeout: 240_000 })

/** Opens a page and checks it. */
async function check(page: Page, path: string, heading: string, state: string): Promise<void> {
  await page.goto(path)
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
  await mustBeAccessible(page, state)
}

test('pages for whoever is not signed in', async ({ page }) => {
  await check(page, '/sign-in', 'Sign in', 'sign-in')
  await check(page, '/sign-in?notice=signed-out', 'Sign in', 'signed out')
  await check(page, '/sign-in?notice=ended', 'Sign in', 'sign-in ended')
  await check(page, '/nowhere', 'Page not found', 'not found')
  await check(page, '/set-up?token=x', 'This link does not work', 'dead set-up link')
  await check(page, '/accept-invitation?token=x', 'This link does not work', 'dead invitation')

  await page.goto('/sign-in')
  const wrong = { ...administrator, password: 'wrong' }
  await typePassword(page, wrong)
  await expect(page.getByRole('alert')).toContainText('is not right')
  await expect(page.getByLabel('Password', { exact: true })).toBeFocused()
  await expect(page.getByLabel('Email')).toHaveValue(wrong.email)
  await mustBeAccessible(page, 'wrong password')
  for (const again of ['2nd', '3rd', '4th', '5th', '6th']) {
    await typePassword(page, { ...wrong, password: again })
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('')
  }
  await expect(page.getByRole('alert')).toContainText('Too many attempts.')
  await mustBeAccessible(page, 'too many attempts')
})

test.describe('on a new installation', () => {
  test.use({ settings: {} })

  test('pages for whoever arrives', async ({ page, service, openBrowser }) => {
    await check(page, service.setUpLink ?? '', 'Create the first administrator', 'first administrator')
    await page.getByLabel('Email').fill('nobody')
    await page.getByLabel('Password', { exact: true }).fill('short')
    await sendUnchecked(page, 'Create administrator')
    await expect(page.getByText('Some fields need your attention')).toBeVisible()
    await mustShowProblem(page, 'first administrator, all wrong')
    await page.getByLabel('Email').fill(administrator.email)
    await page.getByLabel('Name').fill(administrator.name)
    await page.getByLabel('Password', { exact: true }).fill('passwordpassword')
    await page.getByRole('button', { name: 'Create administrator' }).click()
    await mustShowProblem(page, 'first administrator, common password')
    await page.getByLabel('Password', { exact: true }).fill(administrator.password)
    await page.getByRole('button', { name: 'Create administrator' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()

    const link = await addPerson(page, member, { accepted: false })
    const theirs = await openBrowser()
    await check(theirs, link.href, 'Choose your password', 'invitation')
    await theirs.getByLabel('Password', { exact: true }).fill(`${member.email} `)
    await sendUnchecked(theirs, 'Set password')
    await mustShowProblem(theirs, 'invitation, bad password')
  })
})

test('pages for a person who turns 2FA on', async ({ page }) => {
  await signIn(page, administrator)
  await addPerson(page, member)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, member)
  await check(page, '/my-profile', 'My profile', 'profile without 2FA')
  await check(page, '/my-profile/settings', 'Settings', 'settings without 2FA')
  await check(page, '/admin/users', 'You may not open this', 'not allowed')
  await check(page, '/nowhere', 'Page not found', 'not found, signed in')

  await check(page, '/set-up-mfa', 'Set up two-factor authentication', 'set-up')
  await page.getByLabel('Name of this authenticator').fill(' ')
  await page.getByLabel('Verification code').fill('123456')
  await page.getByRole('button', { name: 'Enable 2FA' }).click()
  await mustShowProblem(page, 'set-up without a name')
  await page.getByLabel('Name of this authenticator').fill('My phone')
  await page.getByLabel('Verification code').fill('123')
  await page.getByRole('button', { name: 'Enable 2FA' }).click()
  await mustShowProblem(page, 'set-up with a wrong code')

  const app = await confirmAuthenticator(page)
  await mustBeAccessible(page, 'recovery codes')
  await sendUnchecked(page, 'Continue')
  await mustShowProblem(page, 'recovery codes without the tick')
  await page.goto('/my-profile')
  await expect(page.getByText('You left before confirming')).toBeVisible()
  await mustBeAccessible(page, 'recovery codes owed')
  await page.getByRole('button', { name: 'Create new recovery codes' }).click()
  await saveCodes(page)
  await mustBeAccessible(page, 'settings with 2FA')
  await check(page, '/my-profile', 'My profile', 'profile with 2FA')
  await check(page, '/recovery-codes', 'Create new recovery codes', 'new recovery codes')
  await check(page, '/set-up-mfa?replace=yes', 'Replace your authenticator', 'replacement')
  await check(page, '/my-profile/settings/disable-2fa', 'Disable 2FA?', 'disabling')
  await check(page, '/my-profile/settings/rename-authenticator', 'Rename authenticator', 'renaming')
  await page.getByLabel('Name of this authenticator').fill(' ')
  await page.getByRole('button', { name: 'Save' }).click()
  await mustShowProblem(page, 'renaming to nothing')

  await page.goto('/my-profile/settings')
  await page.getByLabel('Theme').selectOption({ label: 'Dark' })
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Your preferences are saved.')).toBeVisible()
  await mustBeAccessible(page, 'settings in the dark theme')
  expect(app.secret).toHaveLength(32)
})
