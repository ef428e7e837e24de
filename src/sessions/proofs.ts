// What a person has proved, when, and with what. Proofs are facts: everything else about a session (its strength, `acr`,
// `amr`, `auth_time`, what it may do) is worked out from them and never stored beside them.

import type { Instant } from '../time.ts'

export type Proof =
  | { by: 'password'; at: Instant }
  | { by: 'totp'; at: Instant; factor: string }
  | { by: 'recovery-code'; at: Instant }
  /** No factor: an administrator's leave to set MFA up again, which the password alone does not give. */
  | { by: 'set-up-link'; at: Instant }
  | ProviderProof

/** What an identity provider said when it sent the person here, as it said it. Whether that proves MFA is judged afresh each time. */
export interface ProviderProof {
  by: 'identity-provider'
  at: Instant
  identity: string
  provider: string
  acr: string | null
  amr: readonly string[]
  /** When the person proved themselves there; null where the provider does not say. */
  authTime: Instant | null
}

export type ProofKind = Proof['by']

/** Adds a proof; a newer one of the same kind takes the older one's place. */
export function withProof(proofs: readonly Proof[], proof: Proof): readonly Proof[] {
  return [...proofs.filter((other) => other.by !== proof.by), proof]
}

/** Writes proofs as a row keeps them. */
export function writeProofs(proofs: readonly Proof[]): string {
  return JSON.stringify(proofs)
}

/** Reads proofs back from a row. Throws on anything that is not a list of proofs: an unreadable session proves nothing. */
export function readProofs(text: string): readonly Proof[] {
  const value: unknown = JSON.parse(text)
  if (!Array.isArray(value) || !value.every(isProof)) throw new Error('A row holds proofs that cannot be read.')
  return value
}

function isProof(value: unknown): value is Proof {
  if (typeof value !== 'object' || value === null || !('by' in value) || !('at' in value)) return false
  if (typeof value.at !== 'number') return false
  if (value.by === 'totp') return 'factor' in value && typeof value.factor === 'string'
  if (value.by === 'identity-provider') return isProviderProof(value)
  return value.by === 'password' || value.by === 'recovery-code' || value.by === 'set-up-link'
}

function isProviderProof(value: object): boolean {
  const { identity, provider, acr, amr, authTime } = value as Record<string, unknown>
  return (
    typeof identity === 'string' &&
    typeof provider === 'string' &&
    (acr === null || typeof acr === 'string') &&
    Array.isArray(amr) &&
    amr.every((entry) => typeof entry === 'string') &&
    (authTime === null || typeof authTime === 'number')
  )
}
