// Says why a sign-in that is now finished was asked for what it was asked, or not asked for more. Pure, and from the very
// facts that `next-step.ts` decides by; but it only tells: nothing is decided here.

import type { Requirement } from '../enforcement/requirement.ts'
import type { EnrolledFactor } from '../factors/factors.ts'
import type { Explanation } from '../sessions/explanation.ts'

export interface Explained {
  enrolled: readonly EnrolledFactor[]
  requirement: Requirement
  /** Whether 2FA was set up in the course of this sign-in. */
  setUpMeanwhile: boolean
  /** Whether the set-up link was asked for, that an administrator makes with a reset. */
  bySetUpLink: boolean
  /** The name of the provider that proved MFA, where one did. */
  provedBy: string | null
}

/** Explains a finished sign-in. */
export function explain({ enrolled, requirement, setUpMeanwhile, bySetUpLink, provedBy }: Explained): Explanation {
  if (bySetUpLink) return { asked: 'set-up-link', because: 'reset' }
  // Only enforcement leads from a sign-in to the set-up. It may have lapsed before the set-up was done.
  if (setUpMeanwhile) return { asked: 'set-up', because: 'enforced', since: requirement.since }
  if (provedBy !== null) return { asked: 'nothing-more', because: 'provider', provider: provedBy }
  if (enrolled.length === 0) return { asked: 'nothing-more', because: 'not-required' }
  return requirement.level === 'nothing'
    ? { asked: 'second-factor', because: 'turned-on' }
    : { asked: 'second-factor', because: 'enforced', since: requirement.since }
}
