// The sign-in machine: the only writer of sessions. A sign-in is a short-lived row that collects proofs and opens nothing.
// Every proof is recorded, and a finished sign-in turned into a session, in one transaction: the row goes (exactly one),
// what was single-use is spent, the session comes with its proofs, and the audit event is written, or none of it happens.

import { type Caller, record } from '../audit/record.ts'
import { changedRows, type DatabaseTransaction } from '../database/database.ts'
import { type Requirement, withFreshProof } from '../enforcement/requirement.ts'
import { assuranceOf } from '../factors/assurance.ts'
import { type Holdings, isLive, provesMfa } from '../factors/factors.ts'
import { Refusal } from '../refusal.ts'
import { newId, newToken } from '../secrets/tokens.ts'
import { type Proof, withProof } from '../sessions/proofs.ts'
import { beginSession, type CameBy, type NewSession, strengthenSession } from '../sessions/sessions.ts'
import { type Instant, isoTime, minutes } from '../time.ts'
import { noteSignIn } from '../users/users.ts'
import { type Account, readAccount, type SignInRecord } from './account.ts'
import { explain } from './explain.ts'
import { browserOwner, issueKnownBrowser } from './known-browsers.ts'
import type { Step } from './next-step.ts'
import type { SignInParts } from './parts.ts'
import { changeSignIn, insertSignIn, removeSignIn } from './rows.ts'
import { freshFor, readHoldings, requirementOf, type Standing, stepOf } from './standing.ts'

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
    cameBy = null,
    returnTo,
    caller,
    now,
  }: {
    userId: string
    proof: Proof
    along?: readonly Proof[]
    cameBy?: CameBy | null
    returnTo: string
    caller: Caller
    now: Instant
  },
): Promise<Progress> {
  const signIn: SignInRecord = {
    id: newId(),
    userId,
    purpose: 'sign-in',
    sessionId: null,
    proofs: along,
    freshSince: null,
    cameBy,
    returnTo,
    version: 1,
    expiresAt: now + signInLife,
  }
  const after = await proofsAfter(trx, parts, { signIn, proof, now })
  if (isFinished('sign-in', after.step)) return complete(trx, parts, { signIn, ...after, proof, caller, now })
  const token = newToken()
  await insertSignIn(trx, { ...signIn, proofs: after.proofs }, token, now)
  return { at: 'pending', step: after.step, purpose: 'sign-in', token, expiresAt: signIn.expiresAt }
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
    cameBy: null,
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

interface After {
  account: Account
  holdings: Holdings
  requirement: Requirement
  proofs: readonly Proof[]
  step: Step
}

/** Works out where a sign-in stands with one more proof, or with none. Throws `sign-in-over` for somebody who may not sign in. */
async function proofsAfter(
  trx: DatabaseTransaction,
  parts: SignInParts,
  { signIn, proof, now }: { signIn: SignInRecord; proof: Proof | null; now: Instant },
): Promise<After> {
  const account = await readAccount(trx, signIn.userId, now)
  if (!account) throw new Refusal('sign-in-over')
  const proofs = proof === null ? signIn.proofs : withProof(signIn.proofs, proof)
  const required = await requirementOf(parts, trx, account)
  const requirement = signIn.freshSince === null ? required : withFreshProof(required, signIn.freshSince)
  const holdings = await readHoldings(parts, trx, account)
  const step = stepOf(account, holdings, proofs, requirement)
  if (step.at === 'refused') throw new Refusal('sign-in-over')
  return { account, holdings, requirement, proofs, step }
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
  const after = await proofsAfter(trx, parts, { signIn, proof, now })
  if (isFinished(signIn.purpose, after.step)) {
    if (!(await removeSignIn(trx, signIn))) throw new Refusal('sign-in-over')
    return complete(trx, parts, { signIn, ...after, proof, caller, now })
  }
  const token = newToken()
  if (!(await changeSignIn(trx, signIn, { token, proofs: after.proofs }))) throw new Refusal('sign-in-over')
  return { at: 'pending', step: after.step, purpose: signIn.purpose, token, expiresAt: signIn.expiresAt }
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

/** What is worth a session becomes one. Its row, if it had any, has just been taken away by this very transaction. */
async function complete(
  trx: DatabaseTransaction,
  parts: SignInParts,
  about: After & { signIn: SignInRecord; proof: Proof | null; caller: Caller; now: Instant },
): Promise<Progress> {
  const { account, proof, caller, now } = about
  const signIn = { ...about.signIn, proofs: about.proofs }
  const { userId, purpose, returnTo } = signIn
  const session =
    purpose === 'sign-in'
      ? await beginExplained(trx, parts, { ...about, signIn })
      : await strengthenBy(trx, parts, { signIn, now })
  if (purpose === 'sign-in') await noteSignIn(trx, userId, now)
  else {
    const details = { method: proof?.by ?? ('password' as const) }
    await record(trx, { name: 'step-up.completed', details }, { now, caller, actor: userId, subject: userId })
  }
  const [newest] = await parts.keys.inUse(trx, now)
  const knownBrowser = issueKnownBrowser(newest, browserOwner(account.user), now)
  return { at: 'done', purpose, session, returnTo, account, knownBrowser }
}

/** Begins the session of a finished sign-in, and says with it, and in its event, why it was asked for what it was asked. */
async function beginExplained(
  trx: DatabaseTransaction,
  parts: SignInParts,
  {
    signIn: { userId, proofs, cameBy },
    account,
    holdings,
    requirement,
    caller,
    now,
  }: Omit<After, 'proofs' | 'step'> & { signIn: SignInRecord; caller: Caller; now: Instant },
): Promise<NewSession> {
  const setUpMeanwhile = hasSetUpMeanwhile(account, proofs)
  const bySetUpLink = proofs.some(({ by }) => by === 'set-up-link')
  const provedBy = mfaProvider(proofs, holdings)
  const explanation = explain({ enrolled: account.enrolled, requirement, setUpMeanwhile, bySetUpLink, provedBy })
  const session = await beginSession(trx, { userId, proofs, explanation, cameBy, limits: parts.limits, caller, now })
  const { acr, amr } = assuranceOf(proofs, holdings)
  const { asked, because } = explanation
  const since = 'since' in explanation && explanation.since !== null ? explanation.since : null
  const kinds = proofs.map(({ by }) => by)
  const details = { acr, amr, proofs: kinds, asked, because, ...(since === null ? {} : { since: isoTime(since) }) }
  await record(trx, { name: 'sign-in.completed', details }, { now, caller, actor: userId, subject: userId })
  return session
}

/** The name of the provider that proved MFA, if one did. */
function mfaProvider(proofs: readonly Proof[], holdings: Holdings): string | null {
  const proof = proofs.find((one) => one.by === 'identity-provider' && isLive(one, holdings))
  if (proof?.by !== 'identity-provider' || !provesMfa(proof, holdings.providers)) return null
  return holdings.providers.find(({ id }) => id === proof.provider)?.name ?? null
}

/** Was the authenticator enrolled in this very sign-in? Then its proof is as old as itself. */
function hasSetUpMeanwhile({ enrolled }: Account, proofs: readonly Proof[]): boolean {
  const proof = proofs.find(({ by }) => by === 'totp')
  return proof?.by === 'totp' && enrolled.some(({ id, addedAt }) => id === proof.factor && addedAt === proof.at)
}

async function strengthenBy(
  trx: DatabaseTransaction,
  parts: SignInParts,
  { signIn: { sessionId, proofs, cameBy }, now }: { signIn: SignInRecord; now: Instant },
): Promise<NewSession> {
  const session =
    sessionId === null
      ? null
      : await strengthenSession(trx, { id: sessionId, proofs, cameBy, limits: parts.limits, now })
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
    cameBy: null,
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
