// Brings the schema up to date. Forward only, one file each, in order, under Kysely's lock, so that several processes
// may start at once. Every migration is listed here by hand: a bundle has no folder to read.

import { sql } from 'kysely'
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

/** Tells how the schema of the database stands to this program; changes nothing. */
export async function schemaState(db: Database): Promise<'empty' | 'older' | 'current' | 'newer'> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return 'empty'
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db)
  const done = new Set(rows.map(({ name }) => name))
  const known = Object.keys(migrations)
  if ([...done].some((name) => !known.includes(name))) return 'newer'
  if (done.size === 0) return 'empty'
  return known.every((name) => done.has(name)) ? 'current' : 'older'
}
