// Requests by programs: a personal access token in the `Authorization` header. A request that bears one is judged by it
// alone: cookies are not looked at, so it needs no same-origin check, and a browser that sends cookies along lends it nothing.
// Guesses are not counted: 256 random bits cannot be guessed, and a wrong checksum costs no query.

import type { Context } from 'hono'
import { Refusal } from '../refusal.ts'
import type { SignInParts } from '../sign-in/parts.ts'
import { findTokenStanding, type TokenStanding } from '../sign-in/standing.ts'

/** Reads what follows `Bearer`; null where the request bears no token. Other schemes are some proxy's business. */
export function bearerToken(c: Context): string | null {
  const [scheme = '', ...rest] = (c.req.header('authorization') ?? '').trim().split(/ +/)
  return scheme.toLowerCase() === 'bearer' ? rest.join(' ') : null
}

/** Finds where the token stands; throws what its owner owes, or `invalid-token`. */
export async function mustBeValidToken(machine: SignInParts, text: string): Promise<TokenStanding> {
  const standing = await findTokenStanding(machine, text)
  switch (standing?.step.at) {
    case 'done':
      return standing
    // After a reset of MFA the way to set-up is longer, and leads there all the same.
    case 'set-up-link':
    case 'enrol':
      throw new Refusal('enrolment-owed')
    case 'recovery-codes':
      throw new Refusal('recovery-codes-owed')
    default:
      // Unknown, revoked, expired, or its owner may not sign in: a program is told no more than that.
      throw new Refusal('invalid-token')
  }
}
