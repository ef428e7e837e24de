// Whether the connection to an OpenID Connect provider is set rightly: what the provider says of itself is read and held against
// what is set here, piece by piece, and it is asked whether it knows us. Nothing is thrown for what a provider may answer: each
// finding is good, bad, or worth a note, with a word for what to change.

import { acceptedAlgorithms, NotBelieved, type Oidc } from './oidc.ts'
import { type Outbound, type OutboundFault, OutboundRefused } from './outbound.ts'
import type { OidcProvider } from './provider.ts'

type Bad =
  | `discovery-${OutboundFault | 'status' | 'redirect' | 'not-json'}`
  | `keys-${OutboundFault | 'status' | 'redirect' | 'not-json' | 'none'}`
  | 'issuer-other'
  | 'endpoints-missing'
  | 'endpoints-insecure'
  | 'code-missing'
  | 'algorithms-none'
  | 'pkce-missing'
  | 'authentication-missing'
  | 'secret-missing'
  | 'client-refused'
type Good =
  | 'discovery-good'
  | 'issuer-good'
  | 'endpoints-good'
  | 'algorithms-good'
  | 'pkce-good'
  | 'authentication-good'
  | 'keys-good'
  | 'client-good'
type Note = 'pkce-unsaid' | 'scopes-missing' | 'claims-missing' | 'acr-missing' | 'client-unclear'

/** What was found; `detail` is a name or value that belongs into the sentence. */
export type Finding = ({ is: 'bad'; what: Bad } | { is: 'good'; what: Good } | { is: 'note'; what: Note }) & {
  detail: string
}

const bad = (what: Bad, detail = ''): Finding => ({ is: 'bad', what, detail: shown(detail) })
const good = (what: Good, detail = ''): Finding => ({ is: 'good', what, detail: shown(detail) })
const note = (what: Note, detail = ''): Finding => ({ is: 'note', what, detail: shown(detail) })

/** What a provider says is shown cut short, and without what cannot be seen. */
function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, 300)
}

type Metadata = Readonly<Record<string, unknown>>

/** Checks every piece. `callback` is where the provider sends people back to. */
export async function checkConnection(
  { outbound, oidc }: { outbound: Outbound; oidc: Oidc },
  provider: OidcProvider,
  callback: string,
): Promise<readonly Finding[]> {
  const { issuer, authentication } = provider.settings
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const discovery = await readJson(outbound, address)
  if ('fault' in discovery) return [bad(`discovery-${discovery.fault}`, discovery.detail)]
  const said = discovery.json
  const findings = [
    good('discovery-good', address),
    ...checkIssuer(said, issuer),
    ...checkEndpoints(said, issuer),
    ...checkAlgorithms(said),
    ...checkPkce(said),
    ...checkAuthentication(said, authentication),
    ...(provider.hasSecret || authentication === 'none' ? [] : [bad('secret-missing')]),
    ...(await checkKeys(outbound, said)),
    ...notesOn(said, provider),
  ]
  // To ask with a connection that is set wrongly would only say the same once more.
  if (!isGood(findings)) return findings
  return [...findings, await checkClient(oidc, provider, { callback, issuer: String(said.issuer) })]
}

/** Tells whether nothing is in the way of using it. */
export function isGood(findings: readonly Finding[]): boolean {
  return findings.every(({ is }) => is !== 'bad')
}

type Read = { json: Metadata } | { fault: OutboundFault | 'status' | 'redirect' | 'not-json'; detail: string }

async function readJson(outbound: Outbound, address: string): Promise<Read> {
  try {
    const answer = await outbound(address, { headers: { accept: 'application/json' } })
    if (answer.status >= 300 && answer.status < 400)
      return { fault: 'redirect', detail: answer.headers.get('location') ?? '' }
    if (answer.status !== 200) return { fault: 'status', detail: `${address} (${answer.status})` }
    const json: unknown = JSON.parse(await answer.text())
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { json: json as Metadata }
  } catch (error) {
    if (error instanceof OutboundRefused) return { fault: error.because, detail: error.host }
  }
  return { fault: 'not-json', detail: address }
}

function listIn(said: Metadata, name: string): string[] | null {
  const value = said[name]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null
}

function checkIssuer(said: Metadata, issuer: string): Finding[] {
  const named = typeof said.issuer === 'string' ? said.issuer : ''
  return [URL.parse(named)?.href === URL.parse(issuer)?.href ? good('issuer-good', named) : bad('issuer-other', named)]
}

function checkEndpoints(said: Metadata, issuer: string): Finding[] {
  const names = ['authorization_endpoint', 'token_endpoint', 'jwks_uri']
  const missing = names.filter((name) => typeof said[name] !== 'string' || !URL.canParse(String(said[name])))
  if (missing.length > 0) return [bad('endpoints-missing', missing.join(', '))]
  const mayBePlain = issuer.startsWith('http:')
  const insecure = names.filter((name) => !(mayBePlain ? /^https?:/ : /^https:/).test(String(said[name])))
  if (insecure.length > 0) return [bad('endpoints-insecure', insecure.join(', '))]
  const types = listIn(said, 'response_types_supported')
  return [good('endpoints-good'), ...(types && !types.includes('code') ? [bad('code-missing')] : [])]
}

function checkAlgorithms(said: Metadata): Finding[] {
  const offered = listIn(said, 'id_token_signing_alg_values_supported') ?? ['RS256']
  const usable = offered.filter((algorithm) => acceptedAlgorithms.includes(algorithm))
  return [usable.length > 0 ? good('algorithms-good', usable.join(', ')) : bad('algorithms-none', offered.join(', '))]
}

function checkPkce(said: Metadata): Finding[] {
  const methods = listIn(said, 'code_challenge_methods_supported')
  if (!methods) return [note('pkce-unsaid')]
  return [methods.includes('S256') ? good('pkce-good') : bad('pkce-missing', methods.join(', '))]
}

function checkAuthentication(said: Metadata, authentication: string): Finding[] {
  const offered = listIn(said, 'token_endpoint_auth_methods_supported') ?? ['client_secret_basic']
  return [
    offered.includes(authentication)
      ? good('authentication-good', authentication)
      : bad('authentication-missing', offered.join(', ')),
  ]
}

async function checkKeys(outbound: Outbound, said: Metadata): Promise<Finding[]> {
  if (typeof said.jwks_uri !== 'string') return []
  const read = await readJson(outbound, said.jwks_uri)
  if ('fault' in read) return [bad(`keys-${read.fault}`, read.detail)]
  const keys = Array.isArray(read.json.keys) ? read.json.keys : []
  const signing = keys.filter((key: { kty?: unknown; use?: unknown } | null) => {
    const { kty, use } = key ?? {}
    return ['RSA', 'EC', 'OKP'].includes(String(kty)) && (use === undefined || use === 'sig')
  })
  return [signing.length > 0 ? good('keys-good', String(signing.length)) : bad('keys-none', said.jwks_uri)]
}

/** What the provider does not announce. It may do it nevertheless: many list less than they know. */
function notesOn(said: Metadata, { settings, claims, mfa }: OidcProvider): Finding[] {
  const unlisted = (name: string, wanted: readonly string[]) => {
    const offered = listIn(said, name)
    return offered ? wanted.filter((one) => !offered.includes(one)) : []
  }
  const scopes = unlisted('scopes_supported', settings.scopes)
  const mapped = unlisted(
    'claims_supported',
    Object.values(claims).filter((claim) => claim !== null),
  )
  const acr = unlisted('acr_values_supported', [...settings.acrValues, ...(mfa.is === 'with-proof' ? mfa.acr : [])])
  return [
    ...(scopes.length > 0 ? [note('scopes-missing', scopes.join(', '))] : []),
    ...(mapped.length > 0 ? [note('claims-missing', mapped.join(', '))] : []),
    ...(acr.length > 0 ? [note('acr-missing', [...new Set(acr)].join(', '))] : []),
  ]
}

/** A code that nobody was given is refused by whoever knows the client, and the client by whoever does not. */
async function checkClient(
  oidc: Oidc,
  provider: OidcProvider,
  { callback, issuer }: { callback: string; issuer: string },
): Promise<Finding> {
  const [state, verifier] = ['connection-test', 'a-code-that-nobody-was-given-and-its-verifier']
  const query = `code=connection-test&state=${state}&iss=${encodeURIComponent(issuer)}`
  try {
    await oidc.finish(provider, { address: `${callback}?${query}`, state, nonce: state, verifier })
  } catch (error) {
    if (!(error instanceof NotBelieved)) throw error
    const answer = answerIn(error)
    if (answer === 'invalid_grant') return good('client-good')
    if (['invalid_client', 'unauthorized_client', 'OAUTH_WWW_AUTHENTICATE_CHALLENGE'].includes(answer))
      return bad('client-refused', answer.startsWith('OAUTH') ? '401' : answer)
    return note('client-unclear', answer || error.message)
  }
  return note('client-unclear')
}

/** The error that the provider named, wherever on the way down it stands. */
function answerIn(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('error' in error && typeof error.error === 'string') return error.error
  if ('code' in error && error.code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE') return error.code
  return answerIn(error.cause)
}
