// What a database must forget before it is served again, because it was put back as it was at an earlier time: whatever may
// have been used up, ended or revoked since then opens nothing any more. Passwords and authenticators stay, so that people
// get in; each makes new recovery codes at the next sign-in. Counts of wrong guesses stay as they were.

import { removeAllAccessTokens } from '../access-tokens/access-tokens.ts'
import type { EventDetails } from '../audit/events.ts'
import { record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { dropRoundTrips } from '../identity-providers/round-trips.ts'
import { giveUpWaiting } from '../mail/outbox.ts'
import { dropResetRequests } from '../passwords/reset-requests.ts'
import { removeAllCodes } from '../recovery-codes/recovery-codes.ts'
import { endAllSessions } from '../sessions/sessions.ts'
import { type Instant, isoTimeOrNull } from '../time.ts'
import { spendStepsUntil } from '../totp/authenticators.ts'
import { discardAllEnrolments } from '../totp/enrolment.ts'
import { replaceSetUpLink } from '../users/first-administrator.ts'
import { voidAllInvitations } from '../users/invitations.ts'
import { voidAllLinks } from '../users/one-time-links.ts'
import { endAllSignIns } from './sign-in.ts'

/** How much of each came to an end. */
export type Voided = Omit<EventDetails<'database.restored'>, 'madeAt'>

/** Voids it all and records the restore, in the transaction that puts the rows back. `madeAt` is null where nobody knows it. */
export async function voidWhatMayBeSpent(
  trx: DatabaseTransaction,
  { madeAt, now }: { madeAt: Instant | null; now: Instant },
): Promise<Voided> {
  await endAllSignIns(trx)
  await dropRoundTrips(trx)
  await discardAllEnrolments(trx)
  await dropResetRequests(trx)
  await spendStepsUntil(trx, now)
  await replaceSetUpLink(trx, now)
  const voided = {
    sessions: await endAllSessions(trx),
    links: await voidAllLinks(trx),
    invitations: await voidAllInvitations(trx),
    accessTokens: await removeAllAccessTokens(trx),
    recoveryCodes: await removeAllCodes(trx),
    mails: await giveUpWaiting(trx, 'restored from a backup; it may have been sent before'),
  }
  const event = { name: 'database.restored' as const, details: { madeAt: isoTimeOrNull(madeAt), ...voided } }
  await record(trx, event, { now, caller: null, actor: null, subject: null })
  return voided
}
