// The API's operations about the caller's own sessions.

import { z } from 'zod'
import { listSessions } from '../../sessions/sessions.ts'
import { endOwnSessions } from '../../sign-in/own-sessions.ts'
import type { SignInParts } from '../../sign-in/parts.ts'
import type { Operations } from '../operation.ts'
import { OwnSession, sessionOf } from '../schemas.ts'

const tag = 'My sessions'

/** Declares them. */
export function ownSessionOperations(operations: Operations, machine: SignInParts): void {
  operations.add(
    {
      method: 'get',
      path: '/api/v1/me/sessions',
      id: 'listMySessions',
      tag,
      summary: 'Where the caller is signed in',
      access: 'signed-in',
      scope: 'sessions:read',
      answer: { status: 200, schema: z.object({ sessions: z.array(OwnSession) }), what: 'The one seen last first.' },
    },
    async ({ standing }) => {
      const own = standing.via === 'session' ? standing.session.id : null
      const sessions = await listSessions(machine.db, standing.account.user.id, machine.limits, machine.clock())
      return { sessions: sessions.map((session) => ({ ...sessionOf(session), current: session.id === own })) }
    },
  )

  const ending = { tag, access: 'signed-in', scope: 'sessions:write', fresh: true } as const

  operations.add(
    {
      ...ending,
      method: 'delete',
      path: '/api/v1/me/sessions',
      id: 'endMyOtherSessions',
      summary: 'Sign out everywhere else',
      description: 'Ends every session of the caller but the one that asks, and every sign-in in progress.',
      answer: { status: 204, what: 'They are ended.' },
    },
    async ({ c, standing }) => {
      await endOwnSessions(machine, standing, { sessionId: null, caller: c.get('caller') })
      return null
    },
  )

  operations.add(
    {
      ...ending,
      method: 'delete',
      path: '/api/v1/me/sessions/:session',
      id: 'endMySession',
      summary: 'Sign out one session',
      answer: { status: 204, what: 'It is ended.' },
    },
    async ({ c, standing, ids }) => {
      await endOwnSessions(machine, standing, { sessionId: ids.session, caller: c.get('caller') })
      return null
    },
  )
}
