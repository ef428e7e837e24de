// OpenID Connect as a relying party: where to send a browser, and what to believe of what comes back. The protocol is
// openid-client's; here it is told to ask through our door only, to accept no algorithm that anybody could sign with, and to
// be strict. What is not believed comes out as `NotBelieved`, with the reason for administrators.

import type { Configuration } from 'openid-client'
import { type Instant, isYoung, minutes } from '../time.ts'
import { type Assertion, assertionFrom, type Claims } from './assertion.ts'
import { type Outbound, OutboundRefused } from './outbound.ts'
import type { OidcProvider } from './provider.ts'

/** Signatures by a key pair. None that a client secret or a public key could make, and never `none`. */
export const acceptedAlgorithms: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
/** What the provider says of itself is read anew after this long, or when the administrator changes something. */
const discoveredFor = minutes(10)
const longestIdToken = 16_000

/** Why an answer was not believed: a word to act on, and all there is to know for an administrator. */
export class NotBelieved extends Error {
  readonly because: 'unreachable' | 'not-valid' | 'declined'
  constructor(because: NotBelieved['because'], detail: string, cause?: unknown) {
    super(detail, { cause })
    this.name = 'NotBelieved'
    this.because = because
  }
}

export interface OidcParts {
  outbound: Outbound
  secretOf: (provider: OidcProvider) => Promise<string | null>
  now: () => Instant
}

export interface Oidc {
  /** Where to send the browser. Throws `NotBelieved` when the provider cannot be asked or makes no sense. */
  begin(provider: OidcProvider, request: AuthorizationRequest): Promise<string>
  /** Verifies what came back to our callback, whose whole address is given. Throws `NotBelieved`. */
  finish(provider: OidcProvider, answer: AuthorizationAnswer): Promise<Assertion>
  /** Where to sign out at the provider; null where it has no such place. Throws `NotBelieved`. */
  signOutAddress(provider: OidcProvider, about: { idToken: string | null; returnTo: string }): Promise<string | null>
}

export interface AuthorizationRequest {
  redirectUri: string
  state: string
  nonce: string
  verifier: string
  /** Whether the person is to prove themselves there afresh. */
  fresh: boolean
}

export interface AuthorizationAnswer {
  address: string
  state: string
  nonce: string
  verifier: string
}

/** Makes the client. Nothing is loaded or asked before somebody signs in. */
export function createOidc(parts: OidcParts): Oidc {
  const known = new Map<string, { version: number; at: Instant; configuration: Promise<Configuration> }>()

  function configurationOf(provider: OidcProvider): Promise<Configuration> {
    const { id, version } = provider
    const copy = known.get(id)
    if (copy?.version === version && isYoung(copy.at, parts.now(), discoveredFor)) return copy.configuration
    const configuration = discover(provider, parts)
    known.set(id, { version, at: parts.now(), configuration })
    // What failed is asked for again by whoever comes next.
    configuration.catch(() => known.delete(id))
    return configuration
  }

  return {
    begin: (provider, request) =>
      believing(async () => authorizationAddress(provider, await configurationOf(provider), request)),
    finish: (provider, answer) => believing(async () => verify(provider, await configurationOf(provider), answer)),
    signOutAddress: (provider, { idToken, returnTo }) =>
      believing(async () => {
        const { buildEndSessionUrl } = await import('openid-client')
        const configuration = await configurationOf(provider)
        if (!configuration.serverMetadata().end_session_endpoint) return null
        const hint = idToken === null ? {} : { id_token_hint: idToken }
        return webAddress(provider, buildEndSessionUrl(configuration, { ...hint, post_logout_redirect_uri: returnTo }))
      }),
  }
}

async function discover(provider: OidcProvider, { outbound, secretOf }: OidcParts): Promise<Configuration> {
  const client = await import('openid-client')
  const { issuer, clientId, authentication } = provider.settings
  const secret = await secretOf(provider)
  const proof = await clientProof(authentication, secret)
  const fetch = (address: string, options: object) => outbound(address, options)
  const options = { execute: [client.allowInsecureRequests], [client.customFetch]: fetch, timeout: 5 }
  const found = await client.discovery(new URL(issuer), clientId, {}, proof, options)
  const metadata = found.serverMetadata()
  const offered = metadata.id_token_signing_alg_values_supported ?? ['RS256']
  const usable = offered.filter((algorithm) => acceptedAlgorithms.includes(algorithm))
  if (usable.length === 0) throw new NotBelieved('not-valid', 'The provider signs with no algorithm that is accepted.')
  const { supportsPKCE: _, ...plain } = metadata
  const configuration = new client.Configuration(
    { ...plain, id_token_signing_alg_values_supported: usable },
    clientId,
    { require_auth_time: false },
    proof,
  )
  configuration[client.customFetch] = fetch
  configuration.timeout = 5
  // By itself it trusts what comes from the token endpoint. Here the signature is checked in any case: over http on this
  // machine, or behind something that ends TLS, it is all there is.
  client.enableNonRepudiationChecks(configuration)
  // Only so that the door decides: it lets http through to this machine, where that is allowed, and nowhere else.
  client.allowInsecureRequests(configuration)
  return configuration
}

async function clientProof(authentication: OidcProvider['settings']['authentication'], secret: string | null) {
  const { ClientSecretBasic, ClientSecretPost, None, PrivateKeyJwt } = await import('openid-client')
  if (authentication === 'none') return None()
  if (secret === null) throw new NotBelieved('not-valid', 'There is no client secret.')
  if (authentication === 'client_secret_post') return ClientSecretPost(secret)
  if (authentication === 'client_secret_basic') return ClientSecretBasic(secret)
  const jwk = JSON.parse(secret) as JsonWebKey & { alg?: string; kid?: string }
  const key = await crypto.subtle.importKey('jwk', jwk, keyAlgorithm(jwk), false, ['sign'])
  return PrivateKeyJwt(jwk.kid === undefined ? key : { key, kid: jwk.kid })
}

function keyAlgorithm({ kty, crv, alg }: JsonWebKey) {
  if (kty === 'EC') return { name: 'ECDSA', namedCurve: crv ?? 'P-256' }
  if (kty === 'OKP') return { name: 'Ed25519' }
  return { name: alg?.startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
}

async function authorizationAddress(
  provider: OidcProvider,
  configuration: Configuration,
  { redirectUri, state, nonce, verifier, fresh }: AuthorizationRequest,
): Promise<string> {
  const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client')
  const { scopes, acrValues } = provider.settings
  const asksForTime = configuration.serverMetadata().claims_parameter_supported === true
  const claims = JSON.stringify({ id_token: { auth_time: { essential: true }, amr: null, acr: null } })
  return webAddress(
    provider,
    buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: [...new Set(['openid', ...scopes])].join(' '),
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(acrValues.length > 0 ? { acr_values: acrValues.join(' ') } : {}),
      ...(asksForTime && acrValues.length === 0 ? { claims } : {}),
      ...(fresh ? { prompt: 'login', max_age: '0' } : {}),
    }),
  )
}

/** A browser is sent to web pages only, and over http only where the provider itself is there. */
function webAddress({ settings }: OidcProvider, url: URL): string {
  const isWeb = url.protocol === 'https:' || (url.protocol === 'http:' && settings.issuer.startsWith('http:'))
  if (!isWeb) throw new NotBelieved('not-valid', 'The provider names an address that is no web page.')
  return url.href
}

async function verify(
  provider: OidcProvider,
  configuration: Configuration,
  { address, state, nonce, verifier }: AuthorizationAnswer,
): Promise<Assertion> {
  const { authorizationCodeGrant, fetchUserInfo } = await import('openid-client')
  const tokens = await authorizationCodeGrant(configuration, new URL(address), {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  })
  const claims = tokens.claims() as Claims | undefined
  if (!claims) throw new NotBelieved('not-valid', 'There is no ID token.')
  const { claims: mapping } = provider
  const wanted = [mapping.email, mapping.name, mapping.groups].filter((name) => name !== null)
  const isMissing = wanted.some((name) => claims[name] === undefined)
  const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined
  const profile =
    isMissing && hasMore ? await fetchUserInfo(configuration, tokens.access_token, String(claims.sub)) : {}
  const idToken = (tokens.id_token?.length ?? 0) <= longestIdToken ? (tokens.id_token ?? null) : null
  const issuer = configuration.serverMetadata().issuer
  const assertion = assertionFrom(mapping, { issuer, claims, profile, idToken })
  if (!assertion) throw new NotBelieved('not-valid', 'The subject is not a text of 1 to 255 characters.')
  return assertion
}

/** Whatever goes wrong here goes wrong at the provider, or is an attack; it is never a bug to answer 500 for. */
async function believing<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof NotBelieved) throw error
    throw new NotBelieved(outboundFault(error) ? 'unreachable' : 'not-valid', detailOf(error), error)
  }
}

function outboundFault(error: unknown): OutboundRefused | null {
  if (error instanceof OutboundRefused) return error
  return error instanceof Error && error.cause !== undefined ? outboundFault(error.cause) : null
}

/** Every message on the way down to what happened first, without what the provider sent. */
function detailOf(error: unknown): string {
  const messages: string[] = []
  for (let at: unknown = error; at instanceof Error && messages.length < 5; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? ` (${at.code})` : ''
    messages.push(`${at.message}${code}`)
  }
  return messages.join(': ').slice(0, 500) || 'unknown'
}
