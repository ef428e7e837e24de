/**
 * Every page of a sign-in with 2FA, and of the confirmation that sensitive acts ask for, is accessible in every state.
 */
import { mustBeAccessible, mustShowProblem } from './support/accessible.ts'
import { disableAuthenticators, forgetGuesses, leaveRecoveryCodes } from './support/history.ts'
import { administrator, enableMfa, signIn } from './support/people.ts'
import { expect, test } from './support/test.ts'

test.describe.configure({ timeout: 240_000 })

test('pages of a sign-in with a code', async ({ page, service }) => {
  await signIn(page, administrator)
  const { app } = await enableMfa(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, administrator)
  const field = page.getByLabel('Verification code')
  await expect(field).toBeFocused()
  await mustBeAccessible(page, 'verification code')
  await field.fill(app.wrongCode())
  await expect(page.getByText('This code is not right.')).toBeVisible()
  await mustShowProblem(page, 'wrong code')
  await field.fill(app.codeOff(-10))
  await expect(page.getByText('The clock of your phone seems to be slow.')).toBeVisible()
  await mustShowProblem(page, 'clock off')
  for (const more of ['third', 'fourth', 'fifth']) {
    await test.step(`${more} wrong code`, () => field.fill(app.wrongCode()))
    await expect(field.or(page.getByLabel('Email'))).toHaveValue('')
  }
  await expect(page.getByText('Too many wrong codes. Please sign in again.')).toBeVisible()
  await signIn(page, administrator)
  await field.fill(app.wrongCode())
  await expect(page.getByText('Too many wrong codes. Try again in')).toBeVisible()
  await mustShowProblem(page, 'too many wrong codes')

  forgetGuesses(service)
  disableAuthenticators(service)
  await page.goto('/sign-in/verification-code')
  await expect(page.getByText('Your authenticator was blocked')).toBeVisible()
  await mustBeAccessible(page, 'authenticator blocked')
})

test('pages of a sign-in with a recovery code', async ({ page, service }) => {
  await signIn(page, administrator)
  const { codes } = await enableMfa(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, administrator)
  await page.getByRole('link', { name: 'Try another way' }).click()
  const field = page.getByLabel('Recovery code')
  await expect(field).toBeFocused()
  await mustBeAccessible(page, 'recovery code')
  await field.fill('0000-0000-0000-0000')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await mustShowProblem(page, 'wrong recovery code')
  await field.fill(codes[0] ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('You have 9 recovery codes left.')).toBeVisible()
  await mustBeAccessible(page, 'recovery code used')

  leaveRecoveryCodes(service, 3)
  await page.reload()
  await expect(page.getByText('Create new ones before you run out.')).toBeVisible()
  await mustBeAccessible(page, 'few recovery codes left')
  disableAuthenticators(service)
  await page.goto('/my-profile/settings')
  await expect(page.getByText('Without recovery codes, a lost phone locks you out.')).toBeVisible()
  await mustBeAccessible(page, 'settings with trouble')
  leaveRecoveryCodes(service, 0)
  await page.goto('/my-profile')
  await expect(page.getByText('You have used your last recovery code.')).toBeVisible()
  await mustBeAccessible(page, 'recovery codes used up')
})

test.describe('later', () => {
  test.use({ movableClock: true })

  test('pages that ask to confirm it is you', async ({ page, service }) => {
    await signIn(page, administrator)
    await service.moveClock(11 * 60_000)
    await page.goto('/set-up-mfa')
    await expect(page.getByRole('heading', { name: 'Confirm it is you' })).toBeVisible()
    await mustBeAccessible(page, 'confirming by password')
    await page.getByLabel('Password', { exact: true }).fill('wrong')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await mustShowProblem(page, 'confirming by a wrong password')
    await page.getByLabel('Password', { exact: true }).fill(administrator.password)
    await page.getByRole('button', { name: 'Confirm' }).click()
    await expect(page.getByRole('heading', { name: 'Set up two-factor authentication' })).toBeVisible()
    const { app, codes } = await enableMfa(page, { clock: service.now })

    await service.moveClock(11 * 60_000)
    await page.goto('/admin/settings')
    await page.getByLabel('Enforce MFA for all users').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('heading', { name: 'Confirm it is you' })).toBeVisible()
    await mustBeAccessible(page, 'confirming by code')
    await page.getByLabel('Verification code').fill(await app.anyFreshCode())
    await expect(page.getByText('Nothing has been changed yet')).toBeVisible()
    await expect(page.getByLabel('Enforce MFA for all users')).toBeChecked()
    await mustBeAccessible(page, 'settings to be saved')

    await service.moveClock(11 * 60_000)
    await page.goto('/my-profile/settings/disable-2fa')
    await page.getByRole('link', { name: 'Try another way' }).click()
    await mustBeAccessible(page, 'confirming by recovery code')
    await page.getByLabel('Recovery code').fill(codes[0] ?? '')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('link', { name: 'Continue' }).click()
    await expect(page.getByRole('heading', { name: 'Disable 2FA?' })).toBeVisible()
  })
})
