// What is required of a user, and why. Pure: policies in, requirement out. The strictest policy that matches wins.

import type { Instant } from '../time.ts'

export interface Policy {
  id: string
  requires: 'nothing' | 'mfa'
}

export interface Requirement {
  level: 'nothing' | 'mfa'
  /** The policy that asks for it, so that pages, API and audit log can say why; null when nothing is required. */
  because: string | null
  /** For a sensitive act: the strongest proof must be at least this recent. Null for everyday use. */
  freshSince: Instant | null
}

/** Works out what is required. An unknown requirement counts as the strictest: deny by default. */
export function requirementFor({ policies }: { policies: readonly Policy[] }): Requirement {
  const strictest = policies.find((policy) => policy.requires !== 'nothing')
  return { level: strictest ? 'mfa' : 'nothing', because: strictest?.id ?? null, freshSince: null }
}

/** The same requirement with a fresher proof: what a sensitive act asks for. */
export function withFreshProof(requirement: Requirement, freshSince: Instant): Requirement {
  return { ...requirement, freshSince }
}
