/**
 * The audit log as an administrator uses it: finds an event, looks at it, takes the list away as a file; accessible in
 * every state.
 */
import { readFile } from 'node:fs/promises'
import { mustBeAccessible, mustShowProblem } from './support/accessible.ts'
import { addPerson, administrator, member, signIn } from './support/people.ts'
import { expect, test } from './support/test.ts'

test.describe.configure({ timeout: 240_000 })

test('an administrator finds what happened to somebody, and exports it', async ({ page, openBrowser }) => {
  await signIn(page, administrator)
  await addPerson(page, member)
  const theirs = await openBrowser()
  await signIn(theirs, member)
  await theirs.getByRole('button', { name: 'Sign out' }).click()

  await page.goto('/admin/users')
  await page.getByRole('link', { name: 'Audit log' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeVisible()
  await mustBeAccessible(page, 'audit log')
  await page.getByLabel('Whose account').fill(member.email)
  await page.getByLabel('Event').selectOption({ label: 'Signed out' })
  await page.getByLabel('Since (day, UTC)').fill('2020-01-01')
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(page.getByRole('row')).toHaveCount(2)
  await mustBeAccessible(page, 'audit log, filtered')

  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV' }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toMatch(/^audit-\d{4}-\d\d-\d\d\.csv$/)
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')
  expect(lines).toHaveLength(2)
  expect(lines[1]).toContain(`"sign-out"`)

  await page.getByRole('link', { name: 'Signed out' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Signed out' })).toBeVisible()
  await expect(page.getByText(member.email)).toHaveCount(2)
  await mustBeAccessible(page, 'an event')
  await page.getByRole('main').getByRole('link', { name: 'Audit log' }).click()
  await page.getByLabel('Whose account').fill('nobody at all')
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(page.getByText('No events found.')).toBeVisible()
  await mustBeAccessible(page, 'nothing found')

  await page.goto('/admin/audit?since=2026-02-30&until=x&event=no.such')
  await mustShowProblem(page, 'audit log, all wrong')
  await page.getByRole('link', { name: 'Clear filters' }).click()
  await expect(page.getByRole('link', { name: 'Audit log exported' })).toBeVisible()
})
