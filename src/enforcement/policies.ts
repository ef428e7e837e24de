// The policies, as rows. Every change raises one version number, which comes along with every session check: a process
// whose copy is older reads them anew before it decides, so a change holds from the next request on, in every process.

import { sql } from 'kysely'
import { type Circumstances, record } from '../audit/record.ts'
import type { Database, DatabaseTransaction } from '../database/database.ts'
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
      const policies = await db.selectFrom('policies').select(['id', 'requires']).execute()
      if (policies.length === 0) throw new Error('The policies are missing.')
      copy = { version, policies }
      return policies
    },
  }
}

export const everyone = 'everyone'

/** Reads whether MFA is enforced for all users. */
export async function isMfaEnforced(db: Database): Promise<boolean> {
  const row = await db.selectFrom('policies').select('requires').where('id', '=', everyone).executeTakeFirstOrThrow()
  return row.requires !== 'nothing'
}

/** Switches "Enforce MFA for all users". False when it stood like that already. The caller has checked that the actor may. */
export async function setMfaEnforced(
  trx: DatabaseTransaction,
  enforced: boolean,
  about: Omit<Circumstances, 'subject'>,
): Promise<boolean> {
  const from = enforced ? 'nothing' : 'mfa'
  const to = enforced ? 'mfa' : 'nothing'
  const changed = await trx
    .updateTable('policies')
    .set({ requires: to, changed_at: about.now, changed_by: about.actor })
    .where('id', '=', everyone)
    .where('requires', '=', from)
    .returning('id')
    .executeTakeFirst()
  if (!changed) return false
  await trx
    .updateTable('installation')
    .set({ policy_version: sql<number>`policy_version + 1` })
    .where('id', '=', 1)
    .execute()
  await record(trx, { name: 'policy.changed', details: { policy: everyone, from, to } }, { ...about, subject: null })
  return true
}
