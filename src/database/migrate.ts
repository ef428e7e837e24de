// Brings the schema up to date. Forward only, one file each, in order, in one transaction under a lock, so that several
// processes may start at once. Every migration is listed here by hand: a bundle has no folder to read.

import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { type Database, type DatabaseTransaction, hasTable } from './database.ts'
import * as foundation from './migrations/001-foundation.ts'
import * as accounts from './migrations/002-accounts.ts'
import * as auditChain from './migrations/003-audit-chain.ts'
import * as enforcingSafely from './migrations/004-enforcing-safely.ts'
import * as administration from './migrations/005-administration.ts'
import * as accountLife from './migrations/006-account-life.ts'
import * as leases from './migrations/010-leases.ts'
import * as keyRing from './migrations/011-key-ring.ts'
import * as identityProviders from './migrations/012-identity-providers.ts'
import * as verifiedAddresses from './migrations/013-verified-addresses.ts'
import { isLocked } from './unavailable.ts'

const migrations: Record<string, Migration> = {
  '001-foundation': foundation,
  '002-accounts': accounts,
  '003-audit-chain': auditChain,
  '004-enforcing-safely': enforcingSafely,
  '005-administration': administration,
  '006-account-life': accountLife,
  '010-leases': leases,
  '011-key-ring': keyRing,
  '012-identity-providers': identityProviders,
  '013-verified-addresses': verifiedAddresses,
}

/** The migration that makes the schema of this program. */
export const newestMigration = Object.keys(migrations).at(-1) ?? ''

/** So often a process asks for its turn while another one migrates; on SQLite each time takes five seconds. */
const mostTurns = 60

/**
 * Runs what has not run yet, or of that what comes up to `last`, to make an empty database like an older one: all of it or
 * nothing. Throws with the migration's name when one fails.
 */
export async function migrate(db: Database, last?: string): Promise<void> {
  for (let turns = 1; ; turns += 1) {
    try {
      return await db.transaction().execute((trx) => migrateInTurn(trx, last))
    } catch (error) {
      if (!isLocked(error) || turns === mostTurns) throw error
    }
  }
}

async function migrateInTurn(trx: DatabaseTransaction, last: string | undefined): Promise<void> {
  // Before anything else: also the tables in which migrations are noted are made by one process.
  await trx.getExecutor().adapter.acquireMigrationLock(trx, { lockTable: '', lockRowId: '' })
  const migrator = new Migrator({ db: trx, provider: { getMigrations: async () => migrations } })
  const { error, results } = last === undefined ? await migrator.migrateToLatest() : await migrator.migrateTo(last)
  if (!error) return
  const failed = results?.find((result) => result.status === 'Error')
  throw new Error(
    `The database could not be brought up to date${failed ? ` (migration ${failed.migrationName})` : ''}.`,
    { cause: error },
  )
}

export type SchemaState = 'empty' | 'older' | 'current' | 'newer'

/** Tells how the schema of the database stands to this program; changes nothing. */
export async function schemaState(db: Database): Promise<SchemaState> {
  return (await schemaOf(db)).state
}

/** The same, with the newest migration that has run; null where none has. */
export async function schemaOf(db: Database): Promise<{ state: SchemaState; migration: string | null }> {
  if (!(await hasTable(db, 'kysely_migration'))) return { state: 'empty', migration: null }
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  const migration = rows.at(-1)?.name ?? null
  const known = Object.keys(migrations)
  if (rows.some(({ name }) => !known.includes(name))) return { state: 'newer', migration }
  if (migration === null) return { state: 'empty', migration }
  return { state: rows.length === known.length ? 'current' : 'older', migration }
}
