// The link with which somebody sets MFA up again after a reset. It signs nobody in: it joins a sign-in in which the password
// was right, as a proof that the person was handed it, and is used up in the transaction that records this.

import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { Refusal } from '../refusal.ts'
import type { Proof } from '../sessions/proofs.ts'
import type { Instant } from '../time.ts'
import { consumeLink } from '../users/one-time-links.ts'
import type { SignInParts } from './parts.ts'
import { type Progress, recordProof } from './sign-in.ts'
import type { PendingSignIn } from './standing.ts'

/** Uses a link up for this user and gives the proof. Throws `link-invalid` when it cannot be used, or is somebody else's. */
export async function spendSetUpLink(
  trx: DatabaseTransaction,
  { token, userId, caller, now }: { token: string; userId: string; caller: Caller; now: Instant },
): Promise<Proof> {
  const link = await consumeLink(trx, 'set-up-mfa', token, now)
  if (link?.userId !== userId) throw new Refusal('link-invalid')
  const about = { now, caller, actor: userId, subject: userId }
  await record(trx, { name: 'mfa.link-used', details: {} }, about)
  return { by: 'set-up-link', at: now }
}

/** Joins the link to a sign-in that waits for it. Throws `sign-in-over` for any other, and `link-invalid`. */
export async function proveSetUpLink(
  parts: SignInParts,
  { signIn, step }: PendingSignIn,
  { token, caller }: { token: string; caller: Caller },
): Promise<Progress> {
  if (step.at !== 'set-up-link' || signIn.purpose !== 'sign-in') throw new Refusal('sign-in-over')
  const now = parts.clock()
  return parts.db.transaction().execute(async (trx) => {
    const proof = await spendSetUpLink(trx, { token, userId: signIn.userId, caller, now })
    return recordProof(trx, parts, { signIn, proof, caller, now })
  })
}
