// What an identity provider is: its settings by kind, and what the administrator has decided about it. Everything that comes
// out of a row passes these schemas, so that what runs on it may rely on it. None of it is secret: the client secret or
// private key is kept beside it, sealed, and is never read back to anybody.

import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import type { MfaStatement } from '../factors/factors.ts'
import type { Instant } from '../time.ts'

/** An address without credentials or fragment. Whether it may be asked is decided when it is: see `outbound.ts`. */
export const address = z
  .string()
  .max(2000)
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : null
    return (
      url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.hash === ''
    )
  })

const word = z.string().trim().min(1).max(255)

/** OpenID Connect. Endpoints are never entered: they are what the issuer says of itself (discovery). */
export const oidcSettings = z.strictObject({
  issuer: address,
  clientId: word,
  /** How we prove to be that client; the secret is the client secret, or the private key as a JWK. */
  authentication: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .default('client_secret_basic'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/))
    .max(30)
    .default(['openid', 'email', 'profile']),
  /** `acr_values` to ask for, where the provider wants to be asked for MFA. */
  acrValues: z.array(word).max(20).default([]),
})

/** A certificate (PEM) with a key of RSA, 2048 bits or more: what answers can be checked by. That it has run out is no matter. */
const rsaCertificate = z
  .string()
  .max(10_000)
  .refine((pem) => {
    try {
      const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(pem).publicKey
      return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
    } catch {
      return false
    }
  }, 'a certificate (PEM) with a key of RSA of 2048 bits or more is needed')

/** SAML 2.0: what the provider's metadata says, and how we sign. The secret is our private key (PEM). */
export const samlSettings = z.strictObject({
  /** The provider's entity id. */
  entityId: word.max(1000),
  signOnAddress: address,
  signOutAddress: address.nullable().default(null),
  /** Certificates (PEM) by which its signatures are checked. */
  certificates: z.array(rsaCertificate).min(1).max(10),
  metadataAddress: address.nullable().default(null),
  /** Our certificate (PEM), for the private key that is the secret. */
  ownCertificate: z.string().max(10_000).nullable().default(null),
  nameIdFormat: word.nullable().default(null),
  authnContexts: z.array(word).max(20).default([]),
  allowsUnsolicited: z.boolean().default(false),
})

export type OidcSettings = z.output<typeof oidcSettings>
export type SamlSettings = z.output<typeof samlSettings>

/** What the administrator says about MFA there. */
export const mfaStatement = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('takes-care') }),
  z.strictObject({ is: z.literal('with-proof'), amr: z.array(word).max(50), acr: z.array(word).max(50) }),
  z.strictObject({ is: z.literal('without') }),
])

/** Which claim or attribute says what. Null where nothing says it. */
export const claimMapping = z.strictObject({
  email: word.nullable().default('email'),
  emailVerified: word.nullable().default('email_verified'),
  name: word.nullable().default('name'),
  groups: word.nullable().default(null),
})

/** Which value of the groups claim leads into which group. */
export const groupMapping = z.array(z.strictObject({ value: word, group: word })).max(200)

/** What the administrator decides besides the connection itself. */
export const decisions = z.strictObject({
  name: z.string().trim().min(1).max(60),
  /** The name of a picture that comes with the service. */
  icon: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/)
    .nullable()
    .default(null),
  mfa: mfaStatement.default({ is: 'without' }),
  /** Domains of e-mail addresses; none for every domain. In lower case, without `@`. */
  allowedDomains: z
    .array(
      z
        .string()
        .toLowerCase()
        .regex(/^[^\s@]{1,253}$/),
    )
    .max(200)
    .default([]),
  /** Whether a verified address at the provider may link an account by itself, or only its owner in person. */
  linking: z.enum(['verified-email', 'in-person']).default('in-person'),
  /** Whether somebody unknown gets an account, or must be invited first. */
  admission: z.enum(['create', 'invited']).default('invited'),
  /** Ids of the groups that an account which is created belongs to. */
  defaultGroups: z.array(word).max(50).default([]),
  claims: claimMapping.prefault({}),
  groupMapping: groupMapping.default([]),
})

export type Decisions = z.output<typeof decisions>
export type ClaimMapping = z.output<typeof claimMapping>

export type Connection = { kind: 'oidc'; settings: OidcSettings } | { kind: 'saml'; settings: SamlSettings }

export type Provider = Decisions &
  Connection & {
    id: string
    mfa: MfaStatement
    position: number
    enabledAt: Instant | null
    /** When a test of the connection went well; null since an endpoint, client or certificate changed. */
    testedAt: Instant | null
    hasSecret: boolean
    createdAt: Instant
    updatedAt: Instant
    version: number
  }

export type OidcProvider = Extract<Provider, { kind: 'oidc' }>
export type SamlProvider = Extract<Provider, { kind: 'saml' }>

/** Parses the settings of a kind; throws a ZodError that says what is wrong where. */
export function parseConnection(kind: 'oidc' | 'saml', settings: unknown): Connection {
  return kind === 'oidc'
    ? { kind, settings: oidcSettings.parse(settings) }
    : { kind, settings: samlSettings.parse(settings) }
}

/** Where we connect to, and as whom: with another such answer, the old secret is none of its business. */
export function endpointsOf({ kind, settings }: Connection): string {
  return kind === 'oidc'
    ? JSON.stringify([kind, settings.issuer, settings.clientId])
    : JSON.stringify([kind, settings.entityId, settings.signOnAddress, settings.signOutAddress])
}

/** Tells whether an address belongs to a domain that this provider may speak for. */
export function isAllowedDomain({ allowedDomains }: Pick<Provider, 'allowedDomains'>, emailKey: string): boolean {
  return allowedDomains.length === 0 || allowedDomains.includes(emailKey.slice(emailKey.lastIndexOf('@') + 1))
}
