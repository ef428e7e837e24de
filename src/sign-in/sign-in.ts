// The sign-in machine: the only writer of sessions. A sign-in is a short-lived row that collects proofs and opens nothing.
// Every proof is recorded, and a finished sign-in turned into a session, in one transaction: the row goes (exactly one),
// what was single-use is spent, the session comes with its proofs, and the audit event is written, or none of it happens.

import { type Caller, record } from '../audit/record.ts'
import { changedRows, type DatabaseTransaction } from '../database/database.ts'
import { type Requirement, withFreshProof } from '../enforcement/requirement.ts'
import { assuranceOf } from '../factors/assurance.ts'
import { Refusal } from '../refusal.ts'
import { hashToken, newId, newToken } from '../secrets/tokens.ts'
import { type Proof, withProof, writeProofs } from '../sessions/proofs.ts'
import { beginSession, type NewSession, strengthenSession } from '../sessions/sessions.ts'
import { type Instant, isoTime, minutes } from '../time.ts'
import { type Account, readAccount, type SignInRecord } from './account.ts'
import { explain } from './explain.ts'
import { browserOwner, issueKnownBrowser } from './known-browsers.ts'
import type { Step } from './next-step.ts'
import type { SignInParts } from './parts.ts'
import { freshFor, requirementOf, type Standing, stepOf } from './standing.ts'

/** A sign-in lives long enough to find a phone, install an app and save ten codes. */
const signInLife = minutes(30)

/** Either the next step of a sign-in that goes on under a new token, or the session that it became. */
export type Progress =
  | { at: 'pending'; step: Step; purpose: SignInRecord['purpose']; token: string; expiresAt: Instant }
  | {
      at: 'done'
      purpose: SignInRecord['purpose']
      session: NewSession
      returnTo: string
      account: Account
      knownBrowser: string
    }

/** Begins a sign-in with its first proof, and what came along with it. The caller has checked the proofs and holds the transaction that spent them. */
export async function beginSignIn(
  trx: DatabaseTransaction,
  parts: SignInParts,
  {
    userId,
    proof,
    along = [],
    returnTo,
    caller,
    now,
  }: { userId: string; proof: Proof; along?: readonly Proof[]; returnTo: string; caller: Caller; now: Instant },
): Promise<Progress> {
  const signIn: SignInRecord = {
    id: newId(),
    userId,
    purpose: 'sign-in',
    sessionId: null,
    proofs: along,
    freshSince: null,
    returnTo,
    version: 1,
    expiresAt: now + signInLife,
  }
  await insertSignIn(trx, signIn, newToken(), now)
  return recordProof(trx, parts, { signIn, proof, caller, now })
}

/** Begins a step-up of a session: the same machine, with what the session has proved already and a fresher requirement. */
export async function beginStepUp(
  parts: SignInParts,
  standing: Standing,
  returnTo: string,
  caller: Caller,
): Promise<Progress> {
  const now = parts.clock()
  const token = newToken()
  const signIn: SignInRecord = {
    id: newId(),
    userId: standing.account.user.id,
    purpose: 'step-up',
    sessionId: standing.session.id,
    proofs: standing.session.proofs,
    freshSince: now - freshFor,
    returnTo,
    version: 1,
    expiresAt: now + signInLife,
  }
  await parts.db.transaction().execute(async (trx) => {
    await trx.deleteFrom('sign_ins').where('session_id', '=', standing.session.id).execute()
    await insertSignIn(trx, signIn, token, now)
    const userId = signIn.userId
    await record(trx, { name: 'step-up.begun', details: {} }, { now, caller, actor: userId, subject: userId })
  })
  return { at: 'pending', step: standing.sensitiveStep, purpose: 'step-up', token, expiresAt: signIn.expiresAt }
}

async function insertSignIn(
  trx: DatabaseTransaction,
  signIn: SignInRecord,
  token: string,
  now: Instant,
): Promise<void> {
  await trx
    .insertInto('sign_ins')
    .values({
      id: signIn.id,
      token_hash: hashToken(token),
      purpose: signIn.purpose,
      user_id: signIn.userId,
      session_id: signIn.sessionId,
      proofs: writeProofs(signIn.proofs),
      fresh_since: signIn.freshSince,
      return_to: signIn.returnTo,
      guesses: 0,
      version: signIn.version,
      created_at: now,
      expires_at: signIn.expiresAt,
    })
    .execute()
}

/**
 * Adds a proof (or none: something else has changed, such as saved recovery codes) to a sign-in, and finishes it when
 * nothing more is owed. Throws `sign-in-over` when the row has changed or gone since it was read.
 */
export async function recordProof(
  trx: DatabaseTransaction,
  parts: SignInParts,
  { signIn, proof, caller, now }: { signIn: SignInRecord; proof: Proof | null; caller: Caller; now: Instant },
): Promise<Progress> {
  const account = await readAccount(trx, signIn.userId, now)
  if (!account) throw new Refusal('sign-in-over')
  const proofs = proof === null ? signIn.proofs : withProof(signIn.proofs, proof)
  const required = await requirementOf(parts, trx, account)
  const requirement = signIn.freshSince === null ? required : withFreshProof(required, signIn.freshSince)
  const step = stepOf(account, proofs, requirement)
  if (step.at === 'refused') throw new Refusal('sign-in-over')
  if (isFinished(signIn.purpose, step))
    return finish(trx, parts, { signIn: { ...signIn, proofs }, account, requirement, proof, caller, now })

  const token = newToken()
  const updated = await trx
    .updateTable('sign_ins')
    .set({ token_hash: hashToken(token), proofs: writeProofs(proofs), version: signIn.version + 1 })
    .where('id', '=', signIn.id)
    .where('version', '=', signIn.version)
    .executeTakeFirst()
  if (changedRows(updated) !== 1) throw new Refusal('sign-in-over')
  return { at: 'pending', step, purpose: signIn.purpose, token, expiresAt: signIn.expiresAt }
}

/** Finishes a sign-in that has come to owe nothing because what was required has changed. Throws `sign-in-over` otherwise. */
export async function finishSignIn(
  parts: SignInParts,
  signIn: SignInRecord,
  caller: Caller,
): Promise<Extract<Progress, { at: 'done' }>> {
  return parts.db.transaction().execute(async (trx) => {
    const progress = await recordProof(trx, parts, { signIn, proof: null, caller, now: parts.clock() })
    if (progress.at !== 'done' || progress.purpose !== 'sign-in') throw new Refusal('sign-in-over')
    return progress
  })
}

/** A sign-in is finished when nothing is owed. A step-up only freshens proofs: what the session owes besides, it still owes. */
function isFinished(purpose: SignInRecord['purpose'], step: Step): boolean {
  if (step.at === 'done') return true
  return purpose === 'step-up' && (step.at === 'enrol' || step.at === 'recovery-codes')
}

async function finish(
  trx: DatabaseTransaction,
  parts: SignInParts,
  {
    signIn,
    account,
    requirement,
    proof,
    caller,
    now,
  }: {
    signIn: SignInRecord
    account: Account
    requirement: Requirement
    proof: Proof | null
    caller: Caller
    now: Instant
  },
): Promise<Progress> {
  const gone = await trx
    .deleteFrom('sign_ins')
    .where('id', '=', signIn.id)
    .where('version', '=', signIn.version)
    .executeTakeFirst()
  if (changedRows(gone) !== 1) throw new Refusal('sign-in-over')
  const userId = signIn.userId
  const about = { now, caller, actor: userId, subject: userId }
  const session =
    signIn.purpose === 'sign-in'
      ? await beginExplained(trx, parts, { signIn, account, requirement, caller, now })
      : await strengthenBy(trx, parts, { signIn, now })
  if (signIn.purpose === 'sign-in')
    await trx.updateTable('users').set({ last_sign_in_at: now }).where('id', '=', userId).execute()
  else await record(trx, { name: 'step-up.completed', details: { method: proof?.by ?? 'password' } }, about)
  const knownBrowser = issueKnownBrowser(parts.key, browserOwner(account.user), now)
  return { at: 'done', purpose: signIn.purpose, session, returnTo: signIn.returnTo, account, knownBrowser }
}

/** Begins the session of a finished sign-in, and says with it, and in its event, why it was asked for what it was asked. */
async function beginExplained(
  trx: DatabaseTransaction,
  parts: SignInParts,
  {
    signIn: { userId, proofs },
    account,
    requirement,
    caller,
    now,
  }: { signIn: SignInRecord; account: Account; requirement: Requirement; caller: Caller; now: Instant },
): Promise<NewSession> {
  const setUpMeanwhile = hasSetUpMeanwhile(account, proofs)
  const bySetUpLink = proofs.some(({ by }) => by === 'set-up-link')
  const explanation = explain({ enrolled: account.enrolled, requirement, setUpMeanwhile, bySetUpLink })
  const session = await beginSession(trx, { userId, proofs, explanation, limits: parts.limits, caller, now })
  const { acr, amr } = assuranceOf(proofs, account.enrolled)
  const { asked, because } = explanation
  const since = 'since' in explanation && explanation.since !== null ? explanation.since : null
  const kinds = proofs.map(({ by }) => by)
  const details = { acr, amr, proofs: kinds, asked, because, ...(since === null ? {} : { since: isoTime(since) }) }
  await record(trx, { name: 'sign-in.completed', details }, { now, caller, actor: userId, subject: userId })
  return session
}

/** Was the authenticator enrolled in this very sign-in? Then its proof is as old as itself. */
function hasSetUpMeanwhile({ enrolled }: Account, proofs: readonly Proof[]): boolean {
  const proof = proofs.find(({ by }) => by === 'totp')
  return proof?.by === 'totp' && enrolled.some(({ id, addedAt }) => id === proof.factor && addedAt === proof.at)
}

async function strengthenBy(
  trx: DatabaseTransaction,
  parts: SignInParts,
  { signIn: { sessionId, proofs }, now }: { signIn: SignInRecord; now: Instant },
): Promise<NewSession> {
  const session =
    sessionId === null ? null : await strengthenSession(trx, { id: sessionId, proofs, limits: parts.limits, now })
  if (!session) throw new Refusal('signed-out')
  return session
}

/** Gives a running session one more proof and a new token, because a factor was enrolled in it. */
export async function addProofToSession(
  trx: DatabaseTransaction,
  parts: SignInParts,
  { session, proof, now }: { session: Standing['session']; proof: Proof | null; now: Instant },
): Promise<NewSession> {
  const strengthened = await strengthenSession(trx, {
    id: session.id,
    proofs: proof === null ? session.proofs : withProof(session.proofs, proof),
    limits: parts.limits,
    now,
  })
  if (!strengthened) throw new Refusal('signed-out')
  return strengthened
}

/** Abandons a sign-in or step-up, as the person asked. */
export async function abandonSignIn(parts: SignInParts, id: string): Promise<void> {
  await parts.db.deleteFrom('sign_ins').where('id', '=', id).execute()
}

/** Ends every other sign-in in progress of a user, whose facts have just changed. */
export async function endOtherSignIns(trx: DatabaseTransaction, userId: string, keep: string | null): Promise<void> {
  let query = trx.deleteFrom('sign_ins').where('user_id', '=', userId)
  if (keep !== null) query = query.where('id', '!=', keep)
  await query.execute()
}

/** Ends every sign-in and step-up of everybody, and tells how many. */
export async function endAllSignIns(trx: DatabaseTransaction): Promise<number> {
  return changedRows(await trx.deleteFrom('sign_ins').executeTakeFirst())
}

/** Deletes sign-ins that have run out. */
export async function purgeSignIns(parts: SignInParts): Promise<void> {
  await parts.db.deleteFrom('sign_ins').where('expires_at', '<=', parts.clock()).execute()
}
