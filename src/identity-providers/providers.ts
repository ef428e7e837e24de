// Identity providers as rows. Every change raises one version number, which comes along with every session check: a process
// whose copy is older reads them anew before it decides, so a provider that is switched off, or of which something else is
// said about MFA, is judged so from the next request on, in every process. The acts that call this check who may, write the
// audit event, and end the sessions that came by a provider which is no more.

import { type Selectable, sql } from 'kysely'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
import type { IdentityProvidersTable } from '../database/tables.ts'
import { isTaken } from '../database/unique.ts'
import { Refusal } from '../refusal.ts'
import type { Sealer } from '../secrets/sealing.ts'
import { newId } from '../secrets/tokens.ts'
import type { Instant } from '../time.ts'
import { type Connection, type Decisions, decisions, endpointsOf, type Provider, parseConnection } from './provider.ts'

export interface Providers {
  /** Those that are switched on, in the order of their buttons, as of this version or a later one. Throws when they cannot be read. */
  at(version: number, db: Database): Promise<readonly Provider[]>
  /** The same as they stand now: one short read more. */
  now(db: Database): Promise<readonly Provider[]>
}

const versionNow = prepare((db) => db.selectFrom('installation').select('provider_version').where('id', '=', 1))

/** Keeps one copy of the providers that are switched on in memory. */
export function createProviders(): Providers {
  let copy: { version: number; providers: readonly Provider[] } | null = null
  async function at(version: number, db: Database): Promise<readonly Provider[]> {
    if (copy?.version === version) return copy.providers
    const providers = (await readRows(db)).flatMap((row) => (row.enabled_at === null ? [] : (readable(row) ?? [])))
    copy = { version, providers }
    return providers
  }
  return {
    at,
    now: async (db) => at(Number((await versionNow.first(db, {}))?.provider_version), db),
  }
}

type Row = Selectable<IdentityProvidersTable>

function readRows(db: Database): Promise<Row[]> {
  return db.selectFrom('identity_providers').selectAll().orderBy('position').orderBy('id').execute()
}

function providerFrom(row: Row): Provider {
  return {
    ...decisions.parse({
      name: row.name,
      icon: row.icon,
      mfa: JSON.parse(row.assurance),
      allowedDomains: JSON.parse(row.allowed_domains),
      linking: row.linking,
      admission: row.admission,
      defaultGroups: JSON.parse(row.default_groups),
      claims: JSON.parse(row.claims),
      groupMapping: JSON.parse(row.group_mapping),
    }),
    ...parseConnection(row.kind, JSON.parse(row.settings)),
    id: row.id,
    position: row.position,
    enabledAt: row.enabled_at,
    testedAt: row.tested_at,
    hasSecret: row.sealed_secret !== null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  }
}

/** A provider that cannot be read is as good as switched off: it must not take everybody's sessions with it. */
function readable(row: Row): Provider | null {
  try {
    return providerFrom(row)
  } catch {
    return null
  }
}

/** Reads every provider, switched on or not, in the order of their buttons: for administrators. */
export async function readProviders(db: Database): Promise<Provider[]> {
  return (await readRows(db)).map(providerFrom)
}

/** Reads one provider; null when there is none of that id. */
export async function readProvider(db: Database, id: string): Promise<Provider | null> {
  const row = await db.selectFrom('identity_providers').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? providerFrom(row) : null
}

/** Names what a sealed secret is bound to. */
export function secretBinding(id: string): string {
  return `identity-provider:${id}`
}

/** Reads the client secret or private key, for the protocol and nothing else; null when there is none. */
export async function readProviderSecret(db: Database, sealer: Sealer, id: string): Promise<string | null> {
  const row = await db.selectFrom('identity_providers').select('sealed_secret').where('id', '=', id).executeTakeFirst()
  return row?.sealed_secret ? (await sealer.open(db, row.sealed_secret, secretBinding(id))).toString('utf8') : null
}

export interface ProviderWording {
  decisions: Decisions
  connection: Connection
  /** Write-only: the client secret or private key; `keep` leaves it, unless the endpoints change, which always takes it away. */
  secret: string | 'keep' | null
}

function columnsOf({ decisions: decided, connection }: ProviderWording) {
  return {
    kind: connection.kind,
    name: decided.name,
    icon: decided.icon,
    settings: JSON.stringify(connection.settings),
    assurance: JSON.stringify(decided.mfa),
    allowed_domains: JSON.stringify(decided.allowedDomains),
    linking: decided.linking,
    admission: decided.admission,
    default_groups: JSON.stringify(decided.defaultGroups),
    claims: JSON.stringify(decided.claims),
    group_mapping: JSON.stringify(decided.groupMapping),
  }
}

/**
 * Creates a provider, switched off and untested, behind the others. Gives its id, which may be given: its address here is
 * entered at the provider before the provider can be entered here. Throws `conflict` when there is one of that id.
 */
export async function createProvider(
  trx: DatabaseTransaction,
  sealer: Sealer,
  wording: ProviderWording,
  now: Instant,
  id: string = newId(),
): Promise<string> {
  const last = await trx
    .selectFrom('identity_providers')
    .select((e) => e.fn.max('position').as('position'))
    .executeTakeFirst()
  const secret = wording.secret === null || wording.secret === 'keep' ? null : wording.secret
  await trx
    .insertInto('identity_providers')
    .values({
      id,
      ...columnsOf(wording),
      position: Number(last?.position ?? 0) + 1,
      sealed_secret: secret === null ? null : await sealer.seal(trx, Buffer.from(secret), secretBinding(id)),
      enabled_at: null,
      tested_at: null,
      created_at: now,
      updated_at: now,
      version: 1,
    })
    .execute()
    .catch((cause: unknown) => {
      throw isTaken(cause) ? new Refusal('conflict', { cause }) : cause
    })
  await raiseVersion(trx)
  return id
}

/**
 * Gives a provider other words. With other settings it counts as untested; with other endpoints it is switched off too, and
 * its secret is gone unless a new one comes along: nothing is ever sent where it was not meant to go. Throws `not-found`, or
 * `conflict` when it changed since it was read. Tells what became of it.
 */
export async function changeProvider(
  trx: DatabaseTransaction,
  sealer: Sealer,
  was: Provider,
  wording: ProviderWording,
  now: Instant,
): Promise<{ untested: boolean; switchedOff: boolean; secretGone: boolean }> {
  const moved = endpointsOf(was) !== endpointsOf(wording.connection)
  const untested =
    moved || wording.secret !== 'keep' || JSON.stringify(was.settings) !== JSON.stringify(wording.connection.settings)
  const secret = wording.secret === 'keep' ? (moved ? null : 'keep') : wording.secret
  const sealed =
    secret === 'keep' || secret === null ? secret : await sealer.seal(trx, Buffer.from(secret), secretBinding(was.id))
  const changed = await trx
    .updateTable('identity_providers')
    .set({
      ...columnsOf(wording),
      ...(sealed === 'keep' ? {} : { sealed_secret: sealed }),
      ...(untested ? { tested_at: null } : {}),
      ...(moved ? { enabled_at: null } : {}),
      updated_at: now,
      version: was.version + 1,
    })
    .where('id', '=', was.id)
    .where('version', '=', was.version)
    .executeTakeFirst()
  if (changedRows(changed) !== 1) throw new Refusal((await readProvider(trx, was.id)) ? 'conflict' : 'not-found')
  await raiseVersion(trx)
  return {
    untested: untested && was.testedAt !== null,
    switchedOff: moved && was.enabledAt !== null,
    secretGone: was.hasSecret && sealed === null,
  }
}

/** Notes that a test went well with the provider as it was read; false when it changed meanwhile. */
export async function markProviderTested(
  trx: DatabaseTransaction,
  { id, version }: Pick<Provider, 'id' | 'version'>,
  now: Instant,
): Promise<boolean> {
  const marked = await trx
    .updateTable('identity_providers')
    .set({ tested_at: now })
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst()
  if (changedRows(marked) === 1) await raiseVersion(trx)
  return changedRows(marked) === 1
}

/** Switches a provider on, if it was tested as it stands. False when it was not, or is on already. */
export async function enableProvider(trx: DatabaseTransaction, id: string, now: Instant): Promise<boolean> {
  const enabled = await trx
    .updateTable('identity_providers')
    .set({ enabled_at: now, updated_at: now, version: sql<number>`version + 1` })
    .where('id', '=', id)
    .where('enabled_at', 'is', null)
    .where('tested_at', 'is not', null)
    .executeTakeFirst()
  if (changedRows(enabled) === 1) await raiseVersion(trx)
  return changedRows(enabled) === 1
}

/** Switches a provider off. False when it is off already. The caller ends what came by it. */
export async function disableProvider(trx: DatabaseTransaction, id: string, now: Instant): Promise<boolean> {
  const disabled = await trx
    .updateTable('identity_providers')
    .set({ enabled_at: null, updated_at: now, version: sql<number>`version + 1` })
    .where('id', '=', id)
    .where('enabled_at', 'is not', null)
    .executeTakeFirst()
  if (changedRows(disabled) === 1) await raiseVersion(trx)
  return changedRows(disabled) === 1
}

/** Deletes a provider with its identities. False when there is none. The caller ends what came by it first. */
export async function deleteProvider(trx: DatabaseTransaction, id: string): Promise<boolean> {
  const deleted = changedRows(await trx.deleteFrom('identity_providers').where('id', '=', id).executeTakeFirst()) === 1
  if (deleted) await raiseVersion(trx)
  return deleted
}

/**
 * Moves a provider's button one place up or down, and tells from which place to which, counted from 1; null when it is there
 * already. Throws `not-found`. The version is raised first, so that of two moves at once one waits for the other.
 */
export async function moveProvider(
  trx: DatabaseTransaction,
  id: string,
  direction: 'up' | 'down',
): Promise<{ from: number; to: number } | null> {
  await raiseVersion(trx)
  const ids = (await readRows(trx)).map((row) => row.id)
  const from = ids.indexOf(id)
  if (from === -1) throw new Refusal('not-found')
  const to = direction === 'up' ? from - 1 : from + 1
  if (to < 0 || to >= ids.length) return null
  ids.splice(from, 1)
  ids.splice(to, 0, id)
  await orderProviders(trx, ids)
  return { from: from + 1, to: to + 1 }
}

/** Puts the buttons into this order; those that are not named keep theirs, behind them. */
export async function orderProviders(trx: DatabaseTransaction, ids: readonly string[]): Promise<void> {
  const others = (await readRows(trx)).map(({ id }) => id).filter((id) => !ids.includes(id))
  for (const [index, id] of [...ids, ...others].entries())
    await trx
      .updateTable('identity_providers')
      .set({ position: index + 1 })
      .where('id', '=', id)
      .execute()
  await raiseVersion(trx)
}

async function raiseVersion(trx: DatabaseTransaction): Promise<void> {
  await trx
    .updateTable('installation')
    .set({ provider_version: sql<number>`provider_version + 1` })
    .where('id', '=', 1)
    .execute()
}
