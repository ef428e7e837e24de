// The policies, as rows. Every change raises one version number, which comes along with every session check: a process
// whose copy is older reads them anew before it decides, so a change holds from the next request on, in every process.
// An enforcement that was switched on must be confirmed; each write here is guarded by what it found, so that of several
// that come at once (confirm, switch off, revert) exactly one happens.

import { type Selectable, sql } from 'kysely'
import type { AuditEvent } from '../audit/events.ts'
import { type Circumstances, record } from '../audit/record.ts'
import type { Database, DatabaseTransaction } from '../database/database.ts'
import type { PoliciesTable } from '../database/tables.ts'
import { type Instant, isoTime } from '../time.ts'
import type { Policy } from './requirement.ts'

export interface Policies {
  /** Returns the policies as of this version or a later one. Throws when they cannot be read: no policies, no decision. */
  at(version: number, db: Database): Promise<readonly Policy[]>
}

/** Keeps one copy of the policies in memory. */
export function createPolicies(): Policies {
  let copy: { version: number; policies: readonly Policy[] } | null = null
  return {
    async at(version, db) {
      if (copy?.version === version) return copy.policies
      const policies = (await db.selectFrom('policies').selectAll().execute()).map(policyFrom)
      if (policies.length === 0) throw new Error('The policies are missing.')
      copy = { version, policies }
      return policies
    },
  }
}

function policyFrom(row: Selectable<PoliciesTable>): Policy {
  const { id, requires, changed_at, confirm_by, reverted_at } = row
  return { id, requires, since: changed_at, confirmBy: confirm_by, revertedAt: reverted_at }
}

export const everyone = 'everyone'

/** Reads the policy "Enforce MFA for all users" as it stands in the database. */
export async function readEveryonePolicy(db: Database): Promise<Policy> {
  return policyFrom(await db.selectFrom('policies').selectAll().where('id', '=', everyone).executeTakeFirstOrThrow())
}

type Change = Omit<Circumstances, 'subject'>

/**
 * Switches "Enforce MFA for all users". False when it stood like that already. Switched on, it lapses at `confirmBy` unless
 * it is confirmed; null for none of that. The caller has checked that the actor may.
 */
export async function setMfaEnforced(
  trx: DatabaseTransaction,
  enforced: boolean,
  about: Change,
  confirmBy: Instant | null = null,
): Promise<boolean> {
  const from = enforced ? 'nothing' : 'mfa'
  const to = enforced ? 'mfa' : 'nothing'
  const changed = await trx
    .updateTable('policies')
    .set({
      requires: to,
      changed_at: about.now,
      changed_by: about.actor,
      confirm_by: enforced ? confirmBy : null,
      reverted_at: null,
    })
    .where('id', '=', everyone)
    .where('requires', '=', from)
    .returning('id')
    .executeTakeFirst()
  if (!changed) return false
  await noteChange(trx, { name: 'policy.changed', details: { policy: everyone, from, to } }, about)
  return true
}

/**
 * Confirms an enforcement, by a session whose sign-in began at `signedInAt`. False when there is nothing (any more) to
 * confirm, or when that sign-in is not newer than the switch, which it must be to prove anything.
 */
export async function confirmMfaEnforced(
  trx: DatabaseTransaction,
  signedInAt: Instant,
  about: Change,
): Promise<boolean> {
  const confirmed = await trx
    .updateTable('policies')
    .set({ confirm_by: null })
    .where('id', '=', everyone)
    .where('requires', '=', 'mfa')
    .where('confirm_by', '>', about.now)
    .where('changed_at', '<', signedInAt)
    .returning('id')
    .executeTakeFirst()
  if (!confirmed) return false
  await noteChange(trx, { name: 'policy.confirmed', details: { policy: everyone } }, about)
  return true
}

/**
 * Writes down that an enforcement has lapsed, which it did by itself at its deadline. Gives who had switched it on; null
 * when there is nothing to write down, or when somebody else just did.
 */
export async function revertUnconfirmed(
  trx: DatabaseTransaction,
  now: Instant,
): Promise<{ switchedOnBy: string | null } | null> {
  const reverted = await trx
    .updateTable('policies')
    .set((e) => ({ requires: 'nothing', confirm_by: null, reverted_at: e.ref('confirm_by') }))
    .where('id', '=', everyone)
    .where('requires', '=', 'mfa')
    .where('confirm_by', '<=', now)
    .returning(['changed_by', 'reverted_at'])
    .executeTakeFirst()
  if (!reverted?.reverted_at) return null
  const heldUntil = isoTime(reverted.reverted_at)
  const about = { now, caller: null, actor: null }
  await noteChange(trx, { name: 'policy.reverted', details: { policy: everyone, heldUntil } }, about)
  return { switchedOnBy: reverted.changed_by }
}

/** Tells whether an enforcement has lapsed that nobody has written down: a cheap look before a transaction. */
export async function isRevertDue(db: Database, now: Instant): Promise<boolean> {
  return (await db.selectFrom('policies').select('id').where('confirm_by', '<=', now).executeTakeFirst()) !== undefined
}

async function noteChange(trx: DatabaseTransaction, event: AuditEvent, about: Change): Promise<void> {
  await trx
    .updateTable('installation')
    .set({ policy_version: sql<number>`policy_version + 1` })
    .where('id', '=', 1)
    .execute()
  await record(trx, event, { ...about, subject: null })
}
