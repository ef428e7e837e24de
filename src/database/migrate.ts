// Brings the schema up to date. Forward only, one file each, in order, under Kysely's lock, so that several processes
// may start at once. Every migration is listed here by hand: a bundle has no folder to read.

import { type Migration, Migrator } from 'kysely/migration'
import type { Database } from './database.ts'
import * as foundation from './migrations/001-foundation.ts'
import * as accounts from './migrations/002-accounts.ts'
import * as auditChain from './migrations/003-audit-chain.ts'
import * as enforcingSafely from './migrations/004-enforcing-safely.ts'
import * as administration from './migrations/005-administration.ts'
import * as accountLife from './migrations/006-account-life.ts'

const migrations: Record<string, Migration> = {
  '001-foundation': foundation,
  '002-accounts': accounts,
  '003-audit-chain': auditChain,
  '004-enforcing-safely': enforcingSafely,
  '005-administration': administration,
  '006-account-life': accountLife,
}

/** Runs what has not run yet; throws with the migration's name when one fails, and leaves that one undone. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error, results } = await migrator.migrateToLatest()
  if (!error) return
  const failed = results?.find((result) => result.status === 'Error')
  throw new Error(
    `The database could not be brought up to date${failed ? ` (migration ${failed.migrationName})` : ''}.`,
    { cause: error },
  )
}
