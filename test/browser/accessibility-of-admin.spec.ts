/**
 * Every page of the administrators, and what enforcement shows to everyone else, is accessible in every state.
 */
import { mustBeAccessible, mustShowProblem, sendUnchecked } from './support/accessible.ts'
import { addColleagues, disableAuthenticators } from './support/history.ts'
import { addPerson, administrator, enableMfa, member, signIn } from './support/people.ts'
import { expect, test } from './support/test.ts'

test.describe.configure({ timeout: 240_000 })

test('pages for adding and finding people', async ({ page, service }) => {
  await signIn(page, administrator)
  await page.goto('/admin/users/new')
  await mustBeAccessible(page, 'new user')
  await page.getByLabel('Email').fill('nobody')
  await page.getByLabel('Name').fill('a\u200bb')
  await sendUnchecked(page, 'Add user')
  await mustShowProblem(page, 'new user, all wrong')
  await page.getByLabel('Email').fill(administrator.email)
  await page.getByLabel('Name').fill('')
  await page.getByRole('button', { name: 'Add user' }).click()
  await mustShowProblem(page, 'new user, address taken')
  await page.getByLabel('Email').fill(`a.rather.long.address.${'x'.repeat(40)}@long.example.org`)
  await page.getByLabel('Name').fill('Wolfeschlegelsteinhausenbergerdorff'.repeat(2))
  await page.getByRole('button', { name: 'Add user' }).click()
  await expect(page.getByText('This link is shown once.')).toBeVisible()
  await mustBeAccessible(page, 'user added')

  addColleagues(service, 60)
  disableAuthenticators(service)
  await page.goto('/admin/users')
  await mustBeAccessible(page, 'users')
  await page.getByRole('link', { name: 'Next page' }).click()
  await expect(page.getByRole('link', { name: 'First page' })).toBeVisible()
  await mustBeAccessible(page, 'users, second page')
  await page.getByLabel('Find by name or email').fill('nobody at all')
  await page.getByRole('button', { name: 'Find' }).click()
  await expect(page.getByText('No one found.')).toBeVisible()
  await mustBeAccessible(page, 'nobody found')
})

test('pages about enforcement', async ({ page, openBrowser }) => {
  await signIn(page, administrator)
  await addPerson(page, member)
  const theirs = await openBrowser()
  await signIn(theirs, member)
  await page.goto('/admin/settings')
  await expect(page.getByLabel('Enforce MFA for all users')).toBeDisabled()
  await mustBeAccessible(page, 'enforcement needs own MFA')
  await enableMfa(page)
  await page.goto('/admin/settings')
  await mustBeAccessible(page, 'enforcement off')
  await page.getByLabel('Help contact').evaluate((field: HTMLInputElement) => {
    field.removeAttribute('maxlength')
    field.value = 'x'.repeat(300)
  })
  await page.getByRole('button', { name: 'Save' }).click()
  await mustShowProblem(page, 'help contact too long')
  await page.getByLabel('Help contact').fill('https://help.example.org/a-rather-long-address/of-the-help-desk')
  await page.getByLabel('Enforce MFA for all users').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { name: 'Enforce MFA for all users?' })).toBeVisible()
  await mustBeAccessible(page, 'what enforcement will do')
  await page.getByRole('button', { name: 'Switch on' }).click()
  await expect(page.getByText('MFA is enforced for all users.')).toBeVisible()
  await mustBeAccessible(page, 'enforcement on')
  await page.goto('/admin/outbox')
  await expect(page.getByRole('heading', { level: 1, name: 'Mail' })).toBeVisible()
  await mustBeAccessible(page, 'outbox')
  await page.goto('/admin/settings/branding')
  await page.getByLabel('Name of the service').fill('Acme & Sons')
  await page.getByLabel('Colour of buttons and links').fill('#ffee00')
  await page.getByRole('button', { name: 'Save' }).click()
  await mustShowProblem(page, 'a colour that cannot be read')
  await page.getByLabel('Colour of buttons and links').fill('#7a0019')
  await page.getByLabel('Logo', { exact: true }).setInputFiles({
    name: 'logo.png',
    mimeType: 'image/png',
    buffer: await page.screenshot({ clip: { x: 0, y: 0, width: 64, height: 64 } }),
  })
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('The settings are saved.')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Acme & Sons' })).toBeVisible()
  await mustBeAccessible(page, 'with a brand')
  await page.goto('/my-profile/settings')
  await mustBeAccessible(page, 'settings under enforcement')
  await page.goto('/my-profile/settings/disable-2fa')
  await expect(page.getByRole('heading', { name: '2FA is required' })).toBeVisible()
  await mustBeAccessible(page, 'disabling refused')

  await theirs.goto('/my-profile')
  await expect(theirs.getByText('Your administrator requires two-factor authentication')).toBeVisible()
  await mustBeAccessible(theirs, 'set-up required')
})
