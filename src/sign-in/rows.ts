// The rows of sign-ins and step-ups in progress. Every change names the version that was read: of two requests that found the
// same row, one changes it and the other finds it gone.

import type { DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
import type { SignInsTable } from '../database/tables.ts'
import { hashToken } from '../secrets/tokens.ts'
import { type Proof, writeProofs } from '../sessions/proofs.ts'
import type { Instant } from '../time.ts'
import type { SignInRecord } from './account.ts'

const insertion = prepare((db, given: SignInsTable) =>
  db.insertInto('sign_ins').values({
    id: given.id,
    token_hash: given.token_hash,
    purpose: given.purpose,
    user_id: given.user_id,
    session_id: given.session_id,
    proofs: given.proofs,
    fresh_since: given.fresh_since,
    return_to: given.return_to,
    guesses: given.guesses,
    identity_id: given.identity_id,
    provider_session: given.provider_session,
    sealed_id_token: given.sealed_id_token,
    version: given.version,
    created_at: given.created_at,
    expires_at: given.expires_at,
  }),
)

/** Writes a sign-in down under a token. */
export async function insertSignIn(
  trx: DatabaseTransaction,
  signIn: SignInRecord,
  token: string,
  now: Instant,
): Promise<void> {
  await insertion.changed(trx, {
    id: signIn.id,
    token_hash: hashToken(token),
    purpose: signIn.purpose,
    user_id: signIn.userId,
    session_id: signIn.sessionId,
    proofs: writeProofs(signIn.proofs),
    fresh_since: signIn.freshSince,
    return_to: signIn.returnTo,
    guesses: 0,
    identity_id: signIn.cameBy?.identityId ?? null,
    provider_session: signIn.cameBy?.providerSession ?? null,
    sealed_id_token: signIn.cameBy?.sealedIdToken ?? null,
    version: signIn.version,
    created_at: now,
    expires_at: signIn.expiresAt,
  })
}

const change = prepare((db, given: { id: string; version: number; next: number; tokenHash: string; proofs: string }) =>
  db
    .updateTable('sign_ins')
    .set({ token_hash: given.tokenHash, proofs: given.proofs, version: given.next })
    .where('id', '=', given.id)
    .where('version', '=', given.version),
)

/** Gives it other proofs and a new token; false when it has changed or gone since it was read. */
export async function changeSignIn(
  trx: DatabaseTransaction,
  { id, version }: SignInRecord,
  { token, proofs }: { token: string; proofs: readonly Proof[] },
): Promise<boolean> {
  const kept = { tokenHash: hashToken(token), proofs: writeProofs(proofs), next: version + 1 }
  return (await change.changed(trx, { id, version, ...kept })) === 1
}

const removal = prepare((db, given: { id: string; version: number }) =>
  db.deleteFrom('sign_ins').where('id', '=', given.id).where('version', '=', given.version),
)

/** Ends the sign-ins in progress that came by an identity. */
export async function endSignInsOfIdentity(trx: DatabaseTransaction, identityId: string): Promise<void> {
  await trx.deleteFrom('sign_ins').where('identity_id', '=', identityId).execute()
}

/** Takes it away because it is finished; false when it has changed or gone since it was read. */
export async function removeSignIn(trx: DatabaseTransaction, { id, version }: SignInRecord): Promise<boolean> {
  return (await removal.changed(trx, { id, version })) === 1
}
