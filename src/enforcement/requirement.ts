// What is required of a user, and why. Pure: policies, the user's state and the time in, requirement out. The strictest
// policy that holds wins; whose MFA was reset must set it up again whatever the policies say. A policy that was not confirmed
// in time holds no longer from the very instant of its deadline: whoever asks later need not wait for somebody to write
// that down.

import type { Instant } from '../time.ts'

export interface Policy {
  id: string
  requires: 'nothing' | 'mfa'
  /** When it was last switched. */
  since: Instant
  /** Until when it must be confirmed; null when it has been, or when there is nothing to confirm. */
  confirmBy: Instant | null
  /** When it lapsed unconfirmed, where that is the last that happened to it. */
  revertedAt: Instant | null
}

export interface Requirement {
  level: 'nothing' | 'mfa'
  /** The policy that asks for it, or `mfa-reset`, so that pages, API and audit log can say why; null when nothing is required. */
  because: string | null
  /** Since when it does; null when nothing is required. */
  since: Instant | null
  /** For a sensitive act: the strongest proof must be at least this recent. Null for everyday use. */
  freshSince: Instant | null
}

/** Works out what is required now. An unknown requirement counts as the strictest: deny by default. */
export function requirementFor({
  policies,
  mfaResetAt,
  now,
}: {
  policies: readonly Policy[]
  /** When somebody else reset the user's MFA, until it is set up again; null otherwise. */
  mfaResetAt: Instant | null
  now: Instant
}): Requirement {
  const strictest = policies.find((policy) => policy.requires !== 'nothing' && !hasLapsed(policy, now))
  if (strictest) return { level: 'mfa', because: strictest.id, since: strictest.since, freshSince: null }
  if (mfaResetAt !== null) return { level: 'mfa', because: 'mfa-reset', since: mfaResetAt, freshSince: null }
  return { level: 'nothing', because: null, since: null, freshSince: null }
}

/** The same requirement with a fresher proof: what a sensitive act asks for. */
export function withFreshProof(requirement: Requirement, freshSince: Instant): Requirement {
  return { ...requirement, freshSince }
}

function hasLapsed({ confirmBy }: Policy, now: Instant): boolean {
  return confirmBy !== null && confirmBy <= now
}

/** How a policy stands: off, on and to be confirmed, on, or off again because nobody confirmed it in time. */
export type Enforcement =
  | { is: 'off' }
  | { is: 'unconfirmed'; since: Instant; confirmBy: Instant }
  | { is: 'on'; since: Instant }
  | { is: 'reverted'; at: Instant }

/** Tells how a policy stands now, whether or not somebody has already written down that it lapsed. */
export function enforcementOf(policy: Policy, now: Instant): Enforcement {
  const { requires, since, confirmBy, revertedAt } = policy
  if (requires === 'nothing') return revertedAt === null ? { is: 'off' } : { is: 'reverted', at: revertedAt }
  if (confirmBy === null) return { is: 'on', since }
  return hasLapsed(policy, now) ? { is: 'reverted', at: confirmBy } : { is: 'unconfirmed', since, confirmBy }
}
