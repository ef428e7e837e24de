/**
 * Every page with which administrators look after people, and what a reset of 2FA shows to the person, is accessible, and the
 * reset works as people do it: one shows a QR code, the other scans it.
 */
import type { Page } from '@playwright/test'
import { mustBeAccessible, mustShowProblem, sendUnchecked } from './support/accessible.ts'
import { scan } from './support/authenticator.ts'
import {
  addPerson,
  administrator,
  confirmAuthenticator,
  enableMfa,
  member,
  saveCodes,
  signIn,
  typePassword,
} from './support/people.ts'
import { expect, test } from './support/test.ts'

test.describe.configure({ timeout: 240_000 })

/** Opens the page of somebody by the list. */
async function openUser(page: Page, name: string): Promise<void> {
  await page.goto('/admin/users')
  await page.getByRole('link', { name }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
}

test('somebody whose MFA is reset scans the link, and sets 2FA up again', async ({ page, openBrowser }, testInfo) => {
  await signIn(page, administrator)
  await addPerson(page, member)
  const theirs = await openBrowser()
  await signIn(theirs, member)
  await enableMfa(theirs)

  await openUser(page, member.name)
  await mustBeAccessible(page, 'user with 2FA and sessions')
  await page.getByRole('link', { name: 'Reset MFA' }).click()
  await mustBeAccessible(page, 'reset MFA')
  await sendUnchecked(page, 'Reset MFA')
  await mustShowProblem(page, 'reset MFA, no reason')
  await page.getByLabel('Reason').fill('Phone stolen; recognised in person')
  await page.getByRole('button', { name: 'Reset MFA' }).click()
  await expect(page.getByRole('heading', { name: 'MFA reset' })).toBeVisible()
  await mustBeAccessible(page, 'set-up link')
  const link = await scan(page.getByRole('img', { name: `QR code of the set-up link for ${member.email}` }), testInfo)
  await page.getByRole('link', { name: 'Done' }).click()
  await expect(page.getByText('The set-up link works until')).toBeVisible()
  await mustBeAccessible(page, 'user whose MFA was reset')
  await page.getByRole('link', { name: 'New set-up link' }).click()
  await mustBeAccessible(page, 'new set-up link')

  await theirs.goto('/sign-in')
  await typePassword(theirs, member)
  await expect(theirs.getByText('Your 2FA was reset. Open the link your administrator gave you.')).toBeVisible()
  await mustBeAccessible(theirs, 'set-up link owed')
  await theirs.goto(`${link.pathname}${link.search}`)
  await mustBeAccessible(theirs, 'set-up link opened in the sign-in')
  const phone = await openBrowser()
  await phone.goto(`${link.pathname}${link.search}`)
  await mustBeAccessible(phone, 'set-up link opened')
  await phone.getByLabel('Password', { exact: true }).fill('not the password')
  await phone.getByRole('button', { name: 'Continue' }).click()
  await mustShowProblem(phone, 'set-up link, wrong password')
  await phone.getByLabel('Password', { exact: true }).fill(member.password)
  await phone.getByRole('button', { name: 'Continue' }).click()
  await expect(phone.getByText('Your 2FA was reset. Set it up again')).toBeVisible()
  await mustBeAccessible(phone, 'set-up after a reset')
  await confirmAuthenticator(phone)
  await saveCodes(phone)
  await expect(phone.getByRole('heading', { name: 'My profile' })).toBeVisible()
  await theirs.reload()
  await expect(theirs.getByText('This link does not work')).toBeVisible()
  await mustBeAccessible(theirs, 'set-up link, used')
})

test('pages for looking after accounts, groups and the list', async ({ page }) => {
  await signIn(page, administrator)
  const long = { ...member, name: 'Wolfeschlegelsteinhausenbergerdorff'.repeat(2).slice(0, 99) }
  await addPerson(page, long)
  await openUser(page, long.name)
  await page.getByRole('link', { name: 'Edit' }).click()
  await mustBeAccessible(page, 'edit user')
  await page.getByLabel('Name').fill('a\u200bb')
  await page.getByLabel('Last day').fill('2020-01-01')
  await page.getByRole('button', { name: 'Save' }).click()
  await mustShowProblem(page, 'edit user, all wrong')
  await page.getByLabel('Name').fill(member.name)
  await page.getByLabel('Last day').fill('2099-12-31')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Ends January 1, 2100')).toBeVisible()
  await page.getByRole('link', { name: 'Deactivate' }).click()
  await mustBeAccessible(page, 'deactivate')
  await page.getByRole('button', { name: 'Deactivate' }).click()
  await expect(page.getByText('Everything it had open has ended.')).toBeVisible()
  await mustBeAccessible(page, 'deactivated user')
  await page.getByRole('link', { name: 'Reactivate' }).click()
  await mustBeAccessible(page, 'reactivate')

  await page.goto('/admin/groups')
  await mustBeAccessible(page, 'no groups')
  await page.getByLabel('Name').fill('Field staff')
  await page.getByRole('button', { name: 'Create group' }).click()
  await page.getByLabel('Email of the new member').fill('nobody@example.org')
  await page.getByRole('button', { name: 'Add member' }).click()
  await mustShowProblem(page, 'nobody of this address')
  await page.getByLabel('Email of the new member').fill(member.email)
  await page.getByRole('button', { name: 'Add member' }).click()
  await expect(page.getByText('The person is in the group.')).toBeVisible()
  await mustBeAccessible(page, 'group')
  await page.getByRole('link', { name: 'Delete group' }).click()
  await mustBeAccessible(page, 'delete group')
  await page.goto('/admin/groups')
  await mustBeAccessible(page, 'groups')
  await page.getByLabel('Name').fill('FIELD STAFF')
  await page.getByRole('button', { name: 'Create group' }).click()
  await mustShowProblem(page, 'group name taken')

  await page.goto('/admin/users')
  await page.getByText('Filters', { exact: true }).click()
  await page.getByLabel('Group').selectOption('Field staff')
  await page.getByLabel('State').selectOption('Deactivated')
  await page.getByRole('button', { name: 'Apply filters' }).click()
  await expect(page.getByRole('link', { name: member.name })).toBeVisible()
  await expect(page.getByRole('link', { name: administrator.name })).toBeHidden()
  await mustBeAccessible(page, 'users, filtered')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export as CSV' }).click()
  expect((await download).suggestedFilename()).toMatch(/^users-\d{4}-\d{2}-\d{2}\.csv$/)

  await openUser(page, member.name)
  await page.getByRole('link', { name: 'Delete' }).click()
  await mustBeAccessible(page, 'delete user')
  await page.getByLabel('Type the email address to confirm').fill('somebody.else@example.org')
  await page.getByRole('button', { name: 'Delete' }).click()
  await mustShowProblem(page, 'delete user, another address')
  await page.getByLabel('Type the email address to confirm').fill(member.email)
  await page.getByRole('button', { name: 'Delete' }).click()
  await expect(page.getByText('The account is deleted.')).toBeVisible()
})
