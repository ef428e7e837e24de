// Testing the connection to a provider, as an administrator. The provider is asked outside of any transaction; what came of it is
// written down together with the event, and only for the provider as it was asked about.

import { type Caller, record } from '../audit/record.ts'
import { checkConnection, type Finding, isGood } from '../identity-providers/check-connection.ts'
import type { OidcProvider } from '../identity-providers/provider.ts'
import { markProviderTested, readProvider } from '../identity-providers/providers.ts'
import { Refusal } from '../refusal.ts'
import { mustBePermitted } from './administer.ts'
import type { SignInParts } from './parts.ts'
import type { AnyStanding } from './standing.ts'

export interface ConnectionTest {
  provider: OidcProvider
  findings: readonly Finding[]
  passed: boolean
}

/**
 * Tests the connection. When it is good the provider counts as tested and may be switched on. Throws `not-found`, and `conflict`
 * when the provider was changed while it was asked.
 */
export async function testIdentityProvider(
  parts: SignInParts,
  standing: AnyStanding,
  { providerId, callback, caller }: { providerId: string; callback: string; caller: Caller },
): Promise<ConnectionTest> {
  mustBePermitted(standing, 'identity-providers.manage')
  const provider = await readProvider(parts.db, providerId)
  if (provider?.kind !== 'oidc') throw new Refusal('not-found')
  const findings = await checkConnection(parts, provider, callback)
  const passed = isGood(findings)
  const about = { now: parts.clock(), caller, actor: standing.account.user.id, subject: null }
  await parts.db.transaction().execute(async (trx) => {
    if (passed && !(await markProviderTested(trx, provider, about.now))) throw new Refusal('conflict')
    const faults = findings.filter(({ is }) => is === 'bad').map(({ what }) => what)
    const details = { provider: providerId, providerName: provider.name, passed, faults }
    await record(trx, { name: 'identity-provider.tested', details }, about)
  })
  return { provider, findings, passed }
}
