// One borrowed connection to PostgreSQL. A connection that fails, or does not answer in time, is closed and never given back.
// What failed is tried again only where nothing can have happened: the first statement since the connection was borrowed, if it
// begins a transaction or only reads. A write may have happened; whoever asked for it is told that it failed.

import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import type pg from 'pg'
import { seconds } from '../time.ts'
import { nameOf } from './prepared.ts'
import { DatabaseUnavailable } from './unavailable.ts'

/** After this long without an answer nobody waits any more: the server should have given up a second ago. */
const answerWithin = seconds(6)

/** SQLSTATE classes and codes that tell of the server, not of the statement. */
const unusable = /^(08|53|57|58|XX)|^(25006|25P03|25P04|28000|28P01|3D000|40001|40P01|55P03)$/
/**
 * Of these, the ones that say: this very connection is done for. One over which nothing may be written is among them: it stays
 * like that, or leads to a server that has become a copy, while a new one may lead to where writing is allowed.
 */
const lost = /^(08|57P0[1-5]|25P03|25P04|25006)/

const writes: readonly string[] = ['INSERT', 'UPDATE', 'DELETE', 'MERGE']

/** Connections that lead to one server process for as long as they last: what is kept there is there the next time. */
const direct = new WeakSet<object>()

/**
 * Finds out whether a new connection leads straight to a server process. A pooler in between hands each transaction to whichever
 * process is free, and answers for all of them with a number of its own.
 */
export async function lookWhereItLeads(client: pg.ClientBase & { processID?: number | null }): Promise<void> {
  const look = { text: 'select pg_backend_pid() as pid', query_timeout: answerWithin }
  const { rows } = await client.query<{ pid: number }>(look)
  if (rows[0]?.pid === client.processID) direct.add(client)
}

function keepsStatements(client: object): boolean {
  return direct.has(client)
}

export class PostgresConnection implements DatabaseConnection {
  /** Null once it has been given up and none could be had in its place. */
  #client: pg.PoolClient | null
  readonly #borrow: () => Promise<pg.PoolClient>
  /** How many connections the pool has beside this one. */
  readonly #others: number
  #isFirst = true
  #isPatient = false
  #broken: DatabaseUnavailable | null = null

  constructor(client: pg.PoolClient, borrow: () => Promise<pg.PoolClient>, others: number) {
    this.#client = client
    this.#borrow = borrow
    this.#others = others
  }

  async executeQuery<Row>(compiled: CompiledQuery): Promise<QueryResult<Row>> {
    const { sql, parameters, query } = compiled
    // Whoever changes the server's limit for this transaction lifts ours.
    if (sql.includes('statement_timeout')) this.#isPatient = true
    const onlyReads = query.kind === 'SelectQueryNode'
    const { command, rowCount, rows } = await this.#sendSafely(
      { text: sql, parameters, name: nameOf(compiled) },
      onlyReads,
    )
    const numAffectedRows = writes.includes(command) ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}
    return { ...numAffectedRows, rows: rows as Row[] }
  }

  // biome-ignore lint/correctness/useYield: nothing is read in a stream; Kysely asks for the method.
  async *streamQuery(): AsyncGenerator<never> {
    throw new Error('Nothing is streamed from PostgreSQL: what is long is read page by page.')
  }

  async begin(text: string): Promise<void> {
    await this.#sendSafely(plain(text), true)
  }

  async commit(): Promise<void> {
    const { command } = await this.#send(plain('commit'))
    // What PostgreSQL says where a statement before had failed and somebody went on all the same.
    if (command === 'ROLLBACK') throw new Error('The transaction was taken back instead of committed.')
  }

  async rollback(): Promise<void> {
    await this.#send(plain('rollback')).catch((error: unknown) => {
      this.#broken ??= new DatabaseUnavailable(error)
      throw error
    })
  }

  release(): void {
    this.#client?.release(this.#broken !== null)
  }

  async #sendSafely(statement: Statement, isHarmless: boolean): Promise<pg.QueryResult> {
    const mayRepeat = isHarmless && this.#isFirst
    this.#isFirst = false
    for (let others = this.#others; ; others -= 1) {
      try {
        return await this.#send(statement)
      } catch (error) {
        if (!this.#broken || !mayRepeat || others === 0 || isTimeout(error)) throw error
      }
      // It had died unnoticed while nobody needed it. So may have all the others, but not one that is made now.
      this.#client?.release(true)
      this.#client = null
      this.#client = await this.#borrow()
      this.#broken = null
    }
  }

  async #send({ text, parameters, name }: Statement): Promise<pg.QueryResult> {
    if (this.#broken) throw this.#broken
    if (!this.#client) throw new Error('This connection was given up.')
    const limit = { query_timeout: this.#isPatient ? 0 : answerWithin }
    try {
      // Several statements in one go come without parameters, and answer with a list.
      const values = parameters.length === 0 ? {} : { values: [...parameters] }
      const kept = name !== null && keepsStatements(this.#client) ? { name } : {}
      const result: pg.QueryResult | pg.QueryResult[] = await this.#client.query({ text, ...values, ...kept, ...limit })
      return Array.isArray(result) ? (result.at(-1) as pg.QueryResult) : result
    } catch (error) {
      const code = sqlStateOf(error)
      if (code !== null && !unusable.test(code)) throw error
      const unavailable = new DatabaseUnavailable(error)
      if (code === null || lost.test(code)) this.#broken = unavailable
      throw unavailable
    }
  }
}

interface Statement {
  text: string
  parameters: readonly unknown[]
  /** Under which the server may keep it for the next time. */
  name: string | null
}

function plain(text: string): Statement {
  return { text, parameters: [], name: null }
}

/** Gives what the server says; null where it is not the server that says something. */
function sqlStateOf(error: unknown): string | null {
  return error instanceof Error && 'severity' in error && 'code' in error ? String(error.code) : null
}

function isTimeout(error: unknown): boolean {
  return error instanceof DatabaseUnavailable && error.message === 'Query read timeout'
}
