// The API's operations about the caller: who they are here, and how they came.

import { z } from 'zod'
import { assuranceOf } from '../factors/assurance.ts'
import type { AnyStanding } from '../sign-in/standing.ts'
import type { Operations } from './operation.ts'
import { id, moment, role, scope, written } from './schemas.ts'

const Me = z
  .object({
    id,
    email: z.string(),
    name: z.string().nullable(),
    role,
    session: z
      .object({
        acr: z.enum(['urn:countersign:acr:one-factor', 'urn:countersign:acr:two-factors']),
        amr: z.array(z.string()),
        auth_time: z.int().describe('Seconds since 1970.'),
        expires_at: moment,
      })
      .nullable()
      .describe('How the session was proved; null for a token.'),
    token: z
      .object({ id, name: z.string(), scopes: z.array(scope), expires_at: moment })
      .nullable()
      .describe('The token that the request bears; null for a session.'),
    mfa: z.object({
      enrolled: z.boolean(),
      required: z.boolean(),
      because: z.string().nullable().describe('The policy that requires it.'),
    }),
  })
  .meta({ id: 'Me' })

/** Declares them. */
export function meOperations(operations: Operations): void {
  operations.add(
    {
      method: 'get',
      path: '/api/v1/me',
      id: 'getMe',
      tag: 'Me',
      summary: 'Who the caller is, and how that was proved',
      access: 'signed-in',
      scope: 'profile:read',
      answer: { status: 200, schema: Me, what: 'The caller.' },
    },
    ({ standing }) => meOf(standing),
  )
}

function meOf(standing: AnyStanding): z.input<typeof Me> {
  const { account, requirement } = standing
  const { user } = account
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    role: user.role,
    session: standing.via === 'session' ? sessionOf(standing) : null,
    token: standing.via === 'token' ? tokenOf(standing) : null,
    mfa: {
      enrolled: account.enrolled.length > 0,
      required: requirement.level !== 'nothing',
      because: requirement.because,
    },
  }
}

function sessionOf({ session, account }: Extract<AnyStanding, { via: 'session' }>) {
  const { acr, amr, authTime } = assuranceOf(session.proofs, account.enrolled)
  return { acr, amr: [...amr], auth_time: authTime, expires_at: written(session.expiresAt) }
}

function tokenOf({ token }: Extract<AnyStanding, { via: 'token' }>) {
  return { id: token.id, name: token.name, scopes: [...token.scopes], expires_at: written(token.expiresAt) }
}
