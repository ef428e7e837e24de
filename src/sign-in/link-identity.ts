// Identities of one's own: linking one in a session that has just been proved, and unlinking one, as long as another way in
// remains. What came by an identity ends with it, in the same transaction.

import { type Caller, record } from '../audit/record.ts'
import { type Identity, linkIdentity, listIdentities, unlinkIdentity } from '../identity-providers/identities.ts'
import { Refusal } from '../refusal.ts'
import { endSessionsOfIdentity } from '../sessions/sessions.ts'
import { readAccount } from './account.ts'
import type { SignInParts } from './parts.ts'
import { mustBeFresh } from './protect.ts'
import { ProviderRefused } from './refused-by-rule.ts'
import { endSignInsOfIdentity } from './rows.ts'
import { type FromProvider, keyOf, mustBeOn } from './sign-in-by-provider.ts'
import type { Standing } from './standing.ts'

/** Links the identity that came back to whoever is signed in. Throws `ProviderRefused` when it is somebody's already. */
export async function linkOwnIdentity(
  parts: SignInParts,
  { standing, provider, assertion, caller }: FromProvider & { standing: Standing },
): Promise<void> {
  mustBeFresh(standing)
  const now = parts.clock()
  const userId = standing.account.user.id
  await parts.db.transaction().execute(async (trx) => {
    await mustBeOn(trx, parts, provider)
    const key = { providerId: provider.id, ...keyOf(assertion) }
    const id = await linkIdentity(trx, key, { userId, email: assertion.email, now }).catch((error: unknown) => {
      throw error instanceof Refusal && error.code === 'conflict' ? new ProviderRefused('taken') : error
    })
    const details = { identity: id, provider: provider.id, providerName: provider.name, by: 'in-person' as const }
    await record(trx, { name: 'identity.linked', details }, { now, caller, actor: userId, subject: userId })
    const notice = { about: 'identity-linked' as const, name: provider.name }
    await parts.notify(trx, notice, { account: standing.account, caller, now })
  })
}

/** One's own identity, and what the pages say of it. */
export interface OwnIdentity extends Identity {
  providerName: string
  /** False where there would be no way in without it. */
  mayBeUnlinked: boolean
}

/** Lists the identities of whoever is signed in. */
export async function listOwnIdentities(parts: SignInParts, { account }: Standing): Promise<OwnIdentity[]> {
  const providers = await parts.providers.now(parts.db)
  const identities = await listIdentities(parts.db, account.user.id)
  const usable = identities.filter(({ providerId }) => providers.some(({ id }) => id === providerId))
  return identities.map((identity) => ({
    ...identity,
    providerName: providers.find(({ id }) => id === identity.providerId)?.name ?? identity.issuer,
    mayBeUnlinked: account.user.hasPassword || usable.some(({ id }) => id !== identity.id),
  }))
}

/** Unlinks one. Tells whether the session that asked has ended with it. Throws `not-found`, or `conflict` for the last way in. */
export async function unlinkOwnIdentity(
  parts: SignInParts,
  standing: Standing,
  { identityId, caller }: { identityId: string; caller: Caller },
): Promise<{ endedOwn: boolean }> {
  mustBeFresh(standing)
  const now = parts.clock()
  const { id: userId } = standing.account.user
  return parts.db.transaction().execute(async (trx) => {
    const was = (await listIdentities(trx, userId)).find(({ id }) => id === identityId)
    // The row goes first: whoever is just using it has done so, or finds it gone.
    if (!was || !(await unlinkIdentity(trx, userId, identityId))) throw new Refusal('not-found')
    const account = await readAccount(trx, userId, now)
    const on = await parts.providers.now(trx)
    const remains = account?.identities.some(({ providerId }) => on.some(({ id }) => id === providerId))
    if (!account?.user.hasPassword && !remains) throw new Refusal('conflict')
    await endSignInsOfIdentity(trx, identityId)
    const count = await endSessionsOfIdentity(trx, identityId)
    const about = { now, caller, actor: userId, subject: userId }
    const details = { identity: identityId, provider: was.providerId }
    await record(trx, { name: 'identity.unlinked', details }, about)
    if (count > 0)
      await record(trx, { name: 'sessions.ended', details: { count, because: 'identity-unlinked' } }, about)
    const notice = {
      about: 'identity-unlinked' as const,
      name: on.find(({ id }) => id === was.providerId)?.name ?? was.issuer,
    }
    await parts.notify(trx, notice, { account: standing.account, caller, now })
    const cameByIt = standing.session.proofs.some(
      (proof) => proof.by === 'identity-provider' && proof.identity === identityId,
    )
    return { endedOwn: cameByIt }
  })
}
