// What administrators do to identity providers. Each act asks for the permission and a fresh proof, and is one transaction with
// its event. Whatever takes a provider away ends the sessions that came by it in the same transaction.

import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import type { MfaStatement } from '../factors/factors.ts'
import { countIdentities } from '../identity-providers/identities.ts'
import type { Provider } from '../identity-providers/provider.ts'
import {
  changeProvider,
  createProvider,
  deleteProvider,
  disableProvider,
  enableProvider,
  moveProvider,
  type ProviderWording,
  readProvider,
} from '../identity-providers/providers.ts'
import { Refusal } from '../refusal.ts'
import { endSessionsOfProvider } from '../sessions/sessions.ts'
import { mustBePermitted } from './administer.ts'
import type { SignInParts } from './parts.ts'
import type { AnyStanding } from './standing.ts'

type By = { caller: Caller }
type Of = By & { providerId: string }

function begin(parts: SignInParts, standing: AnyStanding, caller: Caller) {
  mustBePermitted(standing, 'identity-providers.manage')
  return { now: parts.clock(), caller, actor: standing.account.user.id, subject: null }
}

async function mustFind(trx: DatabaseTransaction, id: string): Promise<Provider> {
  const provider = await readProvider(trx, id)
  if (!provider) throw new Refusal('not-found')
  return provider
}

/** Writes the statement about MFA in a line, for the audit log. */
function written(mfa: MfaStatement): string {
  if (mfa.is !== 'with-proof') return mfa.is
  return `with-proof amr: ${mfa.amr.join(' ') || '-'} acr: ${mfa.acr.join(' ') || '-'}`
}

/** Adds a provider, switched off, under the id that its addresses were shown with. Throws `conflict` when there is one of that id. */
export async function addIdentityProvider(
  parts: SignInParts,
  standing: AnyStanding,
  { id, wording, caller }: By & { id: string; wording: ProviderWording },
): Promise<void> {
  const about = begin(parts, standing, caller)
  const { name: providerName, mfa } = wording.decisions
  await parts.db.transaction().execute(async (trx) => {
    await createProvider(trx, parts.sealer, wording, about.now, id)
    const details = { provider: id, providerName, kind: wording.connection.kind, mfa: written(mfa) }
    await record(trx, { name: 'identity-provider.created', details }, about)
  })
}

/** What became of a provider that was changed. */
export interface ProviderChanged {
  untested: boolean
  switchedOff: boolean
  secretGone: boolean
}

/**
 * Changes a provider, as it stood in the version that the form was filled in from. Throws `conflict` when somebody else has
 * changed it since, and `not-found`.
 */
export async function changeIdentityProvider(
  parts: SignInParts,
  standing: AnyStanding,
  { providerId, version, wording, caller }: Of & { version: number; wording: ProviderWording },
): Promise<ProviderChanged> {
  const about = begin(parts, standing, caller)
  return parts.db.transaction().execute(async (trx) => {
    const was = await mustFind(trx, providerId)
    if (was.version !== version || was.kind !== wording.connection.kind) throw new Refusal('conflict')
    const changed = whatChanges(was, wording)
    if (changed.length === 0) return { untested: false, switchedOff: false, secretGone: false }
    const outcome = await changeProvider(trx, parts.sealer, was, wording, about.now)
    const sessions = outcome.switchedOff ? await endSessionsOfProvider(trx, providerId) : 0
    const { name: providerName, mfa } = wording.decisions
    const secret = outcome.secretGone ? 'removed' : wording.secret === 'keep' ? 'kept' : 'replaced'
    const { switchedOff } = outcome
    const details = {
      provider: providerId,
      providerName,
      changed,
      mfa: written(mfa),
      secret,
      switchedOff,
      sessions,
    } as const
    await record(trx, { name: 'identity-provider.changed', details }, about)
    return outcome
  })
}

/** Names what is different in the new wording. */
function whatChanges(was: Provider, { decisions, connection, secret }: ProviderWording): string[] {
  const before: Record<string, unknown> = { ...was, ...was.settings }
  const after: Record<string, unknown> = { ...decisions, ...connection.settings }
  const changed = Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  return secret === 'keep' ? changed : [...changed, 'secret']
}

/** Moves the button of a provider by one place; nothing happens at either end. Throws `not-found`. */
export async function moveIdentityProvider(
  parts: SignInParts,
  standing: AnyStanding,
  { providerId, direction, caller }: Of & { direction: 'up' | 'down' },
): Promise<void> {
  const about = begin(parts, standing, caller)
  await parts.db.transaction().execute(async (trx) => {
    const moved = await moveProvider(trx, providerId, direction)
    if (!moved) return
    const { name: providerName } = await mustFind(trx, providerId)
    const details = { provider: providerId, providerName, ...moved }
    await record(trx, { name: 'identity-provider.moved', details }, about)
  })
}

/** Switches a provider on. Throws `conflict` where it was not tested as it stands, or is on already, and `not-found`. */
export async function switchIdentityProviderOn(
  parts: SignInParts,
  standing: AnyStanding,
  { providerId, caller }: Of,
): Promise<void> {
  const about = begin(parts, standing, caller)
  await parts.db.transaction().execute(async (trx) => {
    const isDone = await enableProvider(trx, providerId, about.now)
    const { name: providerName, mfa } = await mustFind(trx, providerId)
    if (!isDone) throw new Refusal('conflict')
    const details = { provider: providerId, providerName, mfa: written(mfa) }
    await record(trx, { name: 'identity-provider.enabled', details }, about)
  })
}

/** Switches a provider off and ends the sessions that came by it. Throws `conflict` when it is off already, and `not-found`. */
export async function switchIdentityProviderOff(
  parts: SignInParts,
  standing: AnyStanding,
  { providerId, caller }: Of,
): Promise<void> {
  const about = begin(parts, standing, caller)
  await parts.db.transaction().execute(async (trx) => {
    const isDone = await disableProvider(trx, providerId, about.now)
    const { name: providerName } = await mustFind(trx, providerId)
    if (!isDone) throw new Refusal('conflict')
    const sessions = await endSessionsOfProvider(trx, providerId)
    const details = { provider: providerId, providerName, sessions }
    await record(trx, { name: 'identity-provider.disabled', details }, about)
  })
}

/** Deletes a provider with the identities there, and ends the sessions that came by it. Throws `not-found`. */
export async function removeIdentityProvider(
  parts: SignInParts,
  standing: AnyStanding,
  { providerId, caller }: Of,
): Promise<void> {
  const about = begin(parts, standing, caller)
  await parts.db.transaction().execute(async (trx) => {
    const { name: providerName } = await mustFind(trx, providerId)
    const sessions = await endSessionsOfProvider(trx, providerId)
    const identities = await countIdentities(trx, providerId)
    if (!(await deleteProvider(trx, providerId))) throw new Refusal('not-found')
    const details = { provider: providerId, providerName, sessions, identities }
    await record(trx, { name: 'identity-provider.deleted', details }, about)
  })
}
