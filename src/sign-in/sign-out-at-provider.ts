// Where to sign out at the provider that a session came by. It is asked before the session ends here, and whatever the
// provider says or does not say, the session does end here.

import { NotBelieved } from '../identity-providers/oidc.ts'
import { idTokenBinding } from '../sessions/sealed-id-tokens.ts'
import { readCameBy } from '../sessions/sessions.ts'
import type { SignInParts } from './parts.ts'
import type { Standing } from './standing.ts'

/** Gives the provider's address for that, and its name; null where the session came by none, or that has no such place. */
export async function findSignOutAtProvider(
  parts: SignInParts,
  { session, account }: Standing,
  returnTo: string,
): Promise<{ address: string; name: string } | null> {
  const cameBy = await readCameBy(parts.db, session.id)
  const identity = account.identities.find(({ id }) => id === cameBy?.identityId)
  if (!cameBy || !identity) return null
  const provider = (await parts.providers.now(parts.db)).find(({ id }) => id === identity.providerId)
  if (provider?.kind !== 'oidc') return null
  const { sealedIdToken: sealed, identityId } = cameBy
  const opened = sealed === null ? null : await parts.sealer.open(parts.db, sealed, idTokenBinding(identityId))
  try {
    const idToken = opened?.toString('utf8') ?? null
    const address = await parts.oidc.signOutAddress(provider, { idToken, returnTo })
    return address === null ? null : { address, name: provider.name }
  } catch (error) {
    if (error instanceof NotBelieved) return null
    throw error
  }
}
