// The closed list of reasons the service says no. A refusal is thrown where only the edge can answer; each door turns
// it into its own language (a page, problem+json, an exit code). Whatever is not a Refusal is a bug and answers 500.

import type { Instant } from './time.ts'

/** Every reason, with the HTTP status that says it. The words for people are in messages/ under `refusal.<code>`. */
export const refusals = {
  'signed-out': 401,
  'invalid-token': 401,
  'sign-in-over': 401,
  'nothing-owed': 409,
  'step-up-needed': 401,
  'second-factor-owed': 401,
  'set-up-link-owed': 403,
  'enrolment-owed': 403,
  'recovery-codes-owed': 403,
  'not-allowed': 403,
  'not-on-yourself': 403,
  'not-for-tokens': 403,
  'scope-missing': 403,
  'mfa-needed-first': 403,
  'mfa-enforced': 403,
  'cross-origin': 403,
  'link-invalid': 404,
  'not-found': 404,
  'wrong-method': 405,
  conflict: 409,
  'last-administrator': 409,
  'too-large': 413,
  'unsupported-form': 415,
  'not-json': 415,
  'validation-failed': 422,
  'bad-request': 400,
  'too-many-attempts': 429,
  busy: 503,
  unavailable: 503,
} as const

export type RefusalCode = keyof typeof refusals

/** Says no, for a reason from the list. `cause` is for the log and never shown. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly status: (typeof refusals)[RefusalCode]
  /** When to try again, for `too-many-attempts` and `busy`. */
  readonly retryAt: Instant | undefined
  /** Which methods there are, for `wrong-method`. */
  readonly allow: readonly string[]

  constructor(code: RefusalCode, more: { cause?: unknown; retryAt?: Instant; allow?: readonly string[] } = {}) {
    super(code, { cause: more.cause })
    this.name = 'Refusal'
    this.code = code
    this.status = refusals[code]
    this.retryAt = more.retryAt
    this.allow = more.allow ?? []
  }
}
