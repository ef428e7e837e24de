// Making and revoking personal access tokens. A token is made in person, with a fresh proof, for scopes that its owner's
// role grants now: one that waits for a promotion is not to be had. Each act is one transaction with its event and its
// mail. None of them is for tokens, so no token makes, sees or widens one.

import {
  addAccessToken,
  listAccessTokens,
  mostTokens,
  type NewAccessToken,
  removeAccessToken,
} from '../access-tokens/access-tokens.ts'
import { type Scope, scopesFor } from '../access-tokens/scopes.ts'
import { type Caller, record } from '../audit/record.ts'
import { Refusal } from '../refusal.ts'
import { type Duration, isoTime } from '../time.ts'
import { readAccount } from './account.ts'
import { actOnUser, mustNotBeOneself } from './manage-users.ts'
import type { SignInParts } from './parts.ts'
import { mustBeFresh } from './protect.ts'
import type { Standing } from './standing.ts'

export interface AccessTokenWish {
  name: string
  scopes: readonly Scope[]
  life: Duration
}

/** Makes a token for the session's own user, to be shown once. Throws `not-allowed` for a scope that their role does not grant. */
export async function createOwnAccessToken(
  parts: SignInParts,
  standing: Standing,
  { name, scopes, life }: AccessTokenWish,
  caller: Caller,
): Promise<NewAccessToken> {
  mustBeFresh(standing)
  const { account } = standing
  const { id: userId, role } = account.user
  if (!scopes.every((scope) => scopesFor(role).includes(scope))) throw new Refusal('not-allowed')
  const now = parts.clock()
  return parts.db.transaction().execute(async (trx) => {
    if ((await listAccessTokens(trx, userId)).length >= mostTokens) throw new Refusal('conflict')
    const made = await addAccessToken(trx, { userId, name, scopes: [...new Set(scopes)], life, now })
    const expiresAt = isoTime(made.expiresAt)
    await record(
      trx,
      { name: 'access-token.created', details: { token: made.id, scopes, expiresAt } },
      { now, caller, actor: userId, subject: userId },
    )
    await parts.notify(trx, { about: 'access-token-created', name }, { account, caller, now })
    return made
  })
}

/** Revokes a token of the session's own user, at once. Asks for no fresh proof: it only takes power away. */
export async function revokeOwnAccessToken(
  parts: SignInParts,
  { account }: Standing,
  id: string,
  caller: Caller,
): Promise<void> {
  const userId = account.user.id
  const now = parts.clock()
  await parts.db.transaction().execute(async (trx) => {
    const name = await removeAccessToken(trx, userId, id)
    if (name === null) throw new Refusal('not-found')
    const about = { now, caller, actor: userId, subject: userId }
    await record(trx, { name: 'access-token.revoked', details: { token: id } }, about)
    await parts.notify(trx, { about: 'access-token-revoked', name }, { account, caller, now })
  })
}

/** Revokes somebody else's token. They are told by mail. */
export async function revokeAccessTokenOf(
  parts: SignInParts,
  standing: Standing,
  { userId, tokenId, caller }: { userId: string; tokenId: string; caller: Caller },
): Promise<void> {
  mustNotBeOneself(standing, userId)
  await actOnUser(parts, standing, { permission: 'users.manage', userId, caller }, async (trx, _user, about) => {
    const name = await removeAccessToken(trx, userId, tokenId)
    if (name === null) throw new Refusal('not-found')
    await record(trx, { name: 'access-token.revoked', details: { token: tokenId } }, { ...about, subject: userId })
    const account = await readAccount(trx, userId, about.now)
    if (account)
      await parts.notify(trx, { about: 'access-token-revoked', name }, { account, caller: null, now: about.now })
  })
}
