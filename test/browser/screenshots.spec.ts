/**
 * The pictures in the README and the guides. The pages are run through every time, so that no picture can show what is
 * no longer there. The files are written only when asked, with Debian's `pngquant` at hand to keep them small:
 * `COUNTERSIGN_SCREENSHOTS=1 npm test -- --only browser screenshots`.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import {
  addPerson,
  administrator,
  becomeAdministrator,
  confirmAuthenticator,
  enableMfa,
  member,
  type Person,
  saveCodes,
  signIn,
} from './support/people.ts'
import { expect, test } from './support/test.ts'

const folder = join(import.meta.dirname, '../../docs/images')
const writing = Boolean(process.env.COUNTERSIGN_SCREENSHOTS)

test.use({
  viewport: { width: 1280, height: 760 },
  deviceScaleFactor: 1,
  reducedMotion: 'reduce',
})

/** Takes the picture, in both themes when it is to be kept. */
async function picture(page: Page, name: string, heading: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
  await page.mouse.move(0, 0)
  if (!writing) expect((await page.screenshot({ fullPage: true })).length).toBeGreaterThan(1000)
  else for (const colorScheme of ['dark', 'light'] as const) await keep(page, name, colorScheme)
}

async function keep(page: Page, name: string, colorScheme: 'dark' | 'light'): Promise<void> {
  await page.emulateMedia({ colorScheme })
  // The picture is what the screen shows, and a busy machine may take a while to repaint it.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
  const path = join(folder, `${name}${colorScheme === 'dark' ? '-dark' : ''}.png`)
  await page.screenshot({ path, fullPage: true })
  execFileSync('pngquant', ['--speed', '1', '--strip', '--force', '--output', path, '128', path])
}

test.beforeAll(() => {
  if (writing) mkdirSync(folder, { recursive: true })
})

test('a person turns 2FA on and signs in with it', async ({ page }) => {
  await page.goto('/sign-in')
  await picture(page, 'sign-in', 'Sign in')
  await signIn(page, administrator)
  await addPerson(page, member)
  await page.getByRole('button', { name: 'Sign out' }).click()

  await signIn(page, member)
  await picture(page, 'my-profile', 'My profile')
  await page.getByRole('link', { name: 'Settings' }).click()
  await picture(page, 'settings-security', 'Settings')
  await page.getByRole('button', { name: 'Enable 2FA' }).click()
  await picture(page, 'set-up-mfa', 'Set up two-factor authentication')
  const app = await confirmAuthenticator(page)
  await picture(page, 'recovery-codes', 'Save your recovery codes')
  await saveCodes(page)
  await picture(page, 'settings-security-on', 'Settings')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await signIn(page, member)
  await picture(page, 'verification-code', 'Enter your verification code')
  await page.getByRole('link', { name: 'Try another way' }).click()
  await picture(page, 'recovery-code', 'Use a recovery code')
  expect(app.secret).toHaveLength(32)
})

const others: Person[] = [
  { email: 'amina.diallo@example.org', name: 'Amina Diallo', password: 'yet another four words here' },
  { email: 'luca.rossi@example.org', name: 'Luca Rossi', password: 'not the same words again' },
]
const newcomer: Person = { email: 'sofia.lindqvist@example.org', name: 'Sofia Lindqvist', password: '' }

test.describe('with an administrator who has a name', () => {
  test.use({ settings: {} })

  test('an administrator enforces MFA', async ({ page, openBrowser, service }) => {
    await becomeAdministrator(page, service)
    await enableMfa(page)
    const [withMfa = newcomer, withoutMfa = newcomer] = others
    for (const person of [member, withMfa, withoutMfa]) await addPerson(page, person)
    await addPerson(page, newcomer, { accepted: false })
    const elsewhere = await openBrowser()
    for (const person of [member, withMfa]) {
      await signIn(elsewhere, person)
      await enableMfa(elsewhere)
      await elsewhere.getByRole('button', { name: 'Sign out' }).click()
    }
    await signIn(elsewhere, withoutMfa)

    await page.goto('/admin/users')
    await picture(page, 'users', 'Users')
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.getByLabel('Help contact').fill('it-help@example.org')
    await page.getByLabel('Enforce MFA for all users').check()
    await picture(page, 'enforce-mfa', 'Settings')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('heading', { name: 'Enforce MFA for all users?' })).toBeVisible()
    await picture(page, 'enforce-preview', 'Enforce MFA for all users?')
    await page.getByRole('button', { name: 'Switch on' }).click()
    await expect(page.getByText('MFA is enforced for all users.')).toBeVisible()

    await elsewhere.goto('/my-profile')
    await picture(elsewhere, 'set-up-required', 'Set up two-factor authentication')
  })
})
