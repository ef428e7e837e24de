// What a whole database consists of, as the migrations make it: every table, its columns, its key, parents before children.
// It is read from a database that was just made, so that no list has to be kept and no table can be forgotten.

import { type Kysely, sql } from 'kysely'
import { openDatabase } from '../database/database.ts'
import { migrate } from '../database/migrate.ts'
import type { Tables } from '../database/tables.ts'

export interface TableLayout {
  name: string
  columns: readonly string[]
  /** What rows are told apart by, and read in the order of. */
  key: readonly string[]
  /** Whether the migrations put rows into it themselves. */
  hasRowsOfItsOwn: boolean
}

export type Layout = readonly TableLayout[]

/** Reads what a database consists of after this migration. */
export async function layoutAt(migration: string): Promise<Layout> {
  const db = await openDatabase({ sqliteFile: ':memory:' })
  try {
    await migrate(db, migration)
    const { rows: tables } = await sql<{ name: string }>`
      select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name not like 'kysely%'
      order by name`.execute(db)
    const read = []
    for (const { name } of tables)
      read.push({ layout: await tableLayout(db, name), parents: await parentsOf(db, name) })
    return parentsFirst(read)
  } finally {
    await db.destroy()
  }
}

async function tableLayout(db: Kysely<Tables>, name: string): Promise<TableLayout> {
  const { rows: columns } = await sql<{ name: string; pk: number }>`
    select name, pk from pragma_table_info(${name}) order by cid`.execute(db)
  const key = columns.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk)
  if (key.length === 0) throw new Error(`The table ${name} has no key to read it by.`)
  const { rows: own } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(db)
  return {
    name,
    columns: columns.map((column) => column.name),
    key: key.map((column) => column.name),
    hasRowsOfItsOwn: own.length > 0,
  }
}

async function parentsOf(db: Kysely<Tables>, name: string): Promise<string[]> {
  const { rows } = await sql<{ parent: string }>`
    select distinct "table" as parent from pragma_foreign_key_list(${name})`.execute(db)
  return rows.map(({ parent }) => parent)
}

function parentsFirst(tables: readonly { layout: TableLayout; parents: readonly string[] }[]): Layout {
  const placed: TableLayout[] = []
  let left = tables
  while (left.length > 0) {
    const isPlaced = (name: string) => placed.some((table) => table.name === name)
    const next = left.filter(({ parents }) => parents.every(isPlaced))
    if (next.length === 0)
      throw new Error(
        `These tables refer to each other in a circle: ${left.map(({ layout }) => layout.name).join(', ')}.`,
      )
    placed.push(...next.map(({ layout }) => layout))
    left = left.filter((table) => !next.includes(table))
  }
  return placed
}
