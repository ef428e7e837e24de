// The API's operations about the caller: who they are here, and how they came.

import { z } from 'zod'
import { assuranceOf } from '../../factors/assurance.ts'
import { availableLanguages } from '../../messages.ts'
import { countCodes } from '../../recovery-codes/recovery-codes.ts'
import { changeOwnProfile } from '../../sign-in/own-profile.ts'
import type { SignInParts } from '../../sign-in/parts.ts'
import type { AnyStanding } from '../../sign-in/standing.ts'
import { isoTime, isoTimeOrNull } from '../../time.ts'
import { listAuthenticators } from '../../totp/authenticators.ts'
import type { Operations } from '../operation.ts'
import { id, moment, personName, role, scope } from '../schemas.ts'

const themes = ['system', 'light', 'dark'] as const

const Me = z
  .object({
    id,
    email: z.string(),
    name: z.string().nullable(),
    role,
    language: z.string().nullable().describe('Null for what the browser asks for.'),
    theme: z.enum(themes),
    created_at: moment,
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

const MyChange = z
  .strictObject({
    name: personName.nullable(),
    language: z.enum(availableLanguages.map(({ tag }) => tag)).nullable(),
    theme: z.enum(themes),
  })
  .partial()
  .meta({ id: 'MyChange' })

const Factors = z
  .object({
    authenticators: z.array(
      z.object({
        id,
        kind: z.literal('totp'),
        name: z.string(),
        added_at: moment,
        last_used_at: moment.nullable(),
        disabled_at: moment.nullable().describe('When too many wrong codes in a row switched it off.'),
      }),
    ),
    recovery_codes: z
      .object({ left: z.int(), total: z.int(), made_at: moment, saved: z.boolean() })
      .nullable()
      .describe('How many there are; the codes themselves are shown once, on a page.'),
  })
  .meta({ id: 'Factors' })

/** Declares them. */
export function meOperations(operations: Operations, machine: SignInParts): void {
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

  operations.add(
    {
      method: 'patch',
      path: '/api/v1/me',
      id: 'changeMe',
      tag: 'Me',
      summary: 'Change the caller’s name, language or theme',
      description: 'What is left out stays. E-mail address, password and factors are changed on the pages.',
      access: 'signed-in',
      scope: 'profile:write',
      body: MyChange,
      answer: { status: 204, what: 'It is changed.' },
    },
    async ({ c, standing, body }) => {
      await changeOwnProfile(machine, standing, body, c.get('caller'))
      return null
    },
  )

  operations.add(
    {
      method: 'get',
      path: '/api/v1/me/factors',
      id: 'getMyFactors',
      tag: 'Me',
      summary: 'What the caller can prove who they are with',
      access: 'signed-in',
      scope: 'profile:read',
      answer: { status: 200, schema: Factors, what: 'Without any secret.' },
    },
    ({ standing }) => factorsOf(machine, standing.account.user.id),
  )
}

async function factorsOf({ db }: SignInParts, userId: string): Promise<z.input<typeof Factors>> {
  const authenticators = await listAuthenticators(db, userId)
  const codes = await countCodes(db, userId)
  return {
    authenticators: authenticators.map((factor) => ({
      id: factor.id,
      kind: 'totp',
      name: factor.name,
      added_at: isoTime(factor.addedAt),
      last_used_at: isoTimeOrNull(factor.lastUsedAt),
      disabled_at: isoTimeOrNull(factor.disabledAt),
    })),
    recovery_codes: codes && {
      left: codes.left,
      total: codes.total,
      made_at: isoTime(codes.madeAt),
      saved: codes.savedAt !== null,
    },
  }
}

function meOf(standing: AnyStanding): z.input<typeof Me> {
  const { account, requirement } = standing
  const { user } = account
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    role: user.role,
    language: user.language,
    theme: user.theme,
    created_at: isoTime(user.createdAt),
    session: standing.via === 'session' ? sessionOf(standing) : null,
    token: standing.via === 'token' ? tokenOf(standing) : null,
    mfa: {
      enrolled: account.enrolled.length > 0,
      required: requirement.level !== 'nothing',
      because: requirement.because,
    },
  }
}

function sessionOf({ session, holdings }: Extract<AnyStanding, { via: 'session' }>) {
  const { acr, amr, authTime } = assuranceOf(session.proofs, holdings)
  return { acr, amr: [...amr], auth_time: authTime, expires_at: isoTime(session.expiresAt) }
}

function tokenOf({ token }: Extract<AnyStanding, { via: 'token' }>) {
  return { id: token.id, name: token.name, scopes: [...token.scopes], expires_at: isoTime(token.expiresAt) }
}
