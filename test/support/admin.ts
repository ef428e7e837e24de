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

/** Resets somebody's MFA by the page, and gives the path of the set-up link that is shown. Throws when it is refused. */
export async function resetMfa(browser: Browser, user: { id: string }, reason = 'Lost the phone'): Promise<string> {
  return setUpLinkOn(await browser.send(userPath(user, 'reset-mfa'), { reason }))
}

/** The set-up link on a page, without the origin. */
export function setUpLinkOn({ html, status }: Page): string {
  const link = /data-copy="https:\/\/sign-in\.test(\/set-up-mfa-link\?token=[\w-]{43})"/.exec(html)?.[1]
  if (!link) throw new Error(`There is no set-up link on this page: ${status}`)
  return link
}

/** The names in a list of users, in its order. */
export function namesListed({ html }: Page): string[] {
  return [...html.matchAll(/href="\/admin\/users\/[\w-]{36}"[^>]*>([^<]+)</g)].map(([, name]) => name?.trim() ?? '')
}

/** The token in a link. */
export function tokenIn(link: string): string {
  return new URLSearchParams(link.split('?')[1]).get('token') ?? ''
}
