// What an administrator does to somebody's account, by its pages.

import type { Browser, Page } from './browser.ts'

/** The address of a user's page, or of a page below it. */
export function userPath(user: { id: string }, act = ''): string {
  return `/admin/users/${user.id}${act === '' ? '' : `/${act}`}`
}

/** Sends the form for name, role and last day, with whatever differs from an unchanged member. */
export function editUser(
  browser: Browser,
  user: { id: string },
  fields: Record<string, string | readonly string[]> = {},
): Promise<Page> {
  return browser.send(userPath(user, 'edit'), { name: 'Ada Example', role: 'member', lastDay: '', ...fields })
}
