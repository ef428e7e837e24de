// Personal access tokens as rows: create, list, touch, revoke. The text is shown once and kept as SHA-256, which is enough
// for 256 random bits. A token is judged when it is used (expiry, owner, scopes): nothing waits for a sweeper.

import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { hashToken, newId } from '../secrets/tokens.ts'
import { type Duration, days, type Instant, minutes } from '../time.ts'
import { isScope, type Scope } from './scopes.ts'
import { newTokenText } from './token-text.ts'

/** No token lives longer. */
export const longestTokenLife = days(365)
/** How long a token lives if its owner chooses nothing else. */
export const usualTokenLife = days(90)
/** More than anybody keeps apart; a program that runs wild stops here. */
export const mostTokens = 100

export interface NewAccessToken {
  id: string
  /** The token itself: hand it over once. */
  token: string
  expiresAt: Instant
}

export interface AccessToken {
  id: string
  userId: string
  name: string
  scopes: readonly Scope[]
  createdAt: Instant
  expiresAt: Instant
  lastUsedAt: Instant | null
}

/** Makes a token. The caller has judged who asks, and what for. */
export async function addAccessToken(
  trx: DatabaseTransaction,
  token: { userId: string; name: string; scopes: readonly Scope[]; life: Duration; now: Instant },
): Promise<NewAccessToken> {
  const made = { id: newId(), token: newTokenText(), expiresAt: token.now + Math.min(token.life, longestTokenLife) }
  await trx
    .insertInto('personal_access_tokens')
    .values({
      id: made.id,
      user_id: token.userId,
      name: token.name,
      token_hash: hashToken(made.token),
      scopes: JSON.stringify(token.scopes),
      created_at: token.now,
      expires_at: made.expiresAt,
    })
    .execute()
  return made
}

/** Reads the scopes of a row. One that this version does not know grants nothing. */
export function readScopes(text: string): readonly Scope[] {
  const value: unknown = JSON.parse(text)
  return Array.isArray(value) ? value.filter((scope) => typeof scope === 'string').filter(isScope) : []
}

/** Lists a user's tokens, the newest first, expired ones included until they are purged. */
export async function listAccessTokens(db: Database, userId: string): Promise<AccessToken[]> {
  const rows = await db
    .selectFrom('personal_access_tokens')
    .select(['id', 'user_id', 'name', 'scopes', 'created_at', 'expires_at', 'last_used_at'])
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    name: row.name,
    scopes: readScopes(row.scopes),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  }))
}

const touchEvery = minutes(1)

/** Notes that a token was used; writes at most once a minute. */
export async function touchAccessToken(
  db: Database,
  token: { id: string; lastUsedAt: Instant | null },
  now: Instant,
): Promise<void> {
  if (token.lastUsedAt !== null && now - token.lastUsedAt < touchEvery) return
  await db.updateTable('personal_access_tokens').set({ last_used_at: now }).where('id', '=', token.id).execute()
}

/** Deletes one of a user's tokens and tells its name; null when that user has no such token. */
export async function removeAccessToken(trx: DatabaseTransaction, userId: string, id: string): Promise<string | null> {
  const row = await trx
    .deleteFrom('personal_access_tokens')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning('name')
    .executeTakeFirst()
  return row?.name ?? null
}

/** Deletes all tokens of a user, and tells how many there were. */
export async function removeAccessTokens(trx: DatabaseTransaction, userId: string): Promise<number> {
  return changedRows(await trx.deleteFrom('personal_access_tokens').where('user_id', '=', userId).executeTakeFirst())
}

/** Deletes all tokens of everybody, and tells how many there were. */
export async function removeAllAccessTokens(trx: DatabaseTransaction): Promise<number> {
  return changedRows(await trx.deleteFrom('personal_access_tokens').executeTakeFirst())
}

/** How long an expired token stays in its owner's list, so that they see why something stopped working. */
const keptAfterExpiry = days(30)

/** Deletes what expired long ago. */
export async function purgeAccessTokens(db: Database, now: Instant): Promise<void> {
  await db
    .deleteFrom('personal_access_tokens')
    .where('expires_at', '<=', now - keptAfterExpiry)
    .execute()
}
