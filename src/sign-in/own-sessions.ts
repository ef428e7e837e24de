// Signing oneself out elsewhere: one session of one's own, or all but this one with every sign-in in progress. A session is
// looked up together with its owner, so that another person's id is as good as none.

import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { Refusal } from '../refusal.ts'
import { endOtherSessions, endSessionOf } from '../sessions/sessions.ts'
import { mustHaveScope } from './administer.ts'
import type { SignInParts } from './parts.ts'
import { mustBeFresh } from './protect.ts'
import { endOtherSignIns } from './sign-in.ts'
import type { AnyStanding } from './standing.ts'

/**
 * Ends one session of a user, or, for null, all but the one to keep and every sign-in in progress; tells how many sessions
 * that were. Throws `not-found` for a session that this user does not have.
 */
export async function endOneOrAll(
  trx: DatabaseTransaction,
  userId: string,
  { sessionId, keep }: { sessionId: string | null; keep: string | null },
): Promise<number> {
  if (sessionId === null) {
    await endOtherSignIns(trx, userId, null)
    return endOtherSessions(trx, userId, keep)
  }
  if (!(await endSessionOf(trx, userId, sessionId))) throw new Refusal('not-found')
  return 1
}

/**
 * Ends one of the person's own sessions, or, for null, all but this one; a token has none to keep. Throws
 * `step-up-needed`, `scope-missing` or `not-found`.
 */
export async function endOwnSessions(
  parts: SignInParts,
  standing: AnyStanding,
  { sessionId, caller }: { sessionId: string | null; caller: Caller },
): Promise<number> {
  if (standing.via === 'session') mustBeFresh(standing)
  else mustHaveScope(standing, 'sessions:write')
  const { account } = standing
  const kept = standing.via === 'session' ? standing.session.id : null
  const userId = account.user.id
  const now = parts.clock()
  return parts.db.transaction().execute(async (trx) => {
    const count = await endOneOrAll(trx, userId, { sessionId, keep: kept })
    if (count === 0) return 0
    const about = { now, caller, actor: userId, subject: userId }
    await record(trx, { name: 'sessions.ended', details: { count, because: 'by-owner' } }, about)
    await parts.notify(trx, { about: 'own-sessions-ended' }, { account, caller, now })
    return count
  })
}
