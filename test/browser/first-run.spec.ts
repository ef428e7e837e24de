/**
 * The first minutes of a new installation: the printed link makes the first administrator, once and never again.
 */
import { administrator, becomeAdministrator } from './support/people.ts'
import { expect, test } from './support/test.ts'

test.use({ settings: {} })

test('the printed link creates the first administrator, and then works no more', async ({
  page,
  service,
  openBrowser,
}) => {
  expect(service.setUpLink).toContain(`${service.url}/set-up?token=`)
  await becomeAdministrator(page, service)
  await expect(page.getByRole('definition').getByText(administrator.name)).toBeVisible()
  await expect(page.getByRole('definition').getByText('Administrator', { exact: true })).toBeVisible()
  await page.getByRole('link', { name: 'Admin' }).click()
  await expect(page.getByRole('row', { name: administrator.email })).toBeVisible()

  const stranger = await openBrowser()
  await stranger.goto(service.setUpLink ?? '')
  await expect(stranger.getByRole('heading', { name: 'This link does not work' })).toBeVisible()
  await expect(stranger.getByLabel('Email')).toHaveCount(0)
  await stranger.getByRole('link', { name: 'Go to sign-in' }).click()
  await expect(stranger.getByRole('heading', { name: 'Sign in' })).toBeVisible()
})

test('a link with another token creates nobody', async ({ page, service }) => {
  await page.goto(`${service.setUpLink?.slice(0, -3)}abc`)
  await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible()
  await becomeAdministrator(page, service)
})
