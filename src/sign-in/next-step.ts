// The one decision: given what has been proved, what is enrolled and what is required, which step comes next. Pure, and
// worked out afresh on every request for sign-ins, step-ups and running sessions alike; the step is never stored, so a
// policy, factor or identity provider that changes midway takes hold at once.

import type { Requirement } from '../enforcement/requirement.ts'
import {
  type EnrolledFactor,
  type Holdings,
  isLive,
  provedUpstreamAt,
  provesMfa,
  type RecoveryCodesState,
} from '../factors/factors.ts'
import type { Proof, ProviderProof } from '../sessions/proofs.ts'
import type { Instant } from '../time.ts'

export interface Facts extends Holdings {
  proofs: readonly Proof[]
  recoveryCodes: RecoveryCodesState
  user: {
    active: boolean
    hasPassword: boolean
    /** When somebody else reset this user's MFA, until it is set up again. */
    mfaResetAt: Instant | null
  }
  requirement: Requirement
}

export type FirstFactorKind = 'password' | 'identity-provider'
export type SecondFactorKind = 'totp' | 'recovery-code' | 'identity-provider'

export type Step =
  | { at: 'refused' }
  | { at: 'first-factor'; offer: readonly FirstFactorKind[] }
  | { at: 'second-factor'; offer: readonly SecondFactorKind[] }
  | { at: 'set-up-link' }
  | { at: 'enrol' }
  | { at: 'recovery-codes'; why: 'unsaved' | 'used-up' }
  | { at: 'done' }

/** Works out the next step. `done` is the only one that opens anything. */
export function nextStep(facts: Facts): Step {
  const { proofs, enrolled, providers, recoveryCodes, user, requirement } = facts
  if (!user.active) return { at: 'refused' }

  const { freshSince } = requirement
  const live = proofs.filter((proof) => isLive(proof, facts))
  const proved = (kinds: readonly Proof['by'][], since: number | null) =>
    live.some((proof) => kinds.includes(proof.by) && (since === null || proof.at >= since))
  const upstream = live.filter((proof): proof is ProviderProof => proof.by === 'identity-provider')
  const passwordProved = proved(['password'], null)
  if (!passwordProved && upstream.length === 0) return firstFactor(facts, false)

  // What counts is how this session was made: whoever came by a provider that proves MFA is not asked for it once more.
  const mfaUpstream = upstream.filter((proof) => provesMfa(proof, providers))
  const isMfaUpstream = mfaUpstream.length > 0
  if (mfaUpstream.some((proof) => isFresh(proof, freshSince))) return { at: 'done' }

  // Freshness is asked of the strongest factor that the account has; the first must have been proved at some time.
  if (enrolled.length > 0) {
    // Whoever has a factor proves one before anything else, enrolment included: otherwise a stolen password could enrol
    // the thief's own. A disabled factor is owed like any other, or else guessing would be a way to be rid of it.
    if (!proved(['totp', 'recovery-code'], freshSince))
      return { at: 'second-factor', offer: offered(enrolled, recoveryCodes, isMfaUpstream) }
    if (isMfaUpstream) return { at: 'done' }
    if (!recoveryCodes.saved) return { at: 'recovery-codes', why: 'unsaved' }
    if (recoveryCodes.left === 0) return { at: 'recovery-codes', why: 'used-up' }
    return { at: 'done' }
  }

  // Where the provider's proof is what meets the requirement, nothing weaker may freshen it.
  if (isMfaUpstream && requirement.level === 'mfa') return { at: 'first-factor', offer: ['identity-provider'] }
  const first = upstream.length > 0
  if (!proved(['password'], freshSince) && !upstream.some((proof) => isFresh(proof, freshSince)))
    return firstFactor(facts, first)

  // After a reset the first factor is all that is left, and it may be known to others: only the link that was handed over
  // after the reset leads to enrolment.
  if (user.mfaResetAt !== null && !proved(['set-up-link'], user.mfaResetAt)) return { at: 'set-up-link' }
  return requirement.level === 'nothing' ? { at: 'done' } : { at: 'enrol' }
}

/** A provider's proof is as fresh as the person's own presence there; where the provider does not say when that was, it is not. */
function isFresh(proof: ProviderProof, since: Instant | null): boolean {
  if (since === null) return true
  const provedAt = provedUpstreamAt(proof)
  return provedAt !== null && provedAt >= since
}

/** A session that came by a provider may go there again; one that came by a password does not borrow from a provider. */
function firstFactor({ user, proofs, identities, providers }: Facts, cameByProvider: boolean): Step {
  const offer: FirstFactorKind[] = []
  if (user.hasPassword) offer.push('password')
  const canUseProvider = identities.some(({ providerId }) => providers.some(({ id }) => id === providerId))
  const hasBegun = proofs.some(({ by }) => by === 'password')
  if (cameByProvider || (canUseProvider && !hasBegun)) offer.push('identity-provider')
  return { at: 'first-factor', offer }
}

function offered(
  enrolled: readonly EnrolledFactor[],
  codes: RecoveryCodesState,
  byProvider: boolean,
): SecondFactorKind[] {
  const offer: SecondFactorKind[] = []
  if (enrolled.some((factor) => !factor.disabled)) offer.push('totp')
  if (codes.saved && codes.left > 0) offer.push('recovery-code')
  if (byProvider) offer.push('identity-provider')
  return offer
}
