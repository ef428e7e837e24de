// How the API says no: a problem (RFC 9457) with a closed `code`, for which `type` is a name and not an address; where
// enforcement is the reason, the address of the page that leads on; with 401, the challenge that says what is missing
// (RFC 6750, and RFC 9470 where a fresher proof is).

import type { DoorContext } from '../http/door.ts'
import type { HttpSettings } from '../http/settings.ts'
import type { Refusal, RefusalCode } from '../refusal.ts'
import { freshFor } from '../sign-in/standing.ts'
import type { Instant } from '../time.ts'
import { InvalidInput } from './input.ts'

/** For developers, so in English only; what a program goes by is `code`. */
export const problemTitles: Readonly<Partial<Record<RefusalCode | 'bug', string>>> = {
  bug: 'Something went wrong on our side.',
  'signed-out': 'There is no session, or it has ended.',
  'invalid-token': 'The token is unknown, has been revoked or has expired, or its owner may not sign in.',
  'step-up-needed': 'This asks for a proof that is more recent than the one this session has.',
  'enrolment-owed': 'Multi-factor authentication is required of this user and has not been set up.',
  'recovery-codes-owed': 'This user has not saved their recovery codes yet.',
  'not-allowed': 'This user may not do that.',
  'not-for-tokens': 'No token may do that. It is done in person.',
  'scope-missing': 'The token lacks the scope that this asks for.',
  'not-on-yourself': 'Nobody may do that to their own account here.',
  'last-administrator': 'Somebody must remain who can administer the service.',
  'mfa-enforced': 'Multi-factor authentication is required, so it cannot be turned off.',
  'mfa-needed-first': 'Whoever requires multi-factor authentication of others has to have it.',
  'cross-origin': 'The request did not come from a page of this service.',
  'not-found': 'There is nothing at this address.',
  'wrong-method': 'This address does not take this method.',
  conflict: 'This does not fit what is there already.',
  'too-large': 'The request is too large.',
  'not-json': 'The body must be JSON, with the type application/json.',
  'bad-request': 'The body is not valid JSON.',
  'validation-failed': 'Something in the request is not as the description of the API says.',
  'too-many-attempts': 'There were too many attempts.',
  busy: 'The service is busy.',
  unavailable: 'The service cannot answer right now.',
}

/** Names a problem. A name, because an address would have to lead somewhere for every installation. */
export function problemType(code: string): string {
  return `urn:countersign:problem:${code}`
}

/** Writes a refusal as problem+json. A bug, which is null, says nothing but its request id. */
export function problem(
  c: DoorContext,
  { url, serviceName, now }: Pick<HttpSettings, 'url' | 'serviceName'> & { now: Instant },
  refusal: Refusal | null,
): Response {
  const code = refusal?.code ?? 'bug'
  if (refusal?.retryAt !== undefined)
    c.header('Retry-After', String(Math.max(1, Math.ceil((refusal.retryAt - now) / 1000))))
  if (refusal && refusal.allow.length > 0) c.header('Allow', refusal.allow.join(', '))
  const challenge = challengeFor(c, code)
  if (challenge !== null)
    c.header('WWW-Authenticate', `Bearer realm="${serviceName.replace(/[^ -~]|["\\]/g, '')}"${challenge}`)
  const path = code === 'enrolment-owed' ? '/set-up-mfa' : code === 'recovery-codes-owed' ? '/recovery-codes' : null
  const body = {
    type: problemType(code),
    title: problemTitles[code] ?? 'The request was refused.',
    status: refusal?.status ?? 500,
    code,
    request_id: c.get('caller').requestId,
    ...(path === null ? {} : { set_up: `${url}${path}` }),
    ...(refusal instanceof InvalidInput ? { errors: refusal.errors } : {}),
  }
  c.header('Content-Type', 'application/problem+json')
  return c.body(JSON.stringify(body), body.status as 500)
}

/** The parameters of the challenge; null where nothing that the caller could prove would help. */
function challengeFor(c: DoorContext, code: RefusalCode | 'bug'): string | null {
  switch (code) {
    case 'signed-out':
      return ''
    case 'invalid-token':
      return ', error="invalid_token"'
    case 'scope-missing':
      return ', error="insufficient_scope"'
    case 'step-up-needed': {
      const enrolled = c.get('standing')?.account.enrolled.length ?? 0
      const acr = `urn:countersign:acr:${enrolled > 0 ? 'two-factors' : 'one-factor'}`
      return `, error="insufficient_user_authentication", acr_values="${acr}", max_age="${freshFor / 1000}"`
    }
    default:
      return null
  }
}
