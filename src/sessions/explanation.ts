// Why a sign-in was asked for what it was asked: kept with the session as it was true then, for its owner and for
// administrators. It explains and decides nothing.

import type { Instant } from '../time.ts'

export type Explanation =
  | { asked: 'second-factor'; because: 'turned-on' }
  | { asked: 'second-factor' | 'set-up'; because: 'enforced'; since: Instant | null }
  | { asked: 'set-up-link'; because: 'reset' }
  | { asked: 'nothing-more'; because: 'not-required' }
  /** A provider proved MFA, by what was said about it then. */
  | { asked: 'nothing-more'; because: 'provider'; provider: string }

/** Writes an explanation as a row keeps it. */
export function writeExplanation(explanation: Explanation): string {
  return JSON.stringify(explanation)
}

/** Reads one back. Null where there is none, as in sessions that are older than explanations. */
export function readExplanation(text: string | null): Explanation | null {
  return text === null ? null : (JSON.parse(text) as Explanation)
}
