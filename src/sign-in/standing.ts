// Where a running session stands: the same decision as for a sign-in, asked on every request. A session that has become
// subject to a requirement which its proofs do not meet is worth nothing but the way to meet it. The same decision is asked
// about a personal access token.

import { type AccessToken, touchAccessToken } from '../access-tokens/access-tokens.ts'
import { isTokenText } from '../access-tokens/token-text.ts'
import type { Database } from '../database/database.ts'
import { everyone } from '../enforcement/policies.ts'
import {
  type Enforcement,
  enforcementOf,
  type Requirement,
  requirementFor,
  withFreshProof,
} from '../enforcement/requirement.ts'
import type { Holdings, TrustedProvider } from '../factors/factors.ts'
import type { Proof } from '../sessions/proofs.ts'
import { touchSession } from '../sessions/sessions.ts'
import { minutes } from '../time.ts'
import {
  type Account,
  readAccessToken,
  readSession,
  readSignIn,
  type SessionRecord,
  type SignInRecord,
} from './account.ts'
import { nextStep, type Step } from './next-step.ts'
import type { SignInParts } from './parts.ts'

/** How recent the strongest proof must be for a sensitive act (design §6). */
export const freshFor = minutes(10)

/** A sign-in or step-up in progress, its user's account, and the step that is due: as read for this request. */
export interface PendingSignIn {
  signIn: SignInRecord
  account: Account
  step: Step
}

/** Where a running session stands. */
export interface Standing {
  via: 'session'
  session: SessionRecord
  account: Account
  requirement: Requirement
  /** How "Enforce MFA for all users" stands. */
  enforcement: Enforcement
  /** What the user has to prove themselves with, identity providers included. */
  holdings: Holdings
  /** What this session still owes; `done` when it may be used. */
  step: Step
  /** What it would owe for a sensitive act, which asks for a fresh proof. */
  sensitiveStep: Step
}

/** Where a personal access token stands. It has no sensitive step: what asks for a fresh proof is not for tokens. */
export interface TokenStanding {
  via: 'token'
  token: AccessToken
  account: Account
  requirement: Requirement
  /** What its owner still owes; `done` when the token may be used. */
  step: Step
}

/** Whoever acts: in person, or by a token. */
export type AnyStanding = Standing | TokenStanding

/** Finds the session behind a token and where it stands; null when there is none. One indexed read. */
export async function findStanding(parts: SignInParts, token: string): Promise<Standing | null> {
  const now = parts.clock()
  const found = await readSession(parts.db, token, { limits: parts.limits, now })
  if (!found) return null
  const { session, account } = found
  const policies = await parts.policies.at(account.policyVersion, parts.db)
  const requirement = requirementFor({ policies, mfaResetAt: account.user.mfaResetAt, now })
  const holdings = holdingsOf(account, await parts.providers.at(account.providerVersion, parts.db))
  const policy = policies.find(({ id }) => id === everyone)
  await touchSession(parts.db, session, now)
  return {
    via: 'session',
    session,
    account,
    requirement,
    enforcement: policy ? enforcementOf(policy, now) : { is: 'off' },
    holdings,
    step: stepOf(account, holdings, session.proofs, requirement),
    sensitiveStep: stepOf(account, holdings, session.proofs, withFreshProof(requirement, now - freshFor)),
  }
}

/** Finds the personal access token with this text and where it stands; null when there is none. One indexed read. */
export async function findTokenStanding(parts: SignInParts, text: string): Promise<TokenStanding | null> {
  if (!isTokenText(text)) return null
  const now = parts.clock()
  const found = await readAccessToken(parts.db, text, now)
  if (!found) return null
  const { token, account } = found
  const requirement = await requirementOf(parts, parts.db, account)
  const holdings = await readHoldings(parts, parts.db, account)
  await touchAccessToken(parts.db, token, now)
  const step = stepOf(account, holdings, proofsBehind(token, account, holdings), requirement)
  return { via: 'token', token, account, requirement, step }
}

/**
 * A token was made with a fresh proof of everything that the account had, and stands for its owner from then on: what the
 * decision is asked is whether the owner is active, and owes enrolment or recovery codes. An owner who has no password came
 * by a provider: what that takes care of, it takes care of here as well.
 */
function proofsBehind(
  { createdAt: at }: AccessToken,
  { user, enrolled }: Account,
  { identities, providers }: Holdings,
): readonly Proof[] {
  const factors = enrolled.map(({ kind, id }) => ({ by: kind, at, factor: id }))
  const caring = identities.find(({ providerId }) =>
    providers.some(({ id, mfa }) => id === providerId && mfa.is === 'takes-care'),
  )
  if (user.hasPassword || !caring) return [{ by: 'password', at }, ...factors]
  const { id: identity, providerId: provider } = caring
  return [{ by: 'identity-provider', at, identity, provider, acr: null, amr: [], authTime: null }, ...factors]
}

/** Gathers what an account has to prove itself with. */
export function holdingsOf({ enrolled, identities }: Account, providers: readonly TrustedProvider[]): Holdings {
  return { enrolled, identities, providers }
}

/** The same, with the providers as they stand now. */
export async function readHoldings(parts: SignInParts, db: Database, account: Account): Promise<Holdings> {
  return holdingsOf(account, await parts.providers.at(account.providerVersion, db))
}

/** Works out what is required of this account now. */
export async function requirementOf(parts: SignInParts, db: Database, account: Account): Promise<Requirement> {
  return requirementFor({
    policies: await parts.policies.at(account.policyVersion, db),
    mfaResetAt: account.user.mfaResetAt,
    now: parts.clock(),
  })
}

/** Asks the one decision about an account and a list of proofs. */
export function stepOf(account: Account, holdings: Holdings, proofs: readonly Proof[], requirement: Requirement): Step {
  return nextStep({
    ...holdings,
    proofs,
    recoveryCodes: account.recoveryCodes,
    user: account.user,
    requirement,
  })
}

/** Finds the sign-in or step-up behind a token and the step that is due; null when there is none. */
export async function findPendingSignIn(parts: SignInParts, token: string): Promise<PendingSignIn | null> {
  const found = await readSignIn(parts.db, token, parts.clock())
  if (!found) return null
  const { signIn, account } = found
  const requirement = await requirementOf(parts, parts.db, account)
  const asked = signIn.freshSince === null ? requirement : withFreshProof(requirement, signIn.freshSince)
  const holdings = await readHoldings(parts, parts.db, account)
  return { signIn, account, step: stepOf(account, holdings, signIn.proofs, asked) }
}
