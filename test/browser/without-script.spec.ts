/**
 * The main story with script switched off: every form works, and what could not work is not shown.
 */
import { readFile } from 'node:fs/promises'
import { administrator, confirmAuthenticator, saveCodes, shownCodes, signIn } from './support/people.ts'
import { expect, test } from './support/test.ts'

test.use({ javaScriptEnabled: false })

test('2FA is set up, used and recovered without script', async ({ page }) => {
  await page.goto('/sign-in')
  await expect(page.getByRole('button')).toHaveText(['Sign in'])
  await signIn(page, administrator)
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Enable 2FA' }).click()
  await expect(page.getByRole('button', { name: 'Copy' })).toBeHidden()

  const app = await confirmAuthenticator(page)
  const codes = await shownCodes(page)
  await expect(page.getByRole('button')).toHaveText(['Download', 'Continue'])
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  const text = await readFile(await (await downloading).path(), 'utf8')
  for (const code of codes) expect(text).toContain(code)
  await saveCodes(page)
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, administrator)
  await page.getByLabel('Verification code').fill(app.wrongCode())
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('This code is not right.')).toBeVisible()
  await expect(page.getByLabel('Verification code')).toBeFocused()
  await page.getByLabel('Verification code').fill(await app.anyFreshCode())
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, administrator)
  await page.getByRole('link', { name: 'Try another way' }).click()
  await page.getByLabel('Recovery code').fill(codes[0] ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('You have 9 recovery codes left.')).toBeVisible()
})

test('MFA is enforced and set up without script', async ({ page, openBrowser }) => {
  await signIn(page, administrator)
  await page.goto('/admin/settings')
  await page.getByRole('link', { name: 'Enable 2FA' }).click()
  await confirmAuthenticator(page)
  await saveCodes(page)
  await page.goto('/admin/settings')
  await page.getByLabel('Enforce MFA for all users').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Switch on' }).click()
  await expect(page.getByText('MFA is enforced, and everyone has 2FA.')).toBeVisible()
  await page.getByRole('link', { name: 'Users' }).click()
  await page.getByRole('link', { name: 'Add user' }).click()
  await page.getByLabel('Email').fill('new@example.org')
  await page.getByRole('button', { name: 'Add user' }).click()

  const theirs = await openBrowser({ javaScriptEnabled: false })
  await theirs.goto((await page.getByText('/accept-invitation?token=').innerText()).trim())
  await theirs.getByLabel('Password', { exact: true }).fill('eight is enough')
  await theirs.getByRole('button', { name: 'Set password' }).click()
  await expect(theirs.getByText('Your administrator requires two-factor authentication')).toBeVisible()
  await confirmAuthenticator(theirs)
  await saveCodes(theirs)
  await expect(theirs.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
})
