// The API's operations about the caller's own personal access tokens: for a session only, so that no token sees, makes or
// widens one.

import { z } from 'zod'
import { listAccessTokens, longestTokenLife, usualTokenLife } from '../../access-tokens/access-tokens.ts'
import { createOwnAccessToken, revokeOwnAccessToken } from '../../sign-in/access-tokens.ts'
import type { SignInParts } from '../../sign-in/parts.ts'
import { days, isoTime } from '../../time.ts'
import { parseName } from '../../users/names.ts'
import type { Operations } from '../operation.ts'
import { AccessToken, accessTokenOf, id, moment, scope, thingName } from '../schemas.ts'

const NewAccessToken = z
  .strictObject({
    name: thingName,
    scopes: z.array(scope).min(1).max(20),
    expires_in_days: z
      .int()
      .min(1)
      .max(longestTokenLife / days(1))
      .default(usualTokenLife / days(1)),
  })
  .meta({ id: 'NewAccessToken' })

const MadeAccessToken = z
  .object({ id, token: z.string().describe('Shown this once.'), expires_at: moment })
  .meta({ id: 'MadeAccessToken' })

const about = { tag: 'Personal access tokens', access: 'signed-in', scope: null } as const

/** Declares them. */
export function accessTokenOperations(operations: Operations, machine: SignInParts): void {
  operations.add(
    {
      ...about,
      method: 'get',
      path: '/api/v1/me/tokens',
      id: 'listMyTokens',
      summary: 'The caller’s tokens, the newest first',
      answer: {
        status: 200,
        schema: z.object({ tokens: z.array(AccessToken) }),
        what: 'All of them, without the tokens themselves.',
      },
    },
    async ({ standing }) => ({
      tokens: (await listAccessTokens(machine.db, standing.account.user.id)).map(accessTokenOf),
    }),
  )

  operations.add(
    {
      ...about,
      method: 'post',
      path: '/api/v1/me/tokens',
      id: 'createMyToken',
      summary: 'Make a token',
      description: 'The role of the caller has to grant every scope. The owner is told by mail.',
      fresh: true,
      body: NewAccessToken,
      answer: { status: 201, schema: MadeAccessToken, what: 'The token, shown this once.' },
      refusals: ['not-allowed', 'conflict'],
    },
    async ({ c, standing, body }) => {
      const wish = { name: parseName(body.name) ?? '', scopes: body.scopes, life: days(body.expires_in_days) }
      const made = await createOwnAccessToken(machine, standing, wish, c.get('caller'))
      return { id: made.id, token: made.token, expires_at: isoTime(made.expiresAt) }
    },
  )

  operations.add(
    {
      ...about,
      method: 'delete',
      path: '/api/v1/me/tokens/:token',
      id: 'revokeMyToken',
      summary: 'Revoke a token',
      answer: { status: 204, what: 'It is revoked.' },
    },
    async ({ c, standing, ids }) => {
      await revokeOwnAccessToken(machine, standing, ids.token, c.get('caller'))
      return null
    },
  )
}
