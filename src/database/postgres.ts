// PostgreSQL through pg, loaded only when it is used. Big integers come back as numbers: the only ones we keep are
// milliseconds, counts and TOTP steps, all far below 2^53.

import { Kysely, PostgresDialect } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

const int8 = 20

/** Opens a pool. Waiting for a connection or a statement is bounded, so that a slow database is an error and not a hang. */
export async function openPostgres(url: string): Promise<Database> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
    idle_in_transaction_session_timeout: 10_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? (value: string) => Number(value) : pg.types.getTypeParser(oid, format as 'text'),
    },
  })
  // An idle connection that breaks (the server restarts) is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {})
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}
