// Signing oneself out elsewhere: one session of one's own, or all but this one with every sign-in in progress. A session is
// looked up together with its owner, so that another person's id is as good as none.

import { type Caller, record } from '../audit/record.ts'
import { Refusal } from '../refusal.ts'
import { endOtherSessions, endSessionOf } from '../sessions/sessions.ts'
import { mustHaveScope } from './administer.ts'
import type { SignInParts } from './parts.ts'
import { mustBeFresh } from './protect.ts'
import { endOtherSignIns } from './sign-in.ts'
import type { AnyStanding } from './standing.ts'

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
    let count = 1
    if (sessionId === null) {
      count = await endOtherSessions(trx, userId, kept)
      await endOtherSignIns(trx, userId, null)
    } else if (!(await endSessionOf(trx, userId, sessionId))) throw new Refusal('not-found')
    if (count === 0) return 0
    const about = { now, caller, actor: userId, subject: userId }
    await record(trx, { name: 'sessions.ended', details: { count, because: 'by-owner' } }, about)
    await parts.notify(trx, { about: 'own-sessions-ended' }, { account, caller, now })
    return count
  })
}
