// What an administrator does to identity providers, by their pages.

import { newId } from '../../src/secrets/tokens.ts'
import type { Browser } from './browser.ts'
import type { TestService } from './service.ts'

export const providers = '/admin/identity-providers'

/** A client secret that stands nowhere else. */
export const providerSecret = 'a-client-secret-of-the-works-4711'

/** The form of a provider, filled in rightly; `id` and `preset`, or `version`, come on top. */
export const providerForm = {
  name: 'Works',
  icon: 'building',
  issuer: 'https://id.example.org',
  clientId: 'countersign',
  authentication: 'client_secret_basic',
  secret: '',
  scopes: 'openid email profile',
  acrValues: '',
  mfa: 'without',
  amr: '',
  acr: '',
  allowedDomains: '',
  linking: 'in-person',
  admission: 'invited',
  emailClaim: 'email',
  emailVerifiedClaim: 'email_verified',
  nameClaim: 'name',
  groupsClaim: '',
  groupMapping: '',
} as const satisfies Record<string, string>

/** Adds a provider by the page and gives the path of its own. Throws when it is refused. */
export async function addProvider(
  browser: Browser,
  more: Record<string, string | readonly string[]> = {},
): Promise<string> {
  const page = await browser.send(`${providers}/new`, { ...providerForm, id: newId(), preset: 'generic', ...more })
  if (page.status !== 200 || !page.at.endsWith('?notice=created'))
    throw new Error(`The provider was not added: ${page.status} at ${page.at}`)
  return page.at.slice(0, page.at.indexOf('?'))
}

/** Notes that every provider was tested, past the pages. */
export async function markTested(running: TestService): Promise<void> {
  await running.db.updateTable('identity_providers').set({ tested_at: running.time.now }).execute()
}

/** The id in the path of a provider. */
export function idIn(path: string): string {
  return path.split(/[/?]/)[3] ?? ''
}
