// Reads the form of an OpenID Connect provider. Everything that is wrong is told at once, beside its field. The secret is read
// apart from the other values, which are shown again; it never is.

import type { Form } from '../../http/form.ts'
import { decisions, type OidcProvider, oidcSettings } from '../../identity-providers/provider.ts'
import type { ProviderWording } from '../../identity-providers/providers.ts'
import { type Group, groupKey } from '../../users/groups.ts'
import { parseName } from '../../users/names.ts'
import type { ProviderProblems, ProviderValues } from '../views/identity-providers/values.ts'
import type { Frame } from '../views/parts/frame.ts'
import { providerIcons } from '../views/parts/provider-icon.tsx'
import { readSecret } from './read-secret.ts'

/** What was typed, what is wrong with it, and, where nothing is, what is to be saved. */
export interface ReadForm {
  values: ProviderValues
  problems: ProviderProblems
  wording: ProviderWording | null
}

/** Reads what was typed, as it was typed. */
function typedIn(form: Form): ProviderValues {
  const { text } = form
  return {
    name: text('name'),
    icon: text('icon'),
    issuer: text('issuer'),
    clientId: text('clientId'),
    authentication: text('authentication'),
    scopes: text('scopes'),
    acrValues: text('acrValues'),
    mfa: text('mfa'),
    amr: text('amr'),
    acr: text('acr'),
    allowedDomains: text('allowedDomains'),
    linking: text('linking'),
    admission: text('admission'),
    defaultGroups: form.all('defaultGroups'),
    emailClaim: text('emailClaim'),
    emailVerifiedClaim: text('emailVerifiedClaim'),
    nameClaim: text('nameClaim'),
    groupsClaim: text('groupsClaim'),
    groupMapping: text('groupMapping').replaceAll('\r\n', '\n'),
  }
}

/** Reads the form; `was` is the provider that is changed, null for a new one. */
export function readProviderForm(
  form: Form,
  { frame, groups, was }: { frame: Frame; groups: readonly Group[]; was: OidcProvider | null },
): ReadForm {
  const values = typedIn(form)
  const secret = readSecret(form.text('secret'), values.authentication, was)
  const mapping = readMapping(values.groupMapping, groups)
  const settings = oidcSettings.safeParse({
    issuer: issuerOf(values.issuer),
    clientId: printable(values.clientId),
    authentication: values.authentication,
    scopes: [...new Set(['openid', ...words(values.scopes)])],
    acrValues: words(values.acrValues),
  })
  const decided = decisions.safeParse({
    name: parseName(values.name) ?? '',
    icon: values.icon || null,
    mfa:
      values.mfa === 'with-proof'
        ? { is: values.mfa, amr: words(values.amr), acr: words(values.acr) }
        : { is: values.mfa },
    allowedDomains: domainsIn(values.allowedDomains),
    linking: values.linking,
    admission: values.admission,
    defaultGroups: values.defaultGroups.filter((id) => groups.some((group) => group.id === id)),
    claims: claimsIn(values),
    groupMapping: 'pairs' in mapping ? mapping.pairs : [],
  })
  const faults = new Set(
    [...(settings.error?.issues ?? []), ...(decided.error?.issues ?? [])]
      .map(({ path }) => path.map(String))
      .map(fieldOf),
  )
  const problems = problemsOf({ frame, values, faults, secret, mapping })
  if (!settings.success || !decided.success || 'problem' in secret || Object.values(problems).some(Boolean))
    return { values, problems, wording: null }
  const connection = { kind: 'oidc', settings: settings.data } as const
  return { values, problems, wording: { decisions: decided.data, connection, secret: secret.is } }
}

/** Names the field that a fault of the schemas is about. */
function fieldOf([first = '', second = '']: readonly string[]): string {
  if (first === 'mfa') return second === 'amr' || second === 'acr' ? second : 'mfa'
  return first === 'claims' ? `${second}Claim` : first
}

type Mapping = { pairs: { value: string; group: string }[] } | { line: number }

function problemsOf({
  frame: { t },
  values,
  faults,
  secret,
  mapping,
}: {
  frame: Frame
  values: ProviderValues
  faults: ReadonlySet<string>
  secret: ReturnType<typeof readSecret>
  mapping: Mapping
}): ProviderProblems {
  const isAutomatic = values.linking === 'verified-email'
  const lacksProof = values.mfa === 'with-proof' && words(`${values.amr} ${values.acr}`).length === 0
  const when = (isFaulty: boolean, problem: () => string) => (isFaulty ? problem() : undefined)
  const tooLong = (name: string) => when(faults.has(name), () => t('problem.claim'))
  return {
    name: when(faults.has('name'), () => t('problem.authenticatorName')),
    icon: when(!['', ...providerIcons].includes(values.icon), () => t('problem.choice')),
    issuer: when(faults.has('issuer') || !isOverHttps(values.issuer), () => t('problem.issuer')),
    clientId: when(faults.has('clientId'), () => t('problem.clientId')),
    authentication: when(faults.has('authentication'), () => t('problem.choice')),
    secret: 'problem' in secret ? t(secret.problem) : undefined,
    scopes: when(faults.has('scopes'), () => t('problem.providerScopes')),
    acrValues: when(faults.has('acrValues'), () => t('problem.proofList')),
    mfa: when(faults.has('mfa'), () => t('problem.choice')),
    amr: lacksProof ? t('problem.noProof') : when(faults.has('amr'), () => t('problem.proofList')),
    acr: when(faults.has('acr'), () => t('problem.proofList')),
    allowedDomains: when(faults.has('allowedDomains'), () => t('problem.domains')),
    linking: when(faults.has('linking'), () => t('problem.choice')),
    admission: when(faults.has('admission'), () => t('problem.choice')),
    emailClaim: isAutomatic && values.emailClaim.trim() === '' ? t('problem.claimForLinking') : tooLong('emailClaim'),
    emailVerifiedClaim:
      isAutomatic && values.emailVerifiedClaim.trim() === ''
        ? t('problem.claimForLinking')
        : tooLong('emailVerifiedClaim'),
    nameClaim: tooLong('nameClaim'),
    groupsClaim: tooLong('groupsClaim'),
    groupMapping:
      'line' in mapping
        ? t('problem.groupMapping', { line: mapping.line })
        : when(faults.has('groupMapping'), () => t('problem.groupMappingLength')),
  }
}

/** Splits a list that was typed with spaces, commas or line breaks, without what is there twice. */
function words(typed: string): string[] {
  return [...new Set(typed.split(/[\s,]+/).filter(Boolean))]
}

/** Control characters and invisible ones are in no identifier. */
function printable(typed: string): string {
  return /[\p{Cc}\p{Cf}]/u.test(typed.trim()) ? '' : typed.trim()
}

const discovery = /\/\.well-known\/openid-configuration\/?$/

/** Providers show the address of their description as often as the issuer: the one is the other with an ending. */
function issuerOf(typed: string): string {
  return typed.trim().replace(discovery, '')
}

/** Over http only to this machine, and whether that may be asked is decided when it is. */
function isOverHttps(typed: string): boolean {
  const url = URL.parse(issuerOf(typed))
  if (url?.search !== '') return false
  return url.protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
}

/** Domains in lower case, without `@`; what could be none becomes empty, which is refused. */
function domainsIn(typed: string): string[] {
  return words(typed).map((word) => {
    const domain = word.replace(/^@/, '').toLowerCase()
    return /^[^\s@.]+(\.[^\s@.]+)+$/.test(domain) ? domain : ''
  })
}

function claimsIn(values: ProviderValues) {
  const named = (typed: string) => typed.trim() || null
  return {
    email: named(values.emailClaim),
    emailVerified: named(values.emailVerifiedClaim),
    name: named(values.nameClaim),
    groups: named(values.groupsClaim),
  }
}

/** A line each: the value of the claim, an equals sign, the name of a group here. The last equals sign counts. */
function readMapping(typed: string, groups: readonly Group[]): Mapping {
  const pairs: { value: string; group: string }[] = []
  for (const [index, line] of typed.split('\n').entries()) {
    if (line.trim() === '') continue
    const at = line.lastIndexOf('=')
    const value = line.slice(0, Math.max(at, 0)).trim()
    const group = groups.find(({ name }) => groupKey(name) === groupKey(line.slice(at + 1)))
    if (at === -1 || value === '' || !group) return { line: index + 1 }
    pairs.push({ value, group: group.id })
  }
  return { pairs }
}
