// Opens the database: SQLite in the data folder, or PostgreSQL by URL. One body of SQL serves both; the differences
// (parameters, big integers, the way a transaction begins) end in this folder.

import { type Kysely, type SelectQueryBuilder, SqliteAdapter, sql, type Transaction } from 'kysely'
import { openPostgres } from './postgres.ts'
import { openSqlite, openSqliteDraft, openSqliteForReading } from './sqlite.ts'
import type { Tables } from './tables.ts'

/** A handle to read and write with: the database itself, or a transaction in it. */
export type Database = Kysely<Tables>
/** A handle that proves that the caller is inside a transaction. */
export type DatabaseTransaction = Transaction<Tables>

export type Dialect = 'sqlite' | 'postgres'

/** A SQLite file is opened to work with, to be filled as a file that nobody reads yet, or to be read only. */
export type DatabaseAt =
  | { postgres: string; connections?: number }
  | { sqliteFile: string; to?: 'work' | 'draft' | 'read' }

const openers = { work: openSqlite, draft: openSqliteDraft, read: openSqliteForReading }

/** Opens the database without touching its schema; `migrate` brings that up to date. */
export async function openDatabase(at: DatabaseAt): Promise<Database> {
  return 'postgres' in at ? openPostgres(at.postgres, at.connections) : openers[at.to ?? 'work'](at.sqliteFile)
}

/** Tells which of the two it is, for what has to differ. */
export function dialectOf(db: Database): Dialect {
  return db.getExecutor().adapter instanceof SqliteAdapter ? 'sqlite' : 'postgres'
}

/** Tells whether there is a table of ours with this name, also in a database that has never been migrated. */
export async function hasTable(db: Database, name: string): Promise<boolean> {
  const found =
    dialectOf(db) === 'sqlite'
      ? sql<{ name: string }>`select name from sqlite_master where type = 'table' and name = ${name}`
      : sql<{ name: string }>`select ${name}::text as name where to_regclass(${name}) is not null`
  return (await found.execute(db)).rows.length > 0
}

/**
 * Reads the whole database as it is at one moment, while others go on writing. Nothing that the act reads through another
 * handle belongs to that moment; on SQLite it would wait for ever.
 */
export async function inSnapshot<Result>(db: Database, act: (snapshot: Database) => Promise<Result>): Promise<Result> {
  return db.connection().execute(async (connection) => {
    if (dialectOf(db) === 'sqlite') await sql`begin deferred`.execute(connection)
    else await sql`begin isolation level repeatable read read only`.execute(connection)
    try {
      await waitAsLongAsItTakes(connection)
      // Not beginning but the first read takes the snapshot.
      await hasTable(connection, 'installation')
      return await act(connection)
    } finally {
      await sql`rollback`.execute(connection).catch(() => {})
    }
  })
}

/** Takes the limits of time from the transaction that is running: what goes through a whole table may need longer than a request. */
export async function waitAsLongAsItTakes(trx: Database): Promise<void> {
  if (dialectOf(trx) === 'sqlite') return
  await sql`set local statement_timeout = 0`.execute(trx)
  await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx)
}

/** Reads what may need longer than a request may. On PostgreSQL all of it at one moment; on SQLite others come in between. */
export function inNoHurry<Result>(db: Database, act: (db: Database) => Promise<Result>): Promise<Result> {
  return dialectOf(db) === 'sqlite' ? act(db) : inSnapshot(db, act)
}

/** Counts the rows that a guarded write changed. Single use is decided by this number and nothing else. */
export function changedRows(result: {
  numUpdatedRows?: bigint | undefined
  numDeletedRows?: bigint | undefined
  numInsertedOrUpdatedRows?: bigint | undefined
}): number {
  return Number(result.numUpdatedRows ?? result.numDeletedRows ?? result.numInsertedOrUpdatedRows ?? 0n)
}

/** Counts the rows that a query gives, and looks at no more than `most` of them. */
export async function countUpTo<Name extends keyof Tables, Output>(
  db: Database,
  rows: SelectQueryBuilder<Tables, Name, Output>,
  most: number,
): Promise<number> {
  const found = await db
    .selectFrom(rows.limit(most).as('counted'))
    .select((e) => e.fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  return Number(found.count)
}

/** Writes what is there already, and commits it: a disk that is full shows at the commit. Throws when nothing can be written. */
export async function writeTheSame(db: Database): Promise<void> {
  const written = await db.updateTable('installation').set({ id: 1 }).where('id', '=', 1).executeTakeFirst()
  if (changedRows(written) !== 1) throw new Error('The database has not been set up.')
}

class TakenBack extends Error {}

/** Writes what is there already and takes it back. Throws when the database does not let itself be written to. */
export async function tryWriting(db: Database): Promise<void> {
  await db
    .transaction()
    .execute(async (trx) => {
      await writeTheSame(trx)
      throw new TakenBack()
    })
    .catch((error: unknown) => {
      if (!(error instanceof TakenBack)) throw error
    })
}
