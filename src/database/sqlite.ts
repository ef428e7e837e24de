// SQLite through node:sqlite, for Kysely's own dialect. Write-ahead log, and every commit reaches the disk
// (`synchronous=FULL`): an acknowledged change survives a power cut.

import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, SqliteAdapter, SqliteDialect } from 'kysely'
import { PatientDriver } from './sqlite-driver.ts'
import type { Tables } from './tables.ts'

/** Opens (and creates) the file, for use by several processes of one machine. `:memory:` is for tests. */
export function openSqlite(file: string): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: sqliteDialect(file) })
}

/** Opens the file as `openSqlite` does, for whoever puts something between it and Kysely. */
export function sqliteDialect(file: string): SqliteDialect {
  // Made here, because SQLite would make it readable for everybody; its log files take after it.
  if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600))
  const connection = new DatabaseSync(file)
  connection.exec('PRAGMA busy_timeout = 5000')
  connection.exec('PRAGMA journal_mode = WAL')
  connection.exec('PRAGMA synchronous = FULL')
  connection.exec('PRAGMA foreign_keys = ON')
  // In KiB. With SQLite's own 2 MB, most reads of a session check are reads of the file as soon as there are some thousand users.
  connection.exec('PRAGMA cache_size = -24576')
  // From here on the driver waits instead: SQLite's own waiting would hold up everything that this process does.
  connection.exec('PRAGMA busy_timeout = 0')
  return new Dialect(connection)
}

/**
 * Creates a file that is filled in one go and then given its name: nothing is written twice, and a crash leaves a file that
 * nobody takes for anything. Throws when the file is there.
 */
export function openSqliteDraft(file: string): Kysely<Tables> {
  closeSync(openSync(file, 'wx', 0o600))
  const connection = new DatabaseSync(file)
  connection.exec('PRAGMA journal_mode = OFF')
  connection.exec('PRAGMA synchronous = OFF')
  connection.exec('PRAGMA foreign_keys = ON')
  return new Kysely<Tables>({ dialect: new Dialect(connection) })
}

/** Opens a file that is there, and cannot write to it. */
export function openSqliteForReading(file: string): Kysely<Tables> {
  const connection = new DatabaseSync(file, { readOnly: true })
  return new Kysely<Tables>({ dialect: new Dialect(connection) })
}

/** Tells whether anybody else has the file open, this process included: whoever has it open holds a lock on it. */
export function isOpenElsewhere(file: string): boolean {
  const connection = new DatabaseSync(file)
  try {
    connection.exec('PRAGMA busy_timeout = 0')
    connection.exec('PRAGMA locking_mode = EXCLUSIVE')
    connection.exec('BEGIN IMMEDIATE')
    connection.exec('ROLLBACK')
    return false
  } catch (error) {
    if (error instanceof Error && error.message.includes('locked')) return true
    throw error
  } finally {
    connection.close()
  }
}

/**
 * SQLite can change its schema inside a transaction, though Kysely's own adapter does not count on it. Here it does: of
 * several processes that start at once the first one migrates while the others wait, and a crash leaves nothing half done.
 */
class Dialect extends SqliteDialect {
  readonly #connection: DatabaseSync

  constructor(connection: DatabaseSync) {
    super({ database: asKyselyExpects(connection) })
    this.#connection = connection
  }
  override createAdapter() {
    return new Adapter()
  }
  override createDriver() {
    return new PatientDriver(asKyselyExpects(this.#connection), () => this.#connection.isTransaction)
  }
}

class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl() {
    return true
  }
  /** There is one, and the driver sees to it that it is used by one at a time. */
  override get supportsMultipleConnections() {
    return true
  }
}

type Bindable = SQLInputValue | boolean | undefined

function asKyselyExpects(connection: DatabaseSync) {
  const statements = new Map<string, { statement: StatementSync; reader: boolean }>()
  const prepareNew = (text: string) => {
    const statement = connection.prepare(text)
    return { statement, reader: statement.columns().length > 0 }
  }
  return {
    close: () => connection.close(),
    prepare(sql: string) {
      // A transaction takes the write lock as it begins: one that first reads and then writes would
      // fail at once (SQLITE_BUSY_SNAPSHOT) when another process has written in between.
      const text = sql === 'begin' ? 'begin immediate' : sql
      const prepared = statements.get(text) ?? prepareNew(text)
      if (statements.size < 500) statements.set(text, prepared)
      const { statement, reader } = prepared
      return {
        reader,
        all: (parameters: readonly unknown[]) => statement.all(...bindable(parameters)),
        run: (parameters: readonly unknown[]) => statement.run(...bindable(parameters)),
        iterate: (parameters: readonly unknown[]) =>
          statement.iterate(...bindable(parameters)) as IterableIterator<unknown>,
      }
    },
  }
}

function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  return (parameters as Bindable[]).map((value) => {
    if (value === undefined) return null
    return typeof value === 'boolean' ? Number(value) : value
  })
}
