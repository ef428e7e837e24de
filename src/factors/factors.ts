// What a user has enrolled, as facts for the decisions in `sign-in/next-step.ts`.

import type { Proof } from '../sessions/proofs.ts'

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

/** Tells whether a proof was made with something that the user still has. */
export function isLive(proof: Proof, enrolled: readonly EnrolledFactor[]): boolean {
  return proof.by !== 'totp' || enrolled.some((factor) => factor.id === proof.factor)
}
