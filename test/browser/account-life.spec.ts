/**
 * Account life by what people see, with a real mail server: invited, forgotten password, changed password, changed address,
 * signed out elsewhere. Every page on the way is accessible in every state.
 */
import type { Page } from '@playwright/test'
import { type MailServer, partOf, startMailServer } from '../support/mail-server.ts'
import { mustBeAccessible, mustShowProblem, sendUnchecked } from './support/accessible.ts'
import { administrator, enableMfa, member, signIn } from './support/people.ts'
import { test as base, expect } from './support/test.ts'

const test = base.extend<{ mail: MailServer }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern.
  mail: async ({}, use) => {
    const mail = await startMailServer()
    await use(mail)
    await mail.close()
  },
  settings: async ({ mail }, use) =>
    use({
      COUNTERSIGN_ADMIN_EMAIL: administrator.email,
      COUNTERSIGN_ADMIN_PASSWORD: administrator.password,
      SMTP_URL: `smtp://${mail.address}`,
      COUNTERSIGN_MAIL_FROM: 'no-reply@example.org',
    }),
})

test.describe.configure({ timeout: 240_000 })

/** Waits for the mail with a link to this path, and gives the newest. */
async function linkTo(mail: MailServer, path: string): Promise<string> {
  const links = () =>
    mail.received.flatMap((one) => partOf(one, 'text/plain').match(/http\S+/g) ?? []).filter((it) => it.includes(path))
  await expect.poll(() => links().length, { timeout: 20_000 }).toBeGreaterThan(0)
  const link = links().at(-1) ?? ''
  mail.received.splice(0)
  return link
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

test('who has forgotten the password chooses a new one by a mailed link', async ({ page, mail }) => {
  await page.goto('/sign-in')
  await page.getByRole('link', { name: 'Forgot password?' }).click()
  await expect(page.getByLabel('Email')).toBeFocused()
  await mustBeAccessible(page, 'forgot password')
  await page.getByLabel('Email').fill('nobody')
  await sendUnchecked(page, 'Send link')
  await mustShowProblem(page, 'forgot password, no address')
  await page.getByLabel('Email').fill(administrator.email)
  await press(page, 'Send link')
  await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeVisible()
  await mustBeAccessible(page, 'link on its way')

  const link = await linkTo(mail, '/reset-password')
  await page.goto(link)
  const field = page.getByLabel('New password', { exact: true })
  await expect(field).toBeFocused()
  await mustBeAccessible(page, 'choose a new password')
  await field.fill('too short')
  await sendUnchecked(page, 'Set password')
  await mustShowProblem(page, 'new password too short')
  await field.fill('seven quiet otters sing')
  await press(page, 'Set password')
  await expect(page.getByText('Your password is changed')).toBeVisible()
  await mustBeAccessible(page, 'sign in with the new password')
  await page.goto(link)
  await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible()
  await mustBeAccessible(page, 'used reset link')
  await signIn(page, { ...administrator, password: 'seven quiet otters sing' })
  await expect(page.getByRole('heading', { name: 'My profile' })).toBeVisible()
})

test('a person changes password and address, and signs out elsewhere', async ({ page, mail, openBrowser }) => {
  await signIn(page, administrator)
  const other = await openBrowser()
  await signIn(other, administrator)
  await page.goto('/my-profile/settings')
  await mustBeAccessible(page, 'settings')
  await page.getByRole('link', { name: 'Show sessions' }).click()
  await expect(page.getByText('This session')).toBeVisible()
  await mustBeAccessible(page, 'my sessions')
  await press(page, 'Sign out everywhere else')
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible()
  await mustBeAccessible(page, 'signed out elsewhere')
  await other.goto('/my-profile')
  await expect(other).toHaveURL(/\/sign-in/)

  await page.goto('/my-profile/settings')
  await page.getByRole('link', { name: 'Change password' }).click()
  await expect(page.getByLabel('Old password')).toBeFocused()
  await mustBeAccessible(page, 'change password')
  await page.getByLabel('Old password').fill('not the old one at all')
  await page.getByLabel('New password', { exact: true }).fill('seven quiet otters sing')
  await press(page, 'Change password')
  await mustShowProblem(page, 'old password wrong')
  await page.getByLabel('Old password').fill(administrator.password)
  await page.getByLabel('New password', { exact: true }).fill('seven quiet otters sing')
  await press(page, 'Change password')
  await expect(page.getByText('Your password is changed.')).toBeVisible()

  await page.getByRole('link', { name: 'Change email' }).click()
  await mustBeAccessible(page, 'change email')
  await page.getByLabel('New email').fill('nobody')
  await sendUnchecked(page, 'Send link')
  await mustShowProblem(page, 'change email, no address')
  await page.getByLabel('New email').fill('maya.new@example.org')
  await press(page, 'Send link')
  await expect(page.getByText('A link is on its way to the new address.')).toBeVisible()
  const link = await linkTo(mail, '/confirm-email')
  await other.goto(link)
  await expect(other.getByText('Sign in to your account first')).toBeVisible()
  await mustBeAccessible(other, 'confirm email, signed out')
  await page.goto(link)
  await expect(page.getByText('maya.new@example.org')).toBeVisible()
  await mustBeAccessible(page, 'confirm email')
  await press(page, 'Change email')
  await expect(page.getByText('Your email address is changed.')).toBeVisible()
  await page.goto(link)
  await mustBeAccessible(page, 'used confirmation')
})

test('an administrator invites by mail, renews and revokes', async ({ page, mail, openBrowser }) => {
  await signIn(page, administrator)
  await enableMfa(page)
  await page.goto('/admin/users/new')
  await page.getByLabel('Email').fill(member.email)
  await page.getByLabel('Name').fill(member.name)
  await press(page, 'Add user')
  await expect(page.getByText(`on its way to ${member.email}`)).toBeVisible()
  await mustBeAccessible(page, 'invited by mail')
  const first = await linkTo(mail, '/accept-invitation')
  await page.getByRole('link', { name: 'See this user' }).click()
  await mustBeAccessible(page, 'an invited user')
  await page.getByRole('link', { name: 'Revoke invitation' }).click()
  await mustBeAccessible(page, 'revoke invitation')
  await press(page, 'Revoke invitation')
  await expect(page.getByText('The invitation is revoked.')).toBeVisible()
  await page.getByRole('link', { name: 'Invite again' }).click()
  await mustBeAccessible(page, 'invite again')
  await press(page, 'Invite again')
  await expect(page.getByRole('heading', { name: 'Invited again' })).toBeVisible()
  const second = await linkTo(mail, '/accept-invitation')
  const theirs = await openBrowser()
  await theirs.goto(first)
  await expect(theirs.getByRole('heading', { name: 'This link does not work' })).toBeVisible()
  await theirs.goto(second)
  await theirs.getByLabel('Password', { exact: true }).fill(member.password)
  await press(theirs, 'Set password')
  await expect(theirs.getByRole('heading', { name: 'My profile' })).toBeVisible()
})

base('without a mail server, the pages say what cannot be done', async ({ page }) => {
  await page.goto('/forgot-password')
  await expect(page.getByText('This service cannot send mail')).toBeVisible()
  await mustBeAccessible(page, 'forgot password, no mail server')
  await signIn(page, administrator)
  await page.goto('/my-profile/settings/change-email')
  await expect(page.getByText('This service cannot send mail')).toBeVisible()
  await mustBeAccessible(page, 'change email, no mail server')
})
