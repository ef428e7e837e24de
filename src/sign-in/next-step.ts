// The one decision: given what has been proved, what is enrolled and what is required, which step comes next. Pure, and
// worked out afresh on every request for sign-ins, step-ups and running sessions alike; the step is never stored, so a
// policy or factor that changes midway takes hold at once.

import type { Requirement } from '../enforcement/requirement.ts'
import { type EnrolledFactor, isLive, type RecoveryCodesState } from '../factors/factors.ts'
import type { Proof } from '../sessions/proofs.ts'
import type { Instant } from '../time.ts'

export interface Facts {
  proofs: readonly Proof[]
  enrolled: readonly EnrolledFactor[]
  recoveryCodes: RecoveryCodesState
  user: {
    active: boolean
    /** When somebody else reset this user's MFA, until it is set up again. */
    mfaResetAt: Instant | null
  }
  requirement: Requirement
}

export type SecondFactorKind = 'totp' | 'recovery-code'

export type Step =
  | { at: 'refused' }
  | { at: 'password' }
  | { at: 'second-factor'; offer: readonly SecondFactorKind[] }
  | { at: 'set-up-link' }
  | { at: 'enrol' }
  | { at: 'recovery-codes'; why: 'unsaved' | 'used-up' }
  | { at: 'done' }

/** Works out the next step. `done` is the only one that opens anything. */
export function nextStep({ proofs, enrolled, recoveryCodes, user, requirement }: Facts): Step {
  if (!user.active) return { at: 'refused' }

  const { freshSince } = requirement
  const live = proofs.filter((proof) => isLive(proof, enrolled))
  const proved = (kinds: readonly Proof['by'][], since: number | null) =>
    live.some((proof) => kinds.includes(proof.by) && (since === null || proof.at >= since))

  // Freshness is asked of the strongest factor that the account has; the password must have been proved at some time.
  const hasSecondFactor = enrolled.length > 0
  if (!proved(['password'], hasSecondFactor ? null : freshSince)) return { at: 'password' }

  if (hasSecondFactor) {
    // Whoever has a factor proves one before anything else, enrolment included: otherwise a stolen password could enrol
    // the thief's own. A disabled factor is owed like any other, or else guessing would be a way to be rid of it.
    if (!proved(['totp', 'recovery-code'], freshSince))
      return { at: 'second-factor', offer: offered(enrolled, recoveryCodes) }
    if (!recoveryCodes.saved) return { at: 'recovery-codes', why: 'unsaved' }
    if (recoveryCodes.left === 0) return { at: 'recovery-codes', why: 'used-up' }
    return { at: 'done' }
  }

  // After a reset the password is all that is left, and it may be known to others: only the link that was handed over
  // after the reset leads to enrolment.
  if (user.mfaResetAt !== null && !proved(['set-up-link'], user.mfaResetAt)) return { at: 'set-up-link' }
  return requirement.level === 'nothing' ? { at: 'done' } : { at: 'enrol' }
}

function offered(enrolled: readonly EnrolledFactor[], codes: RecoveryCodesState): SecondFactorKind[] {
  const offer: SecondFactorKind[] = []
  if (enrolled.some((factor) => !factor.disabled)) offer.push('totp')
  if (codes.saved && codes.left > 0) offer.push('recovery-code')
  return offer
}
