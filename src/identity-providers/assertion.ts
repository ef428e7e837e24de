// What a provider has said about a person, once its protocol has verified that it was said by that provider, to us, now. From
// here on nobody needs to know which protocol it was. Reading it out of claims is pure and believes nothing that has not
// exactly the form it must have.

import type { Instant } from '../time.ts'
import { emailKey, parseEmail } from '../users/email.ts'
import { isSubject } from './identities.ts'
import type { ClaimMapping } from './provider.ts'

export interface Assertion {
  issuer: string
  subject: string
  email: string | null
  /** True only where the provider says so, in so many words. */
  emailVerified: boolean
  name: string | null
  groups: readonly string[]
  acr: string | null
  amr: readonly string[]
  /** When the person proved themselves there; null where it does not say. */
  authTime: Instant | null
  /** What the provider calls its own session. */
  sid: string | null
  /** What signing out there asks for. */
  idToken: string | null
}

const longestList = 100
const longestText = 1000

/** Reads text that is not empty and not absurdly long; null for anything else. */
function text(value: unknown): string | null {
  return typeof value === 'string' && value.length > 0 && value.length <= longestText ? value : null
}

/** Reads a list of texts, or a single one; what is no text is left out. */
function texts(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.slice(0, longestList).flatMap((one) => text(one) ?? [])
}

export type Claims = Readonly<Record<string, unknown>>

/** Reads what verified claims say. Null when there is no subject that could be one. */
export function assertionFrom(
  mapping: ClaimMapping,
  {
    issuer,
    claims,
    profile,
    idToken,
  }: {
    issuer: string
    /** Signed by the provider: the only place for what the person proved. */
    claims: Claims
    /** More about the person, from wherever the provider tells it. */
    profile: Claims
    idToken: string | null
  },
): Assertion | null {
  const said = (name: string | null) => (name === null ? undefined : (claims[name] ?? profile[name]))
  if (!isSubject(claims.sub)) return null
  const email = text(said(mapping.email))
  return {
    issuer,
    subject: claims.sub,
    email: email === null ? null : parseEmail(email),
    emailVerified: said(mapping.emailVerified) === true,
    name: text(said(mapping.name))?.slice(0, 100) ?? null,
    groups: mapping.groups === null ? [] : texts(said(mapping.groups)),
    acr: text(claims.acr),
    amr: Array.isArray(claims.amr) ? texts(claims.amr) : [],
    authTime: typeof claims.auth_time === 'number' && claims.auth_time > 0 ? Math.floor(claims.auth_time * 1000) : null,
    sid: text(claims.sid),
    idToken,
  }
}

/** The canonical form of the address that was said, if it was one. */
export function saidEmailKey({ email }: Assertion): string | null {
  return email === null ? null : emailKey(email)
}
