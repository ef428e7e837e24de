// How proofs read in the standards' words: `acr`, `amr` (RFC 8176) and `auth_time`. Computed each time, never stored.

import type { Proof } from '../sessions/proofs.ts'
import { type EnrolledFactor, isLive } from './factors.ts'

/** `urn:countersign:acr:one-factor` or `…:two-factors`; see docs/reference/assurance.md. */
export type Acr = 'urn:countersign:acr:one-factor' | 'urn:countersign:acr:two-factors'

export interface Assurance {
  acr: Acr
  amr: readonly string[]
  /** Seconds since 1970 of the latest proof (OpenID Connect Core §2). */
  authTime: number
}

/** Works out the assurance of those proofs that were made with something the user still has. A recovery code is a one-time password to a relying party: `otp`. */
export function assuranceOf(all: readonly Proof[], enrolled: readonly EnrolledFactor[]): Assurance {
  const proofs = all.filter((proof) => proof.by !== 'set-up-link' && isLive(proof, enrolled))
  const password = proofs.some((proof) => proof.by === 'password')
  const second = proofs.some((proof) => proof.by === 'totp' || proof.by === 'recovery-code')
  const both = password && second
  const amr = [...(password ? ['pwd'] : []), ...(second ? ['otp'] : []), ...(both ? ['mfa'] : [])]
  const latest = Math.max(0, ...proofs.map((proof) => proof.at))
  return {
    acr: both ? 'urn:countersign:acr:two-factors' : 'urn:countersign:acr:one-factor',
    amr,
    authTime: Math.floor(latest / 1000),
  }
}
