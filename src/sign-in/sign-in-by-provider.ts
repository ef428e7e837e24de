// What a verified assertion of a provider is good for, whatever protocol it came by: signing in, with an account that is known,
// linked or created; and proving oneself anew. Accounts are found by identity (issuer and subject). An e-mail address finds one only where the
// administrator allows it, the provider says it is verified, and so do we. Each act is one transaction with its events.

import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { type Assertion, saidEmailKey } from '../identity-providers/assertion.ts'
import { findIdentity, linkIdentity, useIdentity } from '../identity-providers/identities.ts'
import { isAllowedDomain, type Provider } from '../identity-providers/provider.ts'
import type { ProviderProof } from '../sessions/proofs.ts'
import { idTokenBinding } from '../sessions/sealed-id-tokens.ts'
import type { CameBy } from '../sessions/sessions.ts'
import { type Instant, isoTime, seconds } from '../time.ts'
import { addMember, findGroup, removeMember } from '../users/groups.ts'
import { createUser, findUserId, isEmailVerified, noteEmailVerified } from '../users/users.ts'
import { readAccount } from './account.ts'
import type { SignInParts } from './parts.ts'
import { ProviderRefused } from './refused-by-rule.ts'
import { beginSignIn, type Progress, recordProof } from './sign-in.ts'
import type { PendingSignIn } from './standing.ts'

/** What came back from a provider, verified. */
export interface FromProvider {
  provider: Provider
  assertion: Assertion
  caller: Caller
}

/** Signs in, or begins to where more is owed. Throws `ProviderRefused`, and then nothing has happened. */
export async function signInByProvider(
  parts: SignInParts,
  { provider, assertion, caller, returnTo }: FromProvider & { returnTo: string },
): Promise<Progress> {
  const now = parts.clock()
  return parts.db.transaction().execute(async (trx) => {
    await mustBeOn(trx, parts, provider)
    mustBeAllowed(provider, assertion)
    const known = await findIdentity(trx, { providerId: provider.id, ...keyOf(assertion) })
    const { id, userId } = known ?? (await admit(trx, { provider, assertion, caller, now }))
    const used = await useIdentity(trx, { id, userId }, { email: assertion.email, now })
    const account = await readAccount(trx, userId, now)
    if (!used || !account?.user.active) throw new ProviderRefused('closed')
    await keepGroups(trx, { provider, assertion, caller, now }, userId)
    const about = { now, caller, actor: userId, subject: userId }
    await record(trx, { name: 'identity.used', details: detailsOf(provider, assertion, 'sign-in') }, about)
    return beginSignIn(trx, parts, {
      userId,
      proof: proofOf(provider, assertion, id, now),
      cameBy: await cameByOf(trx, parts, assertion, id),
      returnTo,
      caller,
      now,
    })
  })
}

/** How far the provider's clock may be behind ours when it says that somebody has just proved themselves. */
const clockTolerance = seconds(60)

/**
 * Strengthens a session by what its owner has just proved at the provider that they came by: the same identity, and since
 * they were sent there. Throws `ProviderRefused`.
 */
export async function stepUpByProvider(
  parts: SignInParts,
  { pending, provider, assertion, sentAt, caller }: FromProvider & { pending: PendingSignIn; sentAt: Instant },
): Promise<Progress> {
  const { signIn, step } = pending
  const now = parts.clock()
  if (!('offer' in step) || !(step.offer as readonly string[]).includes('identity-provider'))
    throw new ProviderRefused('over')
  return parts.db.transaction().execute(async (trx) => {
    await mustBeOn(trx, parts, provider)
    const known = await findIdentity(trx, { providerId: provider.id, ...keyOf(assertion) })
    const camesBy = signIn.proofs.some((proof) => proof.by === 'identity-provider' && proof.identity === known?.id)
    if (!known || known.userId !== signIn.userId || !camesBy) throw new ProviderRefused('other-identity')
    if (assertion.authTime === null || assertion.authTime < sentAt - clockTolerance)
      throw new ProviderRefused('not-fresh', assertion.authTime === null ? 'no auth_time' : 'an old auth_time')
    if (!(await useIdentity(trx, known, { email: assertion.email, now }))) throw new ProviderRefused('over')
    const about = { now, caller, actor: signIn.userId, subject: signIn.userId }
    await record(trx, { name: 'identity.used', details: detailsOf(provider, assertion, 'step-up') }, about)
    return recordProof(trx, parts, {
      signIn: { ...signIn, cameBy: await cameByOf(trx, parts, assertion, known.id) },
      proof: proofOf(provider, assertion, known.id, now),
      caller,
      now,
    })
  })
}

/** What the person was told about at the start may not hold any more: it is asked again in the transaction that relies on it. */
export async function mustBeOn(trx: DatabaseTransaction, parts: SignInParts, { id, version }: Provider): Promise<void> {
  const now = (await parts.providers.now(trx)).find((provider) => provider.id === id)
  if (now?.version !== version) throw new ProviderRefused('provider-off')
}

/** The key by which an identity is found. */
export function keyOf({ issuer, subject }: Assertion): { issuer: string; subject: string } {
  return { issuer, subject }
}

function mustBeAllowed(provider: Provider, assertion: Assertion): void {
  const key = saidEmailKey(assertion)
  if (provider.allowedDomains.length > 0 && (key === null || !isAllowedDomain(provider, key)))
    throw new ProviderRefused('wrong-domain')
}

type Admitting = FromProvider & { now: Instant }

/** Somebody whose identity nobody has yet: linked to an account, or given one, or turned away. */
async function admit(
  trx: DatabaseTransaction,
  { provider, assertion, caller, now }: Admitting,
): Promise<{ id: string; userId: string }> {
  const { email } = assertion
  const emailKey = saidEmailKey(assertion)
  if (email === null || emailKey === null) throw new ProviderRefused('no-email')
  const owner = await findUserId(trx, emailKey)
  const by = owner === null ? 'created' : 'verified-email'
  if (owner !== null) {
    const mayLink =
      provider.linking === 'verified-email' && assertion.emailVerified && (await isEmailVerified(trx, owner))
    if (!mayLink) throw new ProviderRefused('link-in-person')
  } else if (provider.admission !== 'create') throw new ProviderRefused('must-be-invited')
  const userId = owner ?? (await create(trx, { provider, assertion, caller, now }, email))
  const id = await linkIdentity(trx, { providerId: provider.id, ...keyOf(assertion) }, { userId, email, now })
  const about = { now, caller, actor: userId, subject: userId }
  const details = { identity: id, provider: provider.id, providerName: provider.name, by } as const
  await record(trx, { name: 'identity.linked', details }, about)
  return { id, userId }
}

async function create(
  trx: DatabaseTransaction,
  { provider, assertion: { name, emailVerified }, caller, now }: Admitting,
  email: string,
): Promise<string> {
  const about = { now, caller, actor: null }
  const user = { email, name, role: 'member' as const, passwordHash: null }
  const userId = await createUser(trx, user, 'identity-provider', about)
  if (emailVerified) await noteEmailVerified(trx, userId, now)
  for (const group of provider.defaultGroups)
    if ((await findGroup(trx, group)) && (await addMember(trx, group, userId)))
      await record(trx, { name: 'group.member-added', details: { group } }, { ...about, subject: userId })
  return userId
}

/** Groups that the mapping names follow what the provider says, at every sign-in; all others are left alone. */
async function keepGroups(
  trx: DatabaseTransaction,
  { provider, assertion, caller, now }: Admitting,
  userId: string,
): Promise<void> {
  const about = { now, caller, actor: null, subject: userId }
  for (const group of new Set(provider.groupMapping.map((mapped) => mapped.group))) {
    const belongs = provider.groupMapping.some(
      (mapped) => mapped.group === group && assertion.groups.includes(mapped.value),
    )
    if (!(await findGroup(trx, group))) continue
    if (belongs && (await addMember(trx, group, userId)))
      await record(trx, { name: 'group.member-added', details: { group } }, about)
    const leaves = !belongs && !provider.defaultGroups.includes(group)
    if (leaves && (await removeMember(trx, group, userId)))
      await record(trx, { name: 'group.member-removed', details: { group } }, about)
  }
}

function proofOf(provider: Provider, { acr, amr, authTime }: Assertion, identity: string, at: Instant): ProviderProof {
  return { by: 'identity-provider', at, identity, provider: provider.id, acr, amr, authTime }
}

async function cameByOf(
  trx: DatabaseTransaction,
  { sealer }: SignInParts,
  { sid, idToken }: Assertion,
  identityId: string,
): Promise<CameBy> {
  const sealed = idToken === null ? null : await sealer.seal(trx, Buffer.from(idToken), idTokenBinding(identityId))
  return { identityId, providerSession: sid, sealedIdToken: sealed }
}

function detailsOf(provider: Provider, { acr, amr, authTime }: Assertion, purpose: 'sign-in' | 'step-up') {
  const said = { acr, amr, authTime: authTime === null ? null : isoTime(authTime) }
  return { provider: provider.id, providerName: provider.name, purpose, ...said }
}
