// What is set about a provider, in words, for whoever looks at its page. The secret is told to be there, and nothing more.

import type { Provider } from '../../identity-providers/provider.ts'
import type { MessageId } from '../../messages.ts'
import type { Group } from '../../users/groups.ts'
import type { Frame } from '../views/parts/frame.ts'

interface Fact {
  term: MessageId
  value: string
}

const authentications = {
  client_secret_basic: 'providerAuthentication.basic',
  client_secret_post: 'providerAuthentication.post',
  private_key_jwt: 'providerAuthentication.privateKey',
  none: 'providerAuthentication.none',
} as const

/** Lists it in the order of the form. */
export function factsOf(frame: Frame, provider: Provider, groups: readonly Group[]): Fact[] {
  const { t } = frame
  const listed = (values: readonly string[]) => (values.length === 0 ? t('identityProvider.none') : values.join(', '))
  const named = (ids: readonly string[]) =>
    listed(ids.flatMap((id) => groups.find((group) => group.id === id)?.name ?? []))
  const { claims, linking, admission, allowedDomains } = provider
  return [
    ...connectionFacts(frame, provider),
    { term: 'providerForm.mfa', value: statementIn(frame, provider) },
    {
      term: 'providerForm.allowedDomains',
      value: allowedDomains.length === 0 ? t('identityProvider.everyDomain') : allowedDomains.join(', '),
    },
    { term: 'providerForm.linking', value: t(`providerLinking.${linking}`) },
    { term: 'providerForm.admission', value: t(`providerAdmission.${admission}`) },
    { term: 'providerForm.defaultGroups', value: named(provider.defaultGroups) },
    {
      term: 'providerForm.claims',
      value: listed(Object.values(claims).filter((claim) => claim !== null)),
    },
    { term: 'providerForm.groupMapping', value: mappingIn(frame, provider, groups) },
  ]
}

function connectionFacts({ t }: Frame, { hasSecret, ...provider }: Provider): Fact[] {
  const kept = t(hasSecret ? 'identityProvider.secretKept' : 'identityProvider.secretMissing')
  if (provider.kind === 'saml') return [{ term: 'providerForm.issuer', value: provider.settings.entityId }]
  const { issuer, clientId, authentication, scopes, acrValues } = provider.settings
  return [
    { term: 'providerForm.issuer', value: issuer },
    { term: 'providerForm.clientId', value: clientId },
    { term: 'providerForm.authentication', value: t(authentications[authentication]) },
    { term: 'providerForm.secret', value: kept },
    { term: 'providerForm.scopes', value: scopes.join(' ') },
    ...(acrValues.length === 0 ? [] : [{ term: 'providerForm.acrValues' as const, value: acrValues.join(' ') }]),
  ]
}

function statementIn({ t }: Frame, { mfa }: Provider): string {
  if (mfa.is !== 'with-proof') return t(`mfaStatement.${mfa.is}`)
  const lists = [
    mfa.amr.length > 0 ? `amr: ${mfa.amr.join(', ')}` : '',
    mfa.acr.length > 0 ? `acr: ${mfa.acr.join(', ')}` : '',
  ]
  return `${t('mfaStatement.with-proof')} (${lists.filter(Boolean).join('; ')})`
}

function mappingIn({ t }: Frame, { groupMapping }: Provider, groups: readonly Group[]): string {
  const pairs = groupMapping.flatMap(({ value, group }) => {
    const name = groups.find(({ id }) => id === group)?.name
    return name === undefined ? [] : [`${value} → ${name}`]
  })
  return pairs.length === 0 ? t('identityProvider.none') : pairs.join(', ')
}
