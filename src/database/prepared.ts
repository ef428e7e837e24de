// Queries that every request asks: built and compiled once, because that takes longer than to ask them. What changes from one
// time to the next is given by name and is never part of the text.

import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

type Value = string | number | null

/** A query that is asked with other values each time. */
export interface Prepared<Given, Row> {
  all(db: Database, given: Given): Promise<Row[]>
  first(db: Database, given: Given): Promise<Row | null>
  /** Counts the rows that it changed. */
  changed(db: Database, given: Given): Promise<number>
}

/**
 * Prepares a query. `build` is called once and gets a stand-in for each value: it may only be handed on to the query, and
 * whoever computes with it gets an error.
 */
export function prepare<Given extends Readonly<Record<keyof Given, Value>>, Row>(
  build: (db: Kysely<Tables>, given: Given) => Compilable<Row>,
): Prepared<Given, Row> {
  const compiled = new WeakMap<object, CompiledQuery<Row>>()

  function compile(db: Database): CompiledQuery<Row> {
    const { adapter, plugins } = db.getExecutor()
    // A plugin may make another query out of it each time.
    if (plugins.length > 0) return build(db, standIns<Given>()).compile()
    // Transactions have the adapter of their database, which stands for the way in which SQL is written.
    const known = compiled.get(adapter)
    if (known) return known
    const made = build(db, standIns<Given>()).compile()
    compiled.set(adapter, made)
    return made
  }

  function execute(db: Database, given: Given): Promise<QueryResult<Row>> {
    const query = compile(db)
    const parameters = query.parameters.map((value) =>
      value instanceof StandIn ? given[value.name as keyof Given] : value,
    )
    return db.executeQuery({ ...query, parameters })
  }

  return {
    all: async (db, given) => (await execute(db, given)).rows,
    first: async (db, given) => (await execute(db, given)).rows[0] ?? null,
    changed: async (db, given) => Number((await execute(db, given)).numAffectedRows ?? 0n),
  }
}

class StandIn {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
  [Symbol.toPrimitive](): never {
    throw new Error(`"${this.name}" has no value yet: it can only be handed on to the query.`)
  }
}

function standIns<Given extends object>(): Given {
  return new Proxy({} as Given, { get: (_, name) => new StandIn(String(name)) })
}
