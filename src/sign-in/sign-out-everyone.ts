// The emergency: everybody is signed out at once, on every device and at every door, by whoever runs the host. What could
// lead in without a new sign-in ends with it, in one transaction with its event. Passwords, authenticators and recovery
// codes stay, so that everybody can sign in again.

import { removeAllAccessTokens } from '../access-tokens/access-tokens.ts'
import type { EventDetails } from '../audit/events.ts'
import { record } from '../audit/record.ts'
import { giveUpLinks } from '../mail/outbox.ts'
import { Refusal } from '../refusal.ts'
import { endAllSessions } from '../sessions/sessions.ts'
import { discardAllEnrolments } from '../totp/enrolment.ts'
import { voidAllInvitations } from '../users/invitations.ts'
import { forgetAllBrowsers } from '../users/mfa-reset.ts'
import { voidAllLinks } from '../users/one-time-links.ts'
import type { SignInParts } from './parts.ts'
import { parseReason } from './reset-mfa.ts'
import { endAllSignIns } from './sign-in.ts'

/** How much of each came to an end. */
export type SignedOut = Omit<EventDetails<'sign-out.everyone'>, 'reason' | 'browsersForgotten'>

/** Signs everybody out. Throws `bad-request` without a reason. */
export async function signOutEveryone(
  { db, clock }: Pick<SignInParts, 'db' | 'clock'>,
  { reason: typed, revokeTokens, forgetBrowsers }: { reason: string; revokeTokens: boolean; forgetBrowsers: boolean },
): Promise<SignedOut> {
  const reason = parseReason(typed)
  if (reason === null) throw new Refusal('bad-request')
  return db.transaction().execute(async (trx) => {
    const now = clock()
    // Sign-ins first: one that is just being finished holds its row, and its session is there to be ended afterwards.
    const signIns = await endAllSignIns(trx)
    const sessions = await endAllSessions(trx)
    await discardAllEnrolments(trx)
    const links = await voidAllLinks(trx)
    const invitations = await voidAllInvitations(trx)
    const mails = await giveUpLinks(trx, 'its link was voided when everyone was signed out')
    const accessTokens = revokeTokens ? await removeAllAccessTokens(trx) : null
    if (forgetBrowsers) await forgetAllBrowsers(trx, now)
    const ended = { sessions, signIns, links, invitations, mails, accessTokens }
    const details = { reason, ...ended, browsersForgotten: forgetBrowsers }
    await record(trx, { name: 'sign-out.everyone', details }, { now, caller: null, actor: null, subject: null })
    return ended
  })
}
