// PostgreSQL through pg, loaded only when it is used. Big integers come back as numbers: the only ones we keep are
// milliseconds, counts and TOTP steps, all far below 2^53. Every wait is bounded, so that a slow database is an error and not
// a hang: the server keeps to limits that it is told, and we stop waiting in any case (see postgres-connection.ts).

import { type Driver, Kysely, PostgresAdapter, PostgresDialect, sql } from 'kysely'
import type pg from 'pg'
import { seconds } from '../time.ts'
import { lookWhereItLeads, PostgresConnection } from './postgres-connection.ts'
import type { Tables } from './tables.ts'
import { DatabaseUnavailable } from './unavailable.ts'

const int8 = 20

/** How many connections a process opens at most, unless it is told otherwise. */
export const usualConnections = 10

/** For a free connection, or a new one. */
const connectWithin = seconds(5)

/** What the server is told at the beginning of each connection. */
const serverLimits = {
  statement_timeout: seconds(5),
  lock_timeout: seconds(3),
  idle_in_transaction_session_timeout: seconds(10),
}

type OpenPool = (limits: Partial<typeof serverLimits>) => pg.Pool

/** Opens a pool; it connects only when it is used. */
export async function openPostgres(url: string, connections = usualConnections): Promise<Kysely<Tables>> {
  return new Kysely<Tables>({ dialect: await postgresDialect(url, connections) })
}

/** Opens the pool as `openPostgres` does, for whoever puts something between it and Kysely. */
export async function postgresDialect(url: string, connections = usualConnections): Promise<PostgresDialect> {
  const { default: driver } = await import('pg')
  const address = withTls(url, new driver.Client({ connectionString: url }))
  return new Dialect((limits) => {
    const pool = new driver.Pool({
      ...address,
      max: connections,
      connectionTimeoutMillis: connectWithin,
      keepAlive: true,
      onConnect: lookWhereItLeads,
      ...limits,
      types: {
        getTypeParser: (oid: number, format?: 'text' | 'binary') =>
          oid === int8 ? (value: string) => Number(value) : driver.types.getTypeParser(oid, format as 'text'),
      },
    })
    // A connection that breaks is told of by the statement that needed it; unheard, it would end the process.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    return pool
  })
}

/**
 * Takes the certificates out of the address, read by pg as it understands them. With them in it they would be read anew for each
 * connection, and a file that cannot be read at that moment would end the process.
 */
function withTls(url: string, reader: pg.Client): { connectionString: string; ssl?: boolean } {
  const address = new URL(url)
  const given = [...address.searchParams.keys()].filter((name) => tlsParameters.includes(name))
  if (given.length === 0) return { connectionString: url }
  for (const name of given) address.searchParams.delete(name)
  // An object where there are certificates; its type says less.
  return { connectionString: address.href, ssl: reader.ssl }
}

const tlsParameters = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'uselibpqcompat']

class Dialect extends PostgresDialect {
  readonly #open: OpenPool

  constructor(open: OpenPool) {
    super({ pool: async () => Promise.reject(new Error('The driver has a pool of its own.')) })
    this.#open = open
  }
  override createAdapter() {
    return new Adapter()
  }
  override createDriver() {
    return new PoolDriver(this.#open)
  }
}

class Adapter extends PostgresAdapter {
  /** Migrating takes as long as it takes. The lock ends with the transaction, whichever connection a pooler gave it; its number means nothing. */
  override async acquireMigrationLock(trx: Kysely<unknown>): Promise<void> {
    await sql`set local statement_timeout = 0`.execute(trx)
    await sql`set local lock_timeout = 0`.execute(trx)
    await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx)
    await sql`select pg_advisory_xact_lock(7170413042)`.execute(trx)
  }
  override async releaseMigrationLock(): Promise<void> {}
}

/** One pool; or, behind a pooler that does not hand limits on to the server, one whose transactions begin with them. */
class PoolDriver implements Driver {
  readonly #open: OpenPool
  #pool: pg.Pool
  #begin = 'begin'

  constructor(open: OpenPool) {
    this.#open = open
    this.#pool = open(serverLimits)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PostgresConnection> {
    const borrow = () => this.#borrow()
    return new PostgresConnection(await borrow(), borrow, this.#pool.options.max)
  }

  async #borrow(): Promise<pg.PoolClient> {
    const pool = this.#pool
    try {
      return await pool.connect()
    } catch (error) {
      if (!isRefusalOfLimits(error)) throw new DatabaseUnavailable(error)
    }
    if (this.#pool === pool) {
      this.#begin = `begin; ${limitsInTransaction}`
      this.#pool = this.#open({})
      await pool.end()
    }
    return this.#pool.connect().catch((error: unknown) => {
      throw new DatabaseUnavailable(error)
    })
  }

  beginTransaction(connection: PostgresConnection): Promise<void> {
    return connection.begin(this.#begin)
  }
  commitTransaction(connection: PostgresConnection): Promise<void> {
    return connection.commit()
  }
  rollbackTransaction(connection: PostgresConnection): Promise<void> {
    return connection.rollback()
  }
  async releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release()
  }
  destroy(): Promise<void> {
    return this.#pool.end()
  }
}

const limitsInTransaction = Object.entries(serverLimits)
  .map(([name, value]) => `set local ${name} = ${value}`)
  .join('; ')

/** PgBouncer takes only those parameters of a connection that it can keep apart for each of its clients. */
function isRefusalOfLimits(error: unknown): boolean {
  return error instanceof Error && error.message.includes('unsupported startup parameter')
}
