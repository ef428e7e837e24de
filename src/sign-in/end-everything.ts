// Ends all that an account has open at once: sessions with their step-ups, sign-ins in progress, secrets that were shown,
// one-time links, invitations, personal access tokens. What somebody holds in their hands opens nothing after that, at no door.

import { listAccessTokens, removeAccessTokens } from '../access-tokens/access-tokens.ts'
import type { AuditEvent } from '../audit/events.ts'
import { type Circumstances, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { endOtherSessions } from '../sessions/sessions.ts'
import { discardEnrolments } from '../totp/enrolment.ts'
import { voidInvitations } from '../users/invitations.ts'
import { voidLinks } from '../users/one-time-links.ts'
import { endOtherSignIns } from './sign-in.ts'

type Because = Extract<AuditEvent, { name: 'sessions.ended' }>['details']['because']

/** Ends everything of a user, as part of the act that calls for it. */
export async function endEverything(
  trx: DatabaseTransaction,
  userId: string,
  because: Because,
  about: Omit<Circumstances, 'subject'>,
): Promise<void> {
  const count = await endOtherSessions(trx, userId, null)
  await endOtherSignIns(trx, userId, null)
  await discardEnrolments(trx, userId)
  await voidLinks(trx, userId)
  await voidInvitations(trx, userId)
  for (const token of await listAccessTokens(trx, userId))
    await record(trx, { name: 'access-token.revoked', details: { token: token.id } }, { ...about, subject: userId })
  await removeAccessTokens(trx, userId)
  if (count > 0)
    await record(trx, { name: 'sessions.ended', details: { count, because } }, { ...about, subject: userId })
}
