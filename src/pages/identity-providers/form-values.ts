// The form of an OpenID Connect provider filled in: from a preset, or from how a provider is set.

import type { MfaStatement } from '../../factors/factors.ts'
import type { Preset } from '../../identity-providers/presets.ts'
import type { OidcProvider } from '../../identity-providers/provider.ts'
import type { Group } from '../../users/groups.ts'
import type { ProviderValues } from '../views/identity-providers/values.ts'

function writtenMfa(mfa: MfaStatement): Pick<ProviderValues, 'mfa' | 'amr' | 'acr'> {
  const { amr, acr } = mfa.is === 'with-proof' ? mfa : { amr: [], acr: [] }
  return { mfa: mfa.is, amr: amr.join(' '), acr: acr.join(' ') }
}

/** Fills in what a preset proposes. */
export function valuesOfPreset({ name, icon, issuer, scopes, claims, mfa }: Preset): ProviderValues {
  return {
    name,
    icon,
    issuer,
    clientId: '',
    authentication: 'client_secret_basic',
    scopes: scopes.join(' '),
    acrValues: '',
    ...writtenMfa(mfa),
    allowedDomains: '',
    linking: 'in-person',
    admission: 'invited',
    defaultGroups: [],
    emailClaim: claims.email ?? '',
    emailVerifiedClaim: claims.emailVerified ?? '',
    nameClaim: claims.name ?? '',
    groupsClaim: claims.groups ?? '',
    groupMapping: '',
  }
}

/** Fills in how a provider is set. What leads into a group that is gone is left out. */
export function valuesOfProvider(provider: OidcProvider, groups: readonly Group[]): ProviderValues {
  const { settings, claims } = provider
  const nameOf = (id: string) => groups.find((group) => group.id === id)?.name
  return {
    name: provider.name,
    icon: provider.icon ?? '',
    issuer: settings.issuer,
    clientId: settings.clientId,
    authentication: settings.authentication,
    scopes: settings.scopes.join(' '),
    acrValues: settings.acrValues.join(' '),
    ...writtenMfa(provider.mfa),
    allowedDomains: provider.allowedDomains.join(' '),
    linking: provider.linking,
    admission: provider.admission,
    defaultGroups: provider.defaultGroups,
    emailClaim: claims.email ?? '',
    emailVerifiedClaim: claims.emailVerified ?? '',
    nameClaim: claims.name ?? '',
    groupsClaim: claims.groups ?? '',
    groupMapping: provider.groupMapping
      .flatMap(({ value, group }) => (nameOf(group) === undefined ? [] : [`${value} = ${nameOf(group)}`]))
      .join('\n'),
  }
}
