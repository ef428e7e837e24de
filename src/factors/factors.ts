// What a user has to prove themselves with, as facts for the decisions in `sign-in/next-step.ts`: enrolled factors, and
// identities at providers with what the administrator says about those. Whether something that a provider said proves MFA is
// worked out from what is said about the provider now, never from what was said when it came.

import type { Proof, ProviderProof } from '../sessions/proofs.ts'

export type FactorKind = 'totp'

/** One enrolled factor. A disabled one (100 wrong codes in a row) is still owed, though it cannot be used until it is reset. */
export interface EnrolledFactor {
  kind: FactorKind
  id: string
  disabled: boolean
}

/** The state of the user's recovery codes. A set that the person has not saved does not count. */
export interface RecoveryCodesState {
  saved: boolean
  left: number
}

/** What the administrator says about MFA at a provider: it takes care of it; it does where these values prove it; it does not. */
export type MfaStatement =
  | { is: 'takes-care' }
  | { is: 'with-proof'; amr: readonly string[]; acr: readonly string[] }
  | { is: 'without' }

/** An identity provider that is switched on, as far as decisions need to know it. */
export interface TrustedProvider {
  id: string
  name: string
  mfa: MfaStatement
}

/** What the user has at present: a proof made with anything else proves nothing any more. */
export interface Holdings {
  enrolled: readonly EnrolledFactor[]
  /** The user's identities at any provider. */
  identities: readonly { id: string; providerId: string }[]
  /** The providers that are switched on. */
  providers: readonly TrustedProvider[]
}

/** Tells whether a proof was made with something that the user still has. */
export function isLive(proof: Proof, { enrolled, identities, providers }: Holdings): boolean {
  if (proof.by === 'totp') return enrolled.some((factor) => factor.id === proof.factor)
  if (proof.by !== 'identity-provider') return true
  return (
    identities.some(({ id, providerId }) => id === proof.identity && providerId === proof.provider) &&
    providers.some(({ id }) => id === proof.provider)
  )
}

/** Tells whether what the provider said proves MFA, by what is said about the provider now. */
export function provesMfa(proof: ProviderProof, providers: readonly TrustedProvider[]): boolean {
  const mfa = providers.find(({ id }) => id === proof.provider)?.mfa
  if (!mfa || mfa.is === 'without') return false
  if (mfa.is === 'takes-care') return true
  return proof.amr.some((value) => mfa.amr.includes(value)) || (proof.acr !== null && mfa.acr.includes(proof.acr))
}

/** When the person was seen to prove themselves at the provider: null where it does not say, so that it counts as never. */
export function provedUpstreamAt({ at, authTime }: ProviderProof): number | null {
  return authTime === null ? null : Math.min(at, authTime)
}
