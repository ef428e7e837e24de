// Signing oneself out elsewhere: one session of one's own, or all but this one with every sign-in in progress. A session is
// looked up together with its owner, so that another person's id is as good as none.

import { type Caller, record } from '../audit/record.ts'
import { Refusal } from '../refusal.ts'
import { endOtherSessions, endSessionOf } from '../sessions/sessions.ts'
import type { SignInParts } from './parts.ts'
import { mustBeFresh } from './protect.ts'
import { endOtherSignIns } from './sign-in.ts'
import type { Standing } from './standing.ts'

/** Ends one of the person's own sessions, or, for null, all but this one. Throws `step-up-needed`, or `not-found`. */
export async function endOwnSessions(
  parts: SignInParts,
  standing: Standing,
  { sessionId, caller }: { sessionId: string | null; caller: Caller },
): Promise<number> {
  mustBeFresh(standing)
  const { account, session } = standing
  const userId = account.user.id
  const now = parts.clock()
  return parts.db.transaction().execute(async (trx) => {
    let count = 1
    if (sessionId === null) {
      count = await endOtherSessions(trx, userId, session.id)
      await endOtherSignIns(trx, userId, null)
    } else if (!(await endSessionOf(trx, userId, sessionId))) throw new Refusal('not-found')
    if (count === 0) return 0
    const about = { now, caller, actor: userId, subject: userId }
    await record(trx, { name: 'sessions.ended', details: { count, because: 'by-owner' } }, about)
    await parts.notify(trx, { about: 'own-sessions-ended' }, { account, caller, now })
    return count
  })
}
