/**
 * Personal access tokens on the pages: made, copied, used, revoked, by mouse and keyboard, in light and dark and on a
 * small phone; without script as well.
 */
import { mustBeAccessible, mustShowProblem, sendUnchecked } from './support/accessible.ts'
import { addPerson, administrator, member, signIn } from './support/people.ts'
import { expect, test } from './support/test.ts'

test('a token is made, works, and is revoked; every page on the way is accessible', async ({
  page,
  service,
  request,
}) => {
  await signIn(page, administrator)
  await page.getByRole('link', { name: 'Settings', exact: true }).first().click()
  await page.getByRole('link', { name: 'Show tokens' }).click()
  await expect(page.getByText('You have no tokens.')).toBeVisible()
  await mustBeAccessible(page, 'no tokens')

  await page.getByRole('link', { name: 'New token' }).click()
  await mustBeAccessible(page, 'new token')
  await page.getByLabel('Name', { exact: true }).fill('a\u200bb')
  await sendUnchecked(page, 'Make token')
  await mustShowProblem(page, 'new token, name and scopes wrong')
  await page.getByLabel('Name', { exact: true }).fill('Wolfeschlegelsteinhausenbergerdorff nightly report for all')
  await page.getByRole('button', { name: 'Make token' }).click()
  await mustShowProblem(page, 'new token, nothing ticked')
  await page.getByLabel('See who you are').check()
  await page.getByLabel('Works for').selectOption('7 days')
  await page.getByRole('button', { name: 'Make token' }).click()
  await expect(page.getByText('This token is shown once.')).toBeVisible()
  await mustBeAccessible(page, 'token made')

  const token = await page.locator('#token').innerText()
  const me = await request.get(`${service.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  expect(await me.json()).toMatchObject({ email: administrator.email, token: { scopes: ['profile:read'] } })

  await page.getByRole('link', { name: 'Done' }).click()
  await mustBeAccessible(page, 'one token')
  await page.getByRole('button', { name: /^Revoke “Wolfe/ }).click()
  await expect(page.getByText('The token is revoked.')).toBeVisible()
  expect(
    (await request.get(`${service.url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status(),
  ).toBe(401)
})

test('an administrator sees and revokes the token of somebody else', async ({ page, openBrowser }) => {
  await signIn(page, administrator)
  await addPerson(page, member)
  const theirs = await openBrowser()
  await signIn(theirs, member)
  await theirs.goto('/my-profile/tokens/new')
  await theirs.getByLabel('Name', { exact: true }).fill('Nightly report')
  await theirs.getByLabel('See where you are signed in').check()
  await theirs.getByRole('button', { name: 'Make token' }).click()
  await expect(theirs.getByText('This token is shown once.')).toBeVisible()

  await page.goto('/admin/users')
  await page.getByRole('link', { name: member.name }).click()
  await expect(page.getByRole('heading', { name: 'Personal access tokens' })).toBeVisible()
  await mustBeAccessible(page, 'user with a token')
  await page.getByRole('link', { name: 'Revoke “Nightly report”' }).click()
  await mustBeAccessible(page, 'asking before a token is revoked')
  await page.getByRole('button', { name: 'Revoke token' }).click()
  await expect(page.getByText('The token is revoked.')).toBeVisible()
  await theirs.goto('/my-profile/tokens')
  await expect(theirs.getByText('You have no tokens.')).toBeVisible()
})

test.describe('without script', () => {
  test.use({ javaScriptEnabled: false })

  test('a token is made and revoked just the same', async ({ page }) => {
    await signIn(page, administrator)
    await page.goto('/my-profile/tokens/new')
    await page.getByLabel('Name', { exact: true }).fill('Nightly report')
    await page.getByLabel('Read the audit log').check()
    await page.getByRole('button', { name: 'Make token' }).click()
    await expect(page.locator('#token')).toHaveText(/^cs_pat_\w{49}$/)
    await page.getByRole('link', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Revoke “Nightly report”' }).click()
    await expect(page.getByText('You have no tokens.')).toBeVisible()
  })
})
