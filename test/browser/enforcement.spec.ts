/**
 * The administrator's story: add a person, require MFA of everyone, see who is covered, and let go again; told with two
 * people in two browsers at the same time.
 */
import type { Page } from '@playwright/test'
import type { Authenticator } from './support/authenticator.ts'
import {
  addPerson,
  administrator,
  confirmAuthenticator,
  enableMfa,
  member,
  type Person,
  saveCodes,
  signIn,
  signInFully,
  switchEnforcement,
} from './support/people.ts'
import { expect, test } from './support/test.ts'

test('an administrator enforces MFA for all users, and a person is led to set it up and then on', async ({
  page,
  openBrowser,
}) => {
  await signIn(page, administrator)
  const theirs = await openBrowser()
  let app: Authenticator | undefined

  await test.step('The administrator adds a user, and sees the set-up link once', async () => {
    const link = await addByHand(page, member)
    await page.getByRole('link', { name: 'Done' }).click()
    await expect(rowOf(page, member)).toContainText('Invited')
    await theirs.goto(link)
  })
  await test.step('The user chooses a password', async () => {
    await expect(theirs.getByText(member.email)).toBeVisible()
    await theirs.getByLabel('Password', { exact: true }).fill(member.password)
    await theirs.getByRole('button', { name: 'Set password' }).click()
    await expect(theirs.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
  })
  await test.step('Without 2FA of their own the administrator cannot switch it on', async () => {
    await page.goto('/admin/settings')
    await expect(page.getByLabel('Enforce MFA for all users')).toBeDisabled()
    await page.getByRole('link', { name: 'Enable 2FA' }).click()
    app = await confirmAuthenticator(page)
    await saveCodes(page)
  })
  await test.step('The administrator switches "Enforce MFA for all users" on', async () => {
    await page.goto('/admin/settings')
    await expect(page.getByText('1 person does not have 2FA yet')).toBeVisible()
    await page.getByLabel('Help contact').fill('it-help@example.org')
    await page.getByLabel('Enforce MFA for all users').check()
    await page.getByRole('button', { name: 'Save' }).click()
  })
  await test.step('The administrator sees what it will do, by name, before it is switched on', async () => {
    await expect(page.getByRole('heading', { level: 1, name: 'Enforce MFA for all users?' })).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Will be asked to set up 2FA: 1' })).toBeVisible()
    await expect(page.getByRole('listitem').filter({ hasText: member.email })).toBeVisible()
    await page.getByRole('button', { name: 'Switch on' }).click()
    await expect(page.getByText('1 person has not set it up yet')).toBeVisible()
    await expect(page.getByText('There are 15 minutes left')).toBeVisible()
    await page.getByRole('link', { name: 'Users' }).click()
    await expect(rowOf(page, administrator).getByRole('cell', { name: 'On', exact: true })).toBeVisible()
    await expect(rowOf(page, member).getByRole('cell', { name: 'Off', exact: true })).toBeVisible()
    await expect(page.getByText('1 of 2 people with 2FA')).toBeVisible()
  })
  await test.step("The person's next click leads to the set-up page, and there is no way round it", async () => {
    await theirs.getByRole('link', { name: 'Settings' }).click()
    await mustSetUp(theirs)
    for (const path of ['/', '/my-profile', '/admin/users', '/recovery-codes', '/sign-in']) {
      await theirs.goto(path)
      await mustSetUp(theirs)
    }
    await theirs.goto('/my-profile/settings')
  })
  await test.step('Once it is set up, they go on to where they wanted to go', async () => {
    await confirmAuthenticator(theirs)
    await saveCodes(theirs)
    await expect(theirs).toHaveURL(/\/my-profile\/settings/)
    await expect(theirs.getByText('it cannot be disabled')).toBeVisible()
  })
  await test.step('The administrator confirms it from a new sign-in', async () => {
    const again = await openBrowser()
    if (!app) throw new Error('There is no authenticator.')
    await signInFully(again, administrator, app)
    await again.goto('/admin/users')
    await again.getByRole('button', { name: 'Keep MFA enforced' }).click()
    await expect(again.getByText('MFA stays enforced')).toBeVisible()
    await expect(again.getByText('waits to be confirmed')).toBeHidden()
  })
  await test.step('The administrator sees it', async () => {
    await page.reload()
    await expect(rowOf(page, member).getByRole('cell', { name: 'On', exact: true })).toBeVisible()
    await expect(page.getByText('2 of 2 people with 2FA')).toBeVisible()
  })
})

test('whoever is led to the set-up page can sign out instead, is led there again, and is freed by switching off', async ({
  page,
  openBrowser,
}) => {
  await signIn(page, administrator)
  await addPerson(page, member)
  await enableMfa(page)
  const theirs = await openBrowser()
  await switchEnforcement(page, true)

  await theirs.goto('/my-profile/settings')
  await theirs.getByLabel('Email').fill(member.email)
  await theirs.getByLabel('Password', { exact: true }).fill(member.password)
  await theirs.getByRole('button', { name: 'Sign in' }).click()
  await mustSetUp(theirs)
  await theirs.getByRole('button', { name: 'Sign out' }).click()
  await expect(theirs.getByText('You are signed out.')).toBeVisible()
  await signIn(theirs, member)
  await mustSetUp(theirs)

  await switchEnforcement(page, false)
  await theirs.reload()
  await expect(theirs.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
})

test('a session that was led to the set-up page is free at once when enforcement is switched off', async ({
  page,
  openBrowser,
}) => {
  await signIn(page, administrator)
  await addPerson(page, member)
  await enableMfa(page)
  const theirs = await openBrowser()
  await signIn(theirs, member)
  await switchEnforcement(page, true)
  await theirs.reload()
  await mustSetUp(theirs)
  await switchEnforcement(page, false)
  await theirs.goto('/my-profile')
  await expect(theirs.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible()
})

/** Adds someone by the pages and returns the set-up link. */
async function addByHand(page: Page, { email, name }: Person): Promise<string> {
  await page.getByRole('link', { name: 'Admin' }).click()
  await page.getByRole('link', { name: 'Add user' }).click()
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Add user' }).click()
  await expect(page.getByText('This link is shown once.')).toBeVisible()
  return (await page.getByText('/accept-invitation?token=').innerText()).trim()
}

function rowOf(page: Page, { email }: Person) {
  return page.getByRole('row').filter({ hasText: email })
}

/** The set-up page, with nothing on it that leads elsewhere but help and sign-out. */
async function mustSetUp(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { name: 'Set up two-factor authentication' })).toBeVisible()
  await expect(page.getByText('Your administrator requires two-factor authentication')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
  const links = await page.getByRole('link').evaluateAll((all) => all.map((link) => link.getAttribute('href')))
  expect(links.map((href) => href?.replace(/^otpauth:.*/, 'otpauth:'))).toEqual([
    '#content',
    'otpauth:',
    'mailto:it-help@example.org',
  ])
}
