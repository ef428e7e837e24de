// Opens the database: SQLite in the data folder, or PostgreSQL by URL. One body of SQL serves both; the differences
// (parameters, big integers, the way a transaction begins) end in this folder.

import type { Kysely, Transaction } from 'kysely'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'
import type { Tables } from './tables.ts'

/** A handle to read and write with: the database itself, or a transaction in it. */
export type Database = Kysely<Tables>
/** A handle that proves that the caller is inside a transaction. */
export type DatabaseTransaction = Transaction<Tables>

export type DatabaseAt = { postgres: string } | { sqliteFile: string }

/** Opens the database without touching its schema; `migrate` brings that up to date. */
export async function openDatabase(at: DatabaseAt): Promise<Database> {
  return 'postgres' in at ? openPostgres(at.postgres) : openSqlite(at.sqliteFile)
}

/** Counts the rows that a guarded write changed. Single use is decided by this number and nothing else. */
export function changedRows(result: {
  numUpdatedRows?: bigint | undefined
  numDeletedRows?: bigint | undefined
  numInsertedOrUpdatedRows?: bigint | undefined
}): number {
  return Number(result.numUpdatedRows ?? result.numDeletedRows ?? result.numInsertedOrUpdatedRows ?? 0n)
}

class TakenBack extends Error {}

/** Writes what is there already and takes it back. Throws when the database does not let itself be written to. */
export async function tryWriting(db: Database): Promise<void> {
  await db
    .transaction()
    .execute(async (trx) => {
      await trx.updateTable('installation').set({ id: 1 }).where('id', '=', 1).execute()
      throw new TakenBack()
    })
    .catch((error: unknown) => {
      if (!(error instanceof TakenBack)) throw error
    })
}
