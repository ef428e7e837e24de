// A real OpenID provider (oidc-provider) on this machine, for one test at a time: whoever is sent there is signed in as the
// person that the test says, without pages. It keeps its own session in cookies, as a browser would carry them there.

import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Adapter, type AdapterPayload, Provider as OidcProvider } from 'oidc-provider'
import type { MfaStatement } from '../../src/factors/factors.ts'
import { decisions, type Provider, parseConnection } from '../../src/identity-providers/provider.ts'
import {
  createProvider,
  enableProvider,
  markProviderTested,
  readProvider,
} from '../../src/identity-providers/providers.ts'
import { origin, type TestService } from './service.ts'

/** Who is at the provider, and what it says of them. */
export interface PersonThere {
  sub: string
  claims: Record<string, unknown>
  acr?: string
  amr?: string[]
}

export interface IdentityProvider {
  issuer: string
  /** Who signs in next; null for somebody who gives up there. */
  person: PersonThere | null
  /** Registers the client, with where it may come back to. */
  register(redirectUris: readonly string[]): void
  /** Goes where a browser is sent, through the provider, until it is sent back to us: gives that address. */
  visit(address: string): Promise<string>
  /** Every path that was asked for, in order. */
  readonly asked: readonly string[]
  /** A new browser, as far as the provider can tell. */
  forget(): void
  stop(): Promise<void>
}

export const clientSecret = 'a secret of the client that is long enough'

const key = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid: 'k1' }

/** Starts one on a port that is free. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  let handle: ((request: IncomingMessage, response: ServerResponse) => unknown) | null = null
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url?.split('?')[0]}`)
    if (handle) handle(request, response)
    else response.writeHead(503).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const cookies = new Map<string, string>()

  const running: IdentityProvider = {
    issuer,
    asked,
    person: ada,
    register: (redirectUris) => {
      handle = providerAt(issuer, redirectUris, () => running.person)
    },
    visit: async (address) => {
      for (let at = address, hops = 0; ; hops += 1) {
        if (at.startsWith(`${origin}/`)) return at
        if (hops > 12) throw new Error(`The provider leads in a circle: ${at}`)
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        const answer = await fetch(at, { redirect: 'manual', headers: cookie ? { cookie } : {} })
        for (const line of answer.headers.getSetCookie()) {
          const [pair = ''] = line.split(';')
          cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
        }
        const location = answer.headers.get('location')
        if (location === null) throw new Error(`The provider says ${answer.status}: ${await answer.text()}`)
        at = new URL(location, at).href
      }
    },
    forget: () => cookies.clear(),
    stop: () => new Promise((stopped) => void server.close(() => stopped())),
  }
  return running
}

/** Somebody whom the provider knows well. */
export const ada: PersonThere = {
  sub: 'ada-there',
  claims: { email: 'ada@example.org', email_verified: true, name: 'Ada Example', groups: ['staff'] },
  amr: ['pwd', 'mfa'],
}

function providerAt(issuer: string, redirectUris: readonly string[], person: () => PersonThere | null) {
  const provider = new OidcProvider(issuer, {
    clients: [
      {
        client_id: 'countersign',
        client_secret: clientSecret,
        redirect_uris: [...redirectUris],
        post_logout_redirect_uris: [`${origin}/sign-in`],
      },
    ],
    adapter: Memory,
    jwks: { keys: [key as never] },
    cookies: { keys: ['one', 'two'] },
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600 },
    claims: {
      openid: ['sub', 'groups'],
      email: ['email', 'email_verified'],
      profile: ['name'],
      amr: null,
      acr: null,
      auth_time: null,
    },
    features: { devInteractions: { enabled: false }, claimsParameter: { enabled: true } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, ...person()?.claims }) as { sub: string },
    }),
    loadExistingGrant: async (ctx) => {
      const { client, session } = ctx.oidc
      if (!client || !session?.accountId) return undefined
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid email profile')
      grant.addOIDCClaims(['amr', 'acr', 'auth_time', 'groups'])
      await grant.save()
      return grant
    },
  })
  const answer = provider.callback()
  return async (request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.startsWith('/interaction/')) return answer(request, response)
    const there = person()
    const result = there
      ? {
          login: {
            accountId: there.sub,
            ...(there.acr ? { acr: there.acr } : {}),
            ...(there.amr ? { amr: there.amr } : {}),
          },
        }
      : { error: 'access_denied', error_description: 'The person gave up.' }
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }
}

/** What it keeps, for as long as the test lasts. The one that comes with it warns at every start. */
class Memory implements Adapter {
  readonly #kept = new Map<string, AdapterPayload>()
  async upsert(id: string, payload: AdapterPayload) {
    this.#kept.set(id, payload)
  }
  async find(id: string) {
    return this.#kept.get(id)
  }
  async findByUserCode() {
    return undefined
  }
  async findByUid(uid: string) {
    return [...this.#kept.values()].find((payload) => payload.uid === uid)
  }
  async consume(id: string) {
    const payload = this.#kept.get(id)
    if (payload) payload.consumed = Math.floor(Date.now() / 1000)
  }
  async destroy(id: string) {
    this.#kept.delete(id)
  }
  async revokeByGrantId(grantId: string) {
    for (const [id, payload] of this.#kept) if (payload.grantId === grantId) this.#kept.delete(id)
  }
}

/** Sets a provider up in the service, tested and switched on, for the one that is running. */
export async function addProvider(
  running: TestService,
  at: IdentityProvider,
  {
    mfa = { is: 'without' } as MfaStatement,
    name = 'Works',
    secret = clientSecret,
    settings = {} as Record<string, unknown>,
    ...more
  }: { mfa?: MfaStatement; name?: string; secret?: string; settings?: Record<string, unknown> } & Record<
    string,
    unknown
  > = {},
): Promise<Provider> {
  const { db } = running
  const { sealer } = running.service.machine
  const now = running.time.now
  const connection = parseConnection('oidc', { issuer: at.issuer, clientId: 'countersign', ...settings })
  const id = await db
    .transaction()
    .execute((trx) =>
      createProvider(trx, sealer, { decisions: decisions.parse({ name, mfa, ...more }), connection, secret }, now),
    )
  await db.transaction().execute(async (trx) => {
    await markProviderTested(trx, { id, version: 1 }, now)
    await enableProvider(trx, id, now)
  })
  at.register([`${origin}/sign-in/with/${id}/callback`])
  const provider = await readProvider(db, id)
  if (!provider) throw new Error('There is no such provider.')
  return provider
}

/** Reads from the page that leads to a provider where it leads. */
export function leadsTo(html: string): string {
  const [, address = ''] = /http-equiv="refresh" content="0;url=([^"]*)"/.exec(html) ?? []
  return address.replaceAll('&amp;', '&')
}
