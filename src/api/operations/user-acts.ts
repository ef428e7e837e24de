// The API's operations that act on what somebody has: the account as a whole, its sessions, its tokens, its MFA. What
// concerns tokens and MFA is done in person only.

import { z } from 'zod'
import { listAccessTokens } from '../../access-tokens/access-tokens.ts'
import { Refusal } from '../../refusal.ts'
import { revokeAccessTokenOf } from '../../sign-in/access-tokens.ts'
import { deactivateUser, endSessionsOf, listSessionsOf, reactivateUser } from '../../sign-in/manage-users.ts'
import type { SignInParts } from '../../sign-in/parts.ts'
import { longestReason, parseReason, renewSetUpLink, resetMfaOf } from '../../sign-in/reset-mfa.ts'
import { isoTime } from '../../time.ts'
import { findUser } from '../../users/managed-user.ts'
import { addressOfLink, type NewLink } from '../../users/one-time-links.ts'
import type { ApiParts } from '../api.ts'
import type { Operations } from '../operation.ts'
import { AccessToken, accessTokenOf, moment, Session, sessionOf } from '../schemas.ts'

const managing = { tag: 'Users', access: 'users.manage', scope: 'users:write', fresh: true } as const
const one = '/api/v1/users/:user'

/** Declares them. */
export function userActOperations(operations: Operations, parts: ApiParts): void {
  switchOperations(operations, parts.machine)
  sessionOperations(operations, parts.machine)
  tokenOperations(operations, parts.machine)
  mfaOperations(operations, parts)
}

function switchOperations(operations: Operations, machine: SignInParts): void {
  const switches = [
    { act: deactivateUser, name: 'deactivate', summary: 'Deactivate a user, at every door at once' },
    { act: reactivateUser, name: 'reactivate', summary: 'Let a deactivated user sign in again' },
  ] as const
  for (const { act, name, summary } of switches)
    operations.add(
      {
        ...managing,
        method: 'post',
        path: `${one}/${name}`,
        id: `${name}User`,
        summary,
        answer: { status: 204, what: 'It is done.' },
        refusals: ['conflict', 'last-administrator', 'not-on-yourself'],
      },
      async ({ c, standing, ids }) => {
        await act(machine, standing, { userId: ids.user, caller: c.get('caller') })
        return null
      },
    )
}

async function mustExist({ db }: SignInParts, userId: string) {
  const user = await findUser(db, userId)
  if (!user) throw new Refusal('not-found')
  return user
}

function sessionOperations(operations: Operations, machine: SignInParts): void {
  operations.add(
    {
      method: 'get',
      path: `${one}/sessions`,
      id: 'listSessions',
      tag: 'Users',
      summary: 'Where a user is signed in',
      access: 'users.read',
      scope: 'users:read',
      answer: { status: 200, schema: z.object({ sessions: z.array(Session) }), what: 'The one seen last first.' },
    },
    async ({ ids }) => {
      const user = await mustExist(machine, ids.user)
      return { sessions: (await listSessionsOf(machine, user)).map(sessionOf) }
    },
  )

  const ending = { ...managing, method: 'delete', refusals: ['not-on-yourself'] } as const

  operations.add(
    {
      ...ending,
      path: `${one}/sessions`,
      id: 'endSessions',
      summary: 'Sign a user out everywhere',
      answer: { status: 204, what: 'They are signed out, and told by mail.' },
    },
    async ({ c, standing, ids }) => {
      await endSessionsOf(machine, standing, { userId: ids.user, sessionId: null, caller: c.get('caller') })
      return null
    },
  )

  operations.add(
    {
      ...ending,
      path: `${one}/sessions/:session`,
      id: 'endSession',
      summary: 'End one session of a user',
      answer: { status: 204, what: 'It is ended, and they are told by mail.' },
    },
    async ({ c, standing, ids }) => {
      await endSessionsOf(machine, standing, { userId: ids.user, sessionId: ids.session, caller: c.get('caller') })
      return null
    },
  )
}

function tokenOperations(operations: Operations, machine: SignInParts): void {
  operations.add(
    {
      method: 'get',
      path: `${one}/tokens`,
      id: 'listTokens',
      tag: 'Users',
      summary: 'The personal access tokens of a user',
      access: 'users.read',
      scope: null,
      answer: {
        status: 200,
        schema: z.object({ tokens: z.array(AccessToken) }),
        what: 'The newest first, without the tokens themselves.',
      },
    },
    async ({ ids }) => {
      await mustExist(machine, ids.user)
      return { tokens: (await listAccessTokens(machine.db, ids.user)).map(accessTokenOf) }
    },
  )

  operations.add(
    {
      ...managing,
      scope: null,
      method: 'delete',
      path: `${one}/tokens/:token`,
      id: 'revokeToken',
      summary: 'Revoke a token of a user',
      answer: { status: 204, what: 'It is revoked, and they are told by mail.' },
      refusals: ['not-on-yourself'],
    },
    async ({ c, standing, ids }) => {
      await revokeAccessTokenOf(machine, standing, { userId: ids.user, tokenId: ids.token, caller: c.get('caller') })
      return null
    },
  )
}

const Reset = z
  .strictObject({
    reason: z
      .string()
      .max(longestReason * 2)
      .refine((typed) => parseReason(typed) !== null, `Expected 1 to ${longestReason} visible characters.`),
  })
  .meta({ id: 'Reset' })

const SetUpLink = z
  .object({ link: z.url().describe('For the person’s own hands; shown this once.'), expires_at: moment })
  .meta({ id: 'SetUpLink' })

function mfaOperations(operations: Operations, { machine, settings }: ApiParts): void {
  const resetting = {
    method: 'post',
    tag: 'Users',
    access: 'users.reset-mfa',
    scope: null,
    fresh: true,
    refusals: ['conflict', 'not-on-yourself'],
  } as const
  const linkOf = ({ token, expiresAt }: NewLink): z.input<typeof SetUpLink> => ({
    link: addressOfLink(settings, 'set-up-mfa', token),
    expires_at: isoTime(expiresAt),
  })

  operations.add(
    {
      ...resetting,
      path: `${one}/mfa-reset`,
      id: 'resetMfa',
      summary: 'Reset a user’s MFA',
      description: 'Removes their factors, signs them out everywhere, tells them by mail, and makes a one-time link.',
      body: Reset,
      answer: { status: 201, schema: SetUpLink, what: 'The link with which they set MFA up again.' },
    },
    async ({ c, standing, ids, body }) =>
      linkOf(await resetMfaOf(machine, standing, { userId: ids.user, reason: body.reason, caller: c.get('caller') })),
  )

  operations.add(
    {
      ...resetting,
      path: `${one}/set-up-link`,
      id: 'renewSetUpLink',
      summary: 'Make a new set-up link after a reset',
      description: 'The older link stops working.',
      answer: { status: 201, schema: SetUpLink, what: 'The new link.' },
    },
    async ({ c, standing, ids }) =>
      linkOf(await renewSetUpLink(machine, standing, { userId: ids.user, caller: c.get('caller') })),
  )
}
