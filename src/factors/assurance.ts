// How proofs read in the standards' words: `acr`, `amr` (RFC 8176) and `auth_time`. Computed each time, never stored.
// Of what a provider said, `amr` repeats what it really said; `mfa` stands there only where two factors are counted here.

import type { Proof, ProviderProof } from '../sessions/proofs.ts'
import { type Holdings, isLive, provedUpstreamAt, provesMfa } from './factors.ts'

/** `urn:countersign:acr:one-factor` or `…:two-factors`; see docs/reference/assurance.md. */
export type Acr = 'urn:countersign:acr:one-factor' | 'urn:countersign:acr:two-factors'

export interface Assurance {
  acr: Acr
  amr: readonly string[]
  /** Seconds since 1970 of the latest proof (OpenID Connect Core §2). */
  authTime: number
}

/** Works out the assurance of those proofs that were made with something the user still has. A recovery code is a one-time password to a relying party: `otp`. */
export function assuranceOf(all: readonly Proof[], holdings: Holdings): Assurance {
  const proofs = all.filter((proof) => proof.by !== 'set-up-link' && isLive(proof, holdings))
  const password = proofs.some((proof) => proof.by === 'password')
  const second = proofs.some((proof) => proof.by === 'totp' || proof.by === 'recovery-code')
  const upstream = proofs.filter((proof): proof is ProviderProof => proof.by === 'identity-provider')
  const two =
    ((password || upstream.length > 0) && second) || upstream.some((proof) => provesMfa(proof, holdings.providers))
  const said = upstream.flatMap(({ amr }) => amr).filter((value) => value !== 'mfa')
  const amr = [...(password ? ['pwd'] : []), ...said, ...(second ? ['otp'] : []), ...(two ? ['mfa'] : [])]
  const latest = Math.max(0, ...proofs.map(provedAt))
  return {
    acr: two ? 'urn:countersign:acr:two-factors' : 'urn:countersign:acr:one-factor',
    amr: [...new Set(amr)],
    authTime: Math.floor(latest / 1000),
  }
}

/** When the person was there: at the provider, where it says when, which may be long before they came here. */
function provedAt(proof: Proof): number {
  return proof.by === 'identity-provider' ? (provedUpstreamAt(proof) ?? proof.at) : proof.at
}
