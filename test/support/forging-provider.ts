// An identity provider that lies: it signs whatever a test puts into an ID token, with whatever key, and says of itself
// whatever the test likes.

import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
/** A key that the provider never published. */
export const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
/** The published one, as text: what a careless relying party would take for a shared secret. */
export const publicPem = own.publicKey.export({ type: 'spki', format: 'pem' }).toString()

type Json = Record<string, unknown>
const part = (value: Json) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Signs a token as a JWT of this algorithm, or leaves it unsigned. */
export function signed(header: Json, claims: Json, by: KeyObject | string | null = own.privateKey): string {
  const text = `${part({ alg: 'RS256', kid: 'k1', ...header })}.${part(claims)}`
  if (by === null) return `${text}.`
  const signature =
    typeof by === 'string' ? createHmac('sha256', by).update(text).digest() : sign('sha256', Buffer.from(text), by)
  return `${text}.${signature.toString('base64url')}`
}

export interface ForgingProvider {
  issuer: string
  /** What the token endpoint answers, for the nonce and client of the request that is under way. */
  tokens: (nonce: string) => Json | string
  /** What it says of itself, on top of what is true. */
  metadata: Json
  /** Answers a path in another way; null for as usual. */
  other: (path: string) => { status: number; headers?: Record<string, string>; body?: string } | null
  /** Notes which nonce was asked for, and gives the address to come back to, with this on top. */
  back(address: string, more?: Record<string, string>): string
  /** The claims of a token that is as it must be. */
  claims(nonce: string): Json
  readonly asked: readonly string[]
  stop(): Promise<void>
}

/** Starts one on a port that is free. */
export async function startForgingProvider(): Promise<ForgingProvider> {
  const asked: string[] = []
  let nonce = ''
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    asked.push(path)
    const instead = running.other(path)
    if (instead) {
      response.writeHead(instead.status, instead.headers).end(instead.body)
      return
    }
    const json = (value: Json | string) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(typeof value === 'string' ? value : JSON.stringify(value))
    if (path === '/.well-known/openid-configuration') return void json({ ...said, ...running.metadata })
    if (path === '/jwks')
      return void json({ keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] })
    if (path === '/token') return void json(running.tokens(nonce))
    response.writeHead(404).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const said = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
    authorization_response_iss_parameter_supported: true,
  }
  const running: ForgingProvider = {
    issuer,
    asked,
    metadata: {},
    other: () => null,
    claims: (asked_) => {
      const now = Math.floor(Date.now() / 1000)
      const who = { sub: 'ada', email: 'ada@example.org', email_verified: true, name: 'Ada' }
      return { iss: issuer, aud: 'countersign', exp: now + 300, iat: now, auth_time: now, nonce: asked_, ...who }
    },
    tokens: (asked_) => tokensWith(signed({}, running.claims(asked_))),
    back: (address, more = {}) => {
      const sent = new URL(address).searchParams
      nonce = sent.get('nonce') ?? ''
      const query = new URLSearchParams({ code: 'c', state: sent.get('state') ?? '', iss: issuer, ...more })
      const to = new URL(sent.get('redirect_uri') ?? '')
      return `${to.pathname}?${query}`
    },
    stop: () => new Promise((stopped) => void server.close(() => stopped())),
  }
  return running
}

/** What a token endpoint answers around an ID token. */
export function tokensWith(idToken: unknown): Json {
  return {
    access_token: 'a',
    token_type: 'Bearer',
    expires_in: 60,
    ...(idToken === undefined ? {} : { id_token: idToken }),
  }
}
