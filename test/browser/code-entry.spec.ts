/**
 * Entering a verification code: however the six digits get in, they are sent by themselves, once.
 */
import type { Page } from '@playwright/test'
import type { Authenticator } from './support/authenticator.ts'
import { administrator, enableMfa, signIn } from './support/people.ts'
import { expect, test } from './support/test.ts'

/** Turns 2FA on, and signs in again as far as the code. Counts what is sent from there on. */
async function owingCode(page: Page): Promise<{ app: Authenticator; sent: () => number }> {
  await signIn(page, administrator)
  const { app } = await enableMfa(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, administrator)
  await expect(page.getByLabel('Verification code')).toBeFocused()
  let sent = 0
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/sign-in/verification-code')) sent += 1
  })
  return { app, sent: () => sent }
}

async function paste(page: Page, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text)
  await page.keyboard.press('Control+V')
}

test('a pasted code with a space in it is sent by itself, once', async ({ page }) => {
  const { app, sent } = await owingCode(page)
  const code = await app.anyFreshCode()
  await paste(page, `${code.slice(0, 3)} ${code.slice(3)}`)
  await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
  expect(sent()).toBe(1)
})

test('a typed code is sent with its last digit, and pressing Enter after it sends nothing more', async ({ page }) => {
  const { app, sent } = await owingCode(page)
  const code = await app.anyFreshCode()
  await page.keyboard.type(code.slice(0, 5))
  await expect(page.getByLabel('Verification code')).toHaveValue(code.slice(0, 5))
  expect(sent()).toBe(0)
  // In one go, as fast fingers do: the key after the last digit arrives while the form is on its way.
  await Promise.all([page.keyboard.press(code.slice(5)), page.keyboard.press('Enter')])
  await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
  expect(sent()).toBe(1)
})

test('a code that the browser or phone fills in is sent by itself', async ({ page }) => {
  const { app, sent } = await owingCode(page)
  const field = page.getByLabel('Verification code')
  await expect(field).toHaveAttribute('autocomplete', 'one-time-code')
  await expect(field).toHaveAttribute('inputmode', 'numeric')
  await field.fill(await app.anyFreshCode())
  await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
  expect(sent()).toBe(1)
})

test('after a wrong code the field is empty and has the focus, with the reason beside it', async ({ page }) => {
  const { app, sent } = await owingCode(page)
  await page.keyboard.type(app.wrongCode())
  const field = page.getByLabel('Verification code')
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await expect(field).toHaveAccessibleDescription('This code is not right.')
  await expect(field).toBeFocused()
  await expect(field).toHaveValue('')
  await expect(page).toHaveTitle(/^Problem: /)
  await page.keyboard.type(await app.anyFreshCode())
  await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
  expect(sent()).toBe(2)
})

test('what is not six digits is not sent by itself', async ({ page }) => {
  const { sent } = await owingCode(page)
  for (const text of ['12345', '123-456', '1234567', 'abcdef']) {
    await page.getByLabel('Verification code').fill('')
    await paste(page, text)
    await expect(page.getByLabel('Verification code')).toHaveValue(text)
  }
  expect(sent()).toBe(0)
})

test('while enrolling, the code waits for the button: the name may still be missing', async ({ page }) => {
  await signIn(page, administrator)
  await page.goto('/set-up-mfa')
  await page.getByLabel('Verification code').fill('123456')
  await page.getByRole('button', { name: 'Enable 2FA' }).click()
  await expect(page.getByLabel('Verification code')).toHaveAccessibleDescription(/This code is not right/)
  await expect(page.getByLabel('Verification code')).toBeFocused()
})
