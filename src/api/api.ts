// The door for programs: JSON under /api/v1, and the two health checks. A refusal is a problem (RFC 9457) with a closed
// `code`, and, where enforcement is the reason, the address of the set-up page.

import { assuranceOf } from '../factors/assurance.ts'
import { createDoor, type Door, type DoorContext, type DoorParts } from '../http/door.ts'
import type { HttpSettings } from '../http/settings.ts'
import type { Refusal } from '../refusal.ts'
import type { SignInParts } from '../sign-in/parts.ts'

export interface ApiParts {
  machine: SignInParts
  settings: HttpSettings
}

/** Builds the door. */
export function createApi(parts: ApiParts, hooks: Pick<DoorParts, 'onBug' | 'onAnswer'>): Door {
  const { machine, settings } = parts
  const door = createDoor({ machine, settings, refuse: (c, refusal) => problem(c, parts, refusal), ...hooks })

  door.anyone('get', '/healthz', (c) => c.json({ status: 'alive' }))

  door.anyone('get', '/readyz', async (c) => {
    try {
      await machine.db.selectFrom('installation').select('id').executeTakeFirstOrThrow()
      return c.json({ status: 'ready' })
    } catch {
      return c.json({ status: 'unavailable' }, 503)
    }
  })

  /** Who the session belongs to, and how strongly it was proved. */
  door.signedIn('get', '/api/v1/me', (c, { account, session, requirement }) => {
    const { user } = account
    const { acr, amr, authTime } = assuranceOf(session.proofs, account.enrolled)
    return c.json({
      id: user.id,
      email: user.email,
      name: user.name,
      role: user.role,
      session: { acr, amr, auth_time: authTime, expires_at: new Date(session.expiresAt).toISOString() },
      mfa: {
        enrolled: account.enrolled.length > 0,
        required: requirement.level !== 'nothing',
        because: requirement.because,
      },
    })
  })

  return door
}

/** Writes a refusal as problem+json. A bug says nothing but its request id. */
function problem(c: DoorContext, { settings, machine }: ApiParts, refusal: Refusal | null): Response {
  const status = refusal?.status ?? 500
  const code = refusal?.code ?? 'bug'
  if (refusal?.retryAt !== undefined)
    c.header('Retry-After', String(Math.max(1, Math.ceil((refusal.retryAt - machine.clock()) / 1000))))
  const leadsToSetUp = code === 'enrolment-owed' || code === 'recovery-codes-owed'
  const path = code === 'enrolment-owed' ? '/set-up-mfa' : '/recovery-codes'
  const body = {
    type: `${settings.url}/problems/${code}`,
    title: titles[code] ?? 'The request was refused.',
    status,
    code,
    request_id: c.get('caller').requestId,
    ...(leadsToSetUp ? { set_up: `${settings.url}${path}` } : {}),
  }
  c.header('Content-Type', 'application/problem+json')
  return c.body(JSON.stringify(body), status)
}

/** For developers, so in English only; what a program goes by is `code`. */
const titles: Readonly<Record<string, string>> = {
  bug: 'Something went wrong on our side.',
  'signed-out': 'There is no session, or it has ended.',
  'enrolment-owed': 'Multi-factor authentication is required of this user and has not been set up.',
  'recovery-codes-owed': 'This user has not saved their recovery codes yet.',
  'not-allowed': 'This user may not do that.',
  'not-found': 'There is nothing at this address.',
  'cross-origin': 'The request did not come from a page of this service.',
  'too-large': 'The request is too large.',
}
