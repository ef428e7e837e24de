// Queries that every request asks: built and compiled once, because that takes longer than to ask them. What changes from one
// time to the next is given by name and is never part of the text. Such a query has a name of its own, under which PostgreSQL
// keeps it too: to plan it takes longer than to answer it.

import { createHash } from 'node:crypto'
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

/** Names of prepared queries, by what Kysely built. Queries of the same text have the same name. */
const names = new WeakMap<object, string>()

/** Gives the name of a prepared query; null for one that was built for this time only. */
export function nameOf({ query }: Pick<CompiledQuery, 'query'>): string | null {
  return names.get(query) ?? null
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
    names.set(made.query, createHash('sha256').update(made.sql).digest('base64url'))
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
