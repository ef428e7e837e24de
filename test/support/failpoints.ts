// Failpoints: what the service is given (database, mail, hashes, clock) counts what is asked of it, and the one call that a
// test has chosen fails, or, of the clock, jumps. The product knows nothing of it: these parts stand in front of the real ones.

import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import type { DatabaseAt } from '../../src/database/database.ts'
import { postgresDialect } from '../../src/database/postgres.ts'
import { sqliteDialect } from '../../src/database/sqlite.ts'
import type { Tables } from '../../src/database/tables.ts'
import { DatabaseUnavailable } from '../../src/database/unavailable.ts'
import type { Mailer } from '../../src/mail/delivery.ts'
import type { Argon2 } from '../../src/passwords/hashing.ts'
import type { Clock, Duration } from '../../src/time.ts'

export type Part = 'database' | 'mail' | 'hash' | 'clock'

/** One call that was made. */
export interface Call {
  part: Part
  what: string
  /** True for what stays once it is done: a commit, a write outside of a transaction, a mail that was taken. */
  lasts: boolean
}

/** Which call of a part goes wrong, from 0, and how: it is not done, it is done and its answer is lost, or the clock jumps. */
export type Fault = { part: Part; at: number } & ({ how: 'fails' | 'answer lost' } | { how: 'jumps'; by: Duration })

/** Reads with the connection that has just committed. */
type Ask = (sql: string) => Promise<Record<string, unknown>[]>

/** What a part throws that fails here. */
export class Failure extends Error {}

export class Failpoints {
  calls: Call[] = []
  /** Told after each call of the database that lasts, before whoever made it goes on. */
  onLasting: ((ask: Ask) => Promise<void>) | null = null
  /** True once the call that was chosen has been made. */
  isHit = false
  #fault: Fault | null = null
  #counts = new Map<Part, number>()
  #isOn = false
  #running = 0

  /** Counts from now on, and lets one call fail, if one is named. */
  begin(fault: Fault | null = null): void {
    this.calls = []
    this.#counts.clear()
    this.#fault = fault
    this.isHit = false
    this.#isOn = true
  }

  /** From now on nothing is counted and nothing fails. */
  end(): void {
    this.#isOn = false
    this.#fault = null
    this.onLasting = null
  }

  /** Waits until nothing is going on in the database any more: an answer may come before all that was begun is over. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await new Promise(setImmediate)
      quiet = this.#running === 0 ? quiet + 1 : 0
    }
  }

  /** Notes a call, and says what is to become of it. */
  meet(call: Call): Fault | null {
    if (!this.#isOn) return null
    this.calls.push(call)
    const at = this.#counts.get(call.part) ?? 0
    this.#counts.set(call.part, at + 1)
    const fault = this.#fault
    if (fault?.part !== call.part || fault.at !== at) return null
    this.isHit = true
    return fault
  }

  /** Makes a call of a part that is no database, unless it is to fail. */
  async #pass<Result>(part: Part, what: string, act: () => Promise<Result>, lasts = false): Promise<Result> {
    const fault = this.meet({ part, what, lasts })
    if (fault?.how === 'fails') throw new Failure(`${part} fails: ${what}`)
    const result = await act()
    if (fault) throw new Failure(`${part} did it, and its answer is lost: ${what}`)
    return result
  }

  mailer(mailer: Mailer): Mailer {
    return (message) => this.#pass('mail', message.subject, () => mailer(message), true)
  }

  argon2({ hash, hashRaw, verify }: Argon2): Argon2 {
    return {
      hash: (...given) => this.#pass('hash', 'hash', () => hash(...given)),
      hashRaw: (...given) => this.#pass('hash', 'hash a recovery code', () => hashRaw(...given)),
      verify: (...given) => this.#pass('hash', 'verify', () => verify(...given)),
    }
  }

  clock(time: { now: number }): Clock {
    return () => {
      const fault = this.meet({ part: 'clock', what: 'now', lasts: false })
      if (fault?.how === 'jumps') time.now += fault.by
      else if (fault) throw new Failure('the clock fails')
      return time.now
    }
  }

  async openDatabase(at: DatabaseAt): Promise<Kysely<Tables>> {
    const real = 'postgres' in at ? await postgresDialect(at.postgres) : sqliteDialect(at.sqliteFile)
    const dialect: Dialect = {
      createAdapter: () => real.createAdapter(),
      createIntrospector: (db) => real.createIntrospector(db),
      createQueryCompiler: () => real.createQueryCompiler(),
      createDriver: () => new FailingDriver(real.createDriver(), this),
    }
    return new Kysely<Tables>({ dialect })
  }

  /** Notes how much is going on, for `settle`. */
  count(change: 1 | -1): void {
    this.#running += change
  }
}

/** A connection that breaks with the call that fails, as one to a server does: nothing passes any more until it is given back. */
class FailingConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection
  readonly #points: Failpoints
  isInTransaction = false
  #broken: DatabaseUnavailable | null = null

  constructor(inner: DatabaseConnection, points: Failpoints) {
    this.inner = inner
    this.#points = points
  }

  executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const what = shortened(query.sql)
    const lasts = !this.isInTransaction && !what.startsWith('select')
    return this.pass({ part: 'database', what, lasts }, () => this.inner.executeQuery<Row>(query))
  }

  streamQuery<Row>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<Row>> {
    return this.inner.streamQuery<Row>(query, chunkSize)
  }

  async pass<Result>(call: Call, act: () => Promise<Result>): Promise<Result> {
    if (this.#broken) throw this.#broken
    const fault = this.#points.meet(call)
    const broken = fault && new DatabaseUnavailable(new Failure(`${fault.how}: ${call.what}`))
    if (broken && fault.how === 'fails') throw this.#break(broken)
    const result = await act()
    if (call.lasts) await this.#points.onLasting?.((text) => this.#ask(text))
    if (broken) throw this.#break(broken)
    return result
  }

  async #ask(text: string): Promise<Record<string, unknown>[]> {
    return (await this.inner.executeQuery<Record<string, unknown>>(CompiledQuery.raw(text))).rows
  }

  #break(by: DatabaseUnavailable): DatabaseUnavailable {
    this.#broken = by
    return by
  }

  get broken(): DatabaseUnavailable | null {
    return this.#broken
  }
}

class FailingDriver implements Driver {
  readonly #inner: Driver
  readonly #points: Failpoints

  constructor(inner: Driver, points: Failpoints) {
    this.#inner = inner
    this.#points = points
  }

  init(): Promise<void> {
    return this.#inner.init()
  }

  async acquireConnection(): Promise<FailingConnection> {
    this.#points.count(1)
    try {
      return new FailingConnection(await this.#inner.acquireConnection(), this.#points)
    } catch (error) {
      this.#points.count(-1)
      throw error
    }
  }

  async releaseConnection({ inner }: FailingConnection): Promise<void> {
    try {
      await this.#inner.releaseConnection(inner)
    } finally {
      this.#points.count(-1)
    }
  }

  async beginTransaction(connection: FailingConnection, settings: TransactionSettings): Promise<void> {
    await connection.pass({ part: 'database', what: 'begin', lasts: false }, () =>
      this.#inner.beginTransaction(connection.inner, settings),
    )
    connection.isInTransaction = true
  }

  async commitTransaction(connection: FailingConnection): Promise<void> {
    await connection.pass({ part: 'database', what: 'commit', lasts: true }, () =>
      this.#inner.commitTransaction(connection.inner),
    )
  }

  async rollbackTransaction(connection: FailingConnection): Promise<void> {
    await this.#inner.rollbackTransaction(connection.inner)
    if (connection.broken) throw connection.broken
  }

  destroy(): Promise<void> {
    return this.#inner.destroy()
  }
}

/** The verb and the table: `update "totp_factors"`. */
function shortened(sql: string): string {
  const [, table = ''] = /(?:from|into|update) "(\w+)"/.exec(sql) ?? []
  return `${sql.split(' ')[0]} ${table}`.trim()
}
