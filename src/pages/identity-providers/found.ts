// What the pages of identity providers have in common: the provider that an address names, its addresses here, and whether
// the person has just proved that it is them.

import type { DoorContext } from '../../http/door.ts'
import type { HttpSettings } from '../../http/settings.ts'
import type { OidcProvider, Provider } from '../../identity-providers/provider.ts'
import { readProvider } from '../../identity-providers/providers.ts'
import { Refusal } from '../../refusal.ts'
import type { Standing } from '../../sign-in/standing.ts'
import type { PageParts } from '../page-parts.ts'

export const list = '/admin/identity-providers'
export const one = `${list}/:provider`

/** Finds the provider that the address names. Throws `not-found`. */
export async function mustFindProvider(c: DoorContext, { machine }: PageParts): Promise<Provider> {
  const id = c.req.param('provider') ?? ''
  const provider = isProviderId(id) ? await readProvider(machine.db, id) : null
  if (!provider) throw new Refusal('not-found')
  return provider
}

/** The same, for what there is for OpenID Connect only. */
export async function mustFindOidcProvider(c: DoorContext, parts: PageParts): Promise<OidcProvider> {
  const provider = await mustFindProvider(c, parts)
  if (provider.kind !== 'oidc') throw new Refusal('not-found')
  return provider
}

/** Tells whether this can be the id of a provider. */
export function isProviderId(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
}

/** Makes the address to which the provider sends people back. Each provider has its own, so that none can answer for another. */
export function redirectUriOf({ url }: HttpSettings, id: string): string {
  return `${url}/sign-in/with/${id}/callback`
}

/** Throws `step-up-needed` unless the person has just proved that it is them. */
export function mustHaveProved(standing: Standing): void {
  if (!hasProved(standing)) throw new Refusal('step-up-needed')
}

/** Tells whether they have. */
export function hasProved(standing: Standing): boolean {
  return standing.sensitiveStep.at === 'done'
}

/** Tells whether an act was refused because somebody else was quicker. */
export function isConflict(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'conflict'
}
