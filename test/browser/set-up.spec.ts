/**
 * Setting MFA up, as the guide for people tells it, with a real QR reader and a real authenticator.
 */
import { readFile } from 'node:fs/promises'
import type { Locator, Page } from '@playwright/test'
import { Authenticator, scan } from './support/authenticator.ts'
import {
  administrator,
  confirmAuthenticator,
  enableMfa,
  saveCodes,
  secretGroups,
  shownCodes,
  signIn,
  typePassword,
} from './support/people.ts'
import { expect, test } from './support/test.ts'

const { email } = administrator
const code = /^[0-9a-z]{4}(-[0-9a-z]{4}){3}$/

test('a person sets MFA up by the documented steps and signs in with it', async ({ page, context }, testInfo) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])

  await test.step('Sign in to your account and navigate to "My profile"', async () => {
    await page.goto('/')
    await typePassword(page, administrator)
    await page.getByRole('link', { name: 'My profile' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
  })
  await test.step('Select the "Settings" button', () => page.getByRole('link', { name: 'Settings' }).click())
  await test.step('Look for the Security section and click "Enable 2FA"', async () => {
    await page.getByRole('region', { name: 'Security' }).getByRole('button', { name: 'Enable 2FA' }).click()
  })
  const app = await test.step('Set up your authenticator app: scan the QR code', async () => {
    const uri = await scan(page.getByRole('img', { name: `QR code that adds ${email}` }), testInfo)
    expect(decodeURIComponent(uri.href.split('?')[0] ?? '')).toBe(`otpauth://totp/Countersign:${email}`)
    expect(uri.searchParams.get('issuer')).toBe('Countersign')
    return new Authenticator(uri.searchParams.get('secret') ?? '')
  })
  await test.step('Alternatively, manually enter the provided secret code', async () => {
    const groups = (await secretGroups(page)).trim().split(/\s+/)
    expect(groups.map((group) => group.length)).toEqual(Array(8).fill(4))
    expect(groups.join('')).toBe(app.secret)
    await page.getByRole('button', { name: 'Copy' }).click()
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(app.secret)
    for (const fact of ['Time-based (TOTP)', 'SHA-1', '6', '30 seconds']) {
      await expect(page.getByRole('definition').getByText(fact, { exact: true })).toBeVisible()
    }
  })
  await test.step('Enter the 6-digit verification code shown in your authenticator app', async () => {
    await page.getByLabel('Verification code').fill(app.codeNow())
  })
  await test.step('Click "Enable 2FA" to complete the setup', async () => {
    await page.getByRole('button', { name: 'Enable 2FA' }).click()
    await expect(page.getByText('2FA is on. One last step')).toBeVisible()
  })
  const codes = await test.step('Save your recovery codes', () => keepCodesInEveryWay(page))
  await test.step('Test your MFA setup by logging out and back in', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect(page.getByText('You are signed out.')).toBeVisible()
    await signIn(page, administrator)
    await page.getByLabel('Verification code').fill(await app.nextCode())
    await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
    await expect(page.getByText('10 recovery codes left')).toBeVisible()
  })
  await test.step('Without the phone: a recovery code, in capitals and with spaces', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await signIn(page, administrator)
    await page.getByRole('link', { name: 'Try another way' }).click()
    await page.getByLabel('Recovery code').fill(` ${codes[3]?.toUpperCase().replaceAll('-', ' ')} `)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('status').filter({ hasText: 'You have 9 recovery codes left.' })).toBeVisible()
    await page.getByRole('link', { name: 'Continue' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
  })
})

/** Copies, downloads, prints, ticks and goes on; each way must hold the ten codes that are shown. */
async function keepCodesInEveryWay(page: Page): Promise<string[]> {
  const codes = await shownCodes(page)
  expect(codes).toHaveLength(10)
  for (const one of codes) expect(one).toMatch(code)
  for (const warning of ['apart from your password', 'only once', 'Never share', 'password manager and one printed']) {
    await expect(page.getByRole('listitem').filter({ hasText: warning })).toBeVisible()
  }

  await page.getByRole('button', { name: 'Copy' }).click()
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
  expect((await page.evaluate(() => navigator.clipboard.readText())).split('\n')).toEqual(codes)

  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  const download = await downloading
  const today = new Date()
  expect(download.suggestedFilename()).toBe(`countersign-recovery-codes-${today.toISOString().slice(0, 10)}.txt`)
  const text = await readFile(await download.path(), 'utf8')
  expect(text.match(/[0-9a-z]{4}(-[0-9a-z]{4}){3}/g)).toEqual(codes)
  const month = today.toLocaleDateString('en', { month: 'long', timeZone: 'UTC' })
  for (const part of ['Countersign', new URL(page.url()).origin, email, month, String(today.getUTCFullYear())]) {
    expect(text).toContain(part)
  }

  await page.evaluate(() => {
    window.print = () => document.body.setAttribute('data-printed', 'yes')
  })
  await page.getByRole('button', { name: 'Print' }).click()
  await expect(page.locator('body')).toHaveAttribute('data-printed', 'yes')
  await checkPaper(page, codes)

  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('heading', { name: 'Save your recovery codes' })).toBeVisible()
  await page.getByLabel('I have saved these codes').check()
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('They work from now on.')).toBeVisible()
  return codes
}

async function checkPaper(page: Page, codes: string[]): Promise<void> {
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByText('Recovery codes for Countersign')).toBeVisible()
  await expect(page.getByText(`Account: ${email}`)).toBeVisible()
  for (const one of codes) await expect(page.getByText(one)).toBeVisible()
  await expect(page.getByRole('button')).toHaveCount(0)
  await expect(page.getByRole('heading')).toHaveCount(0)
  await test.info().attach('paper', { body: await page.screenshot({ fullPage: true }), contentType: 'image/png' })
  await page.emulateMedia({ media: 'screen' })
}

test('everything can be done by keyboard alone, and the focus can always be seen', async ({ page }) => {
  const { keyboard } = page
  await page.goto('/sign-in')
  await expect(page.getByLabel('Email')).toBeFocused()
  await keyboard.type(email)
  await tabTo(page, page.getByLabel('Password', { exact: true }))
  await keyboard.type(administrator.password)
  await keyboard.press('Enter')
  await pressOn(page, page.getByRole('link', { name: 'Settings' }), 'Enter')
  await pressOn(page, page.getByRole('button', { name: 'Enable 2FA' }), 'Space')

  await expect(page.getByRole('heading', { name: 'Set up two-factor authentication' })).toBeVisible()
  const app = new Authenticator((await secretGroups(page)).replace(/\s/g, ''))
  await tabTo(page, page.getByLabel('Verification code'))
  await keyboard.type(await app.anyFreshCode())
  await keyboard.press('Enter')

  await pressOn(page, page.getByRole('button', { name: 'Copy' }), 'Space')
  const downloading = page.waitForEvent('download')
  await pressOn(page, page.getByRole('button', { name: 'Download' }), 'Enter')
  await downloading
  await pressOn(page, page.getByLabel('I have saved these codes'), 'Space')
  await pressOn(page, page.getByRole('button', { name: 'Continue' }), 'Enter')
  await expect(page.getByText('They work from now on.')).toBeVisible()

  await pressOn(page, page.getByRole('button', { name: 'Sign out' }), 'Enter')
  await expect(page.getByLabel('Email')).toBeFocused()
  await keyboard.type(email)
  await tabTo(page, page.getByLabel('Password', { exact: true }))
  await keyboard.type(administrator.password)
  await keyboard.press('Enter')
  await expect(page.getByLabel('Verification code')).toBeFocused()
  await keyboard.type(await app.anyFreshCode())
  await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
})

async function pressOn(page: Page, target: Locator, key: 'Enter' | 'Space'): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press(key)
}

/** Presses Tab until the target has the focus; every stop on the way must show where the focus is. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible()
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab')
    const outline = await page.locator(':focus').evaluate((element) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      return `${outlineStyle} ${outlineWidth}`
    })
    expect(outline).toMatch(/^solid [2-9]px$/)
    if (await target.evaluate((element) => element === document.activeElement)) return
  }
  throw new Error(`Tab does not lead to ${target}`)
}

test('whoever leaves before the tick is warned, and led back to a fresh set', async ({ page }) => {
  await signIn(page, administrator)
  await page.goto('/set-up-mfa')
  await confirmAuthenticator(page)
  const first = await shownCodes(page)

  const asking = page.waitForEvent('dialog')
  const leaving = page.goto('/my-profile/settings')
  const dialog = await asking
  expect(dialog.type()).toBe('beforeunload')
  await dialog.accept()
  await leaving

  await expect(page.getByText('You left before confirming that you saved your recovery codes.')).toBeVisible()
  await expect(page.getByRole('link', { name: 'My profile' })).toBeHidden()
  await page.getByRole('button', { name: 'Create new recovery codes' }).click()
  await expect(page.getByRole('heading', { name: 'Save your recovery codes' })).toBeVisible()
  const fresh = await saveCodes(page)
  expect(fresh).toHaveLength(10)
  expect(fresh.filter((one) => first.includes(one))).toEqual([])
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()

  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, administrator)
  await page.getByRole('link', { name: 'Try another way' }).click()
  await page.getByLabel('Recovery code').fill(first[0] ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('This recovery code is not right')).toBeVisible()
  await page.getByLabel('Recovery code').fill(fresh[0] ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('You have 9 recovery codes left.')).toBeVisible()
})

test('2FA can be renamed and disabled again, and then the password alone is enough', async ({ page }) => {
  await signIn(page, administrator)
  await enableMfa(page, { name: 'Old phone' })
  await page.getByRole('link', { name: 'Rename Old phone' }).click()
  await page.getByLabel('Name of this authenticator').fill('Blue phone')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { name: 'Blue phone' })).toBeVisible()

  await page.getByRole('link', { name: 'Disable 2FA' }).click()
  await expect(page.getByText('“Blue phone” is removed.')).toBeVisible()
  await page.getByRole('button', { name: 'Disable 2FA' }).click()
  await expect(page.getByText('2FA is off.')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, administrator)
  await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
})
