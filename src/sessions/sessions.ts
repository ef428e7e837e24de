// Sessions as rows: begin, strengthen, touch, end. The token is opaque and kept as a hash; the row's id stays while the
// token is replaced. Only `sign-in/sign-in.ts` begins or strengthens one.

import type { Caller } from '../audit/record.ts'
import { changedRows, countUpTo, type Database, type DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
import type { SessionsTable } from '../database/tables.ts'
import { hashToken, newId, newToken } from '../secrets/tokens.ts'
import { type Duration, type Instant, minutes } from '../time.ts'
import { type Explanation, readExplanation, writeExplanation } from './explanation.ts'
import { type Proof, readProofs, writeProofs } from './proofs.ts'

/** How long a session lasts: since it was last used, and in all (NIST 800-63B-4 §2.2.3). */
export interface SessionLimits {
  idle: Duration
  overall: Duration
}

export interface NewSession {
  id: string
  token: string
  expiresAt: Instant
}

/** The identity that a sign-in or session came by, and what signing out at its provider asks for. */
export interface CameBy {
  identityId: string
  /** What the provider calls its own session. */
  providerSession: string | null
  sealedIdToken: string | null
}

const insertion = prepare((db, given: SessionsTable) =>
  db.insertInto('sessions').values({
    id: given.id,
    token_hash: given.token_hash,
    user_id: given.user_id,
    proofs: given.proofs,
    explanation: given.explanation,
    identity_id: given.identity_id,
    provider_session: given.provider_session,
    sealed_id_token: given.sealed_id_token,
    address: given.address,
    user_agent: given.user_agent,
    created_at: given.created_at,
    last_seen_at: given.last_seen_at,
    expires_at: given.expires_at,
  }),
)

/** Begins a session. The caller must have worked out, in the same transaction, that the proofs justify it. */
export async function beginSession(
  trx: DatabaseTransaction,
  {
    userId,
    proofs,
    explanation,
    cameBy,
    limits,
    caller,
    now,
  }: {
    userId: string
    proofs: readonly Proof[]
    explanation: Explanation
    cameBy: CameBy | null
    limits: SessionLimits
    caller: Caller
    now: Instant
  },
): Promise<NewSession> {
  const session = { id: newId(), token: newToken(), expiresAt: now + limits.overall }
  await insertion.changed(trx, {
    id: session.id,
    token_hash: hashToken(session.token),
    user_id: userId,
    proofs: writeProofs(proofs),
    explanation: writeExplanation(explanation),
    ...columnsOf(cameBy),
    address: caller.address,
    user_agent: caller.userAgent.slice(0, 300),
    created_at: now,
    last_seen_at: now,
    expires_at: session.expiresAt,
  })
  return session
}

function columnsOf(cameBy: CameBy | null) {
  return {
    identity_id: cameBy?.identityId ?? null,
    provider_session: cameBy?.providerSession ?? null,
    sealed_id_token: cameBy?.sealedIdToken ?? null,
  }
}

/**
 * Gives a session other proofs and a new token; the old token is dead from then on. Null when the session has ended,
 * by any rule: a step-up does not bring one back. `cameBy` is null where it came by what it came by before.
 */
export async function strengthenSession(
  trx: DatabaseTransaction,
  {
    id,
    proofs,
    cameBy,
    limits,
    now,
  }: { id: string; proofs: readonly Proof[]; cameBy: CameBy | null; limits: SessionLimits; now: Instant },
): Promise<NewSession | null> {
  const token = newToken()
  const row = await trx
    .updateTable('sessions')
    .set({
      token_hash: hashToken(token),
      proofs: writeProofs(proofs),
      last_seen_at: now,
      ...(cameBy === null ? {} : columnsOf(cameBy)),
    })
    .where('id', '=', id)
    .where('expires_at', '>', now)
    .where('last_seen_at', '>', now - limits.idle)
    .returning('expires_at')
    .executeTakeFirst()
  return row ? { id, token, expiresAt: row.expires_at } : null
}

const touchEvery = minutes(1)

/** Notes that the session was used; writes at most once a minute. */
export async function touchSession(
  db: Database,
  session: { id: string; lastSeenAt: Instant },
  now: Instant,
): Promise<void> {
  if (now - session.lastSeenAt < touchEvery) return
  await db
    .updateTable('sessions')
    .set({ last_seen_at: now })
    .where('id', '=', session.id)
    .where('last_seen_at', '<', now)
    .execute()
}

/** Ends one session; false when it had ended already. */
export async function endSession(trx: Database | DatabaseTransaction, id: string): Promise<boolean> {
  return changedRows(await trx.deleteFrom('sessions').where('id', '=', id).executeTakeFirst()) === 1
}

/** Ends one session of this user; false when they have no such session. */
export async function endSessionOf(trx: DatabaseTransaction, userId: string, id: string): Promise<boolean> {
  const ended = await trx.deleteFrom('sessions').where('id', '=', id).where('user_id', '=', userId).executeTakeFirst()
  return changedRows(ended) === 1
}

export interface ListedSession {
  id: string
  address: string
  userAgent: string
  proofs: readonly Proof[]
  /** Why its sign-in was asked for what it was asked; null for sessions older than explanations. */
  explanation: Explanation | null
  createdAt: Instant
  lastSeenAt: Instant
}

/** Lists the running sessions of a user, the one seen last first. */
export async function listSessions(
  db: Database,
  userId: string,
  limits: SessionLimits,
  now: Instant,
): Promise<ListedSession[]> {
  const rows = await db
    .selectFrom('sessions')
    .select(['id', 'address', 'user_agent', 'proofs', 'explanation', 'created_at', 'last_seen_at'])
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .where('last_seen_at', '>', now - limits.idle)
    .where('created_at', '>', now - limits.overall)
    .orderBy('last_seen_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    address: row.address,
    userAgent: row.user_agent,
    proofs: readProofs(row.proofs),
    explanation: readExplanation(row.explanation),
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
  }))
}

/** Ends all sessions of a user but one, and tells how many. Sign-ins and step-ups in progress are not sessions: see `sign-in/`. */
export async function endOtherSessions(trx: DatabaseTransaction, userId: string, keep: string | null): Promise<number> {
  let query = trx.deleteFrom('sessions').where('user_id', '=', userId)
  if (keep !== null) query = query.where('id', '!=', keep)
  return changedRows(await query.executeTakeFirst())
}

/** Ends every session that came by this identity, and tells how many; with what the provider calls its session, only that one. */
export async function endSessionsOfIdentity(
  trx: DatabaseTransaction,
  identityId: string,
  providerSession: string | null = null,
): Promise<number> {
  let query = trx.deleteFrom('sessions').where('identity_id', '=', identityId)
  if (providerSession !== null) query = query.where('provider_session', '=', providerSession)
  return changedRows(await query.executeTakeFirst())
}

/** Ends every session that came by this provider, and tells how many. */
export async function endSessionsOfProvider(trx: DatabaseTransaction, providerId: string): Promise<number> {
  const ended = await trx
    .deleteFrom('sessions')
    .where('identity_id', 'in', (e) => e.selectFrom('identities').select('id').where('provider_id', '=', providerId))
    .executeTakeFirst()
  return changedRows(ended)
}

/** Counts the sessions that came by this provider. */
export async function countSessionsOfProvider(db: Database, providerId: string): Promise<number> {
  const row = await db
    .selectFrom('sessions')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('identity_id', 'in', (e) => e.selectFrom('identities').select('id').where('provider_id', '=', providerId))
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

/** Reads what a session came by; null where it came by no provider. */
export async function readCameBy(db: Database, id: string): Promise<CameBy | null> {
  const row = await db
    .selectFrom('sessions')
    .select(['identity_id', 'provider_session', 'sealed_id_token'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row ? cameByFrom(row) : null
}

/** Makes it out of the columns of a row. */
export function cameByFrom(
  row: Pick<SessionsTable, 'identity_id' | 'provider_session' | 'sealed_id_token'>,
): CameBy | null {
  if (row.identity_id === null) return null
  return {
    identityId: row.identity_id,
    providerSession: row.provider_session,
    sealedIdToken: row.sealed_id_token,
  }
}

/** Ends every session of everybody, and tells how many. */
export async function endAllSessions(trx: DatabaseTransaction): Promise<number> {
  return changedRows(await trx.deleteFrom('sessions').executeTakeFirst())
}

/** Deletes what has ended by itself. Expiry is enforced when a session is used, not here. */
export async function purgeSessions(db: Database, limits: SessionLimits, now: Instant): Promise<void> {
  await db
    .deleteFrom('sessions')
    .where((where) => where.or([where('expires_at', '<=', now), where('last_seen_at', '<=', now - limits.idle)]))
    .execute()
}

/** Counts sessions that have not come to their end, up to `most`. Those that ran out unused count until they are purged. */
export function countSessions(db: Database, now: Instant, most: number): Promise<number> {
  return countUpTo(db, db.selectFrom('sessions').select('expires_at').where('expires_at', '>', now), most)
}
