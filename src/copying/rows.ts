// Rows of any table, as they are: read page by page in the order of the key, written, counted, summed. The one place that
// writes tables under a name which is only known at run time; whoever calls it has made sure that the target may be filled.

import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Tally } from '../database/copy-note.ts'
import { type Database, hasTable, waitAsLongAsItTakes } from '../database/database.ts'
import type { Layout, TableLayout } from './layout.ts'

export type Row = Readonly<Record<string, unknown>>

/** Told now and then what is being done to which table, and how many rows of how many are behind it. */
export type OnProgress = (table: string, rows: number, of: number) => void

/** Neither database takes many more values than this in one statement. */
const mostValues = 30_000

/** Reads the rows of a table behind a key, or all of them, in pages: never more than one page is held. */
export async function* readPages(
  db: Database,
  { name, columns, key }: TableLayout,
  after: readonly unknown[] = [],
): AsyncGenerator<Row[]> {
  const refs = (names: readonly string[]) => sql.join(names.map((column) => sql.ref(column)))
  const pageSize = Math.min(1000, Math.floor(mostValues / columns.length))
  let last = after
  for (;;) {
    const behind = last.length === 0 ? sql`` : sql`where (${refs(key)}) > (${sql.join(last)})`
    const { rows } = await sql<Row>`
      select ${refs(columns)} from ${sql.table(name)} ${behind} order by ${refs(key)} limit ${sql.lit(pageSize)}`.execute(
      db,
    )
    const end = rows.at(-1)
    if (end === undefined) return
    yield rows
    if (rows.length < pageSize) return
    last = keyOf(end, key)
  }
}

/** Takes the key of a row. */
export function keyOf(row: Row, key: readonly string[]): unknown[] {
  return key.map((column) => row[column])
}

/** Writes a page of rows as they are. */
export async function insertRows(db: Database, { name, columns }: TableLayout, rows: readonly Row[]): Promise<void> {
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => sql.val(row[column])))})`)
  const names = sql.join(columns.map((column) => sql.ref(column)))
  await sql`insert into ${sql.table(name)} (${names}) values ${sql.join(values)}`.execute(db)
}

/** Deletes every row of every table. */
export async function clearTables(trx: Database, layout: Layout): Promise<void> {
  await waitAsLongAsItTakes(trx)
  for (const { name } of [...layout].reverse()) await sql`delete from ${sql.table(name)}`.execute(trx)
}

/** Finds a table that holds anything which the migrations did not put there; null in a database that nobody has used yet. */
export async function findUsedTable(db: Database, layout: Layout): Promise<string | null> {
  for (const { name, hasRowsOfItsOwn } of layout)
    if (!hasRowsOfItsOwn && (await hasTable(db, name)) && (await countRows(db, name)) > 0) return name
  return null
}

/** Counts the rows of a table. */
export async function countRows(db: Database, name: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(db)
  return Number(rows[0]?.n)
}

/**
 * Sums up rows: a hash of each, added up, so that it comes to the same in whatever order a database sorts them. For finding
 * what was lost or changed on the way, not for proving who made it.
 */
export function createTally({ name, columns }: TableLayout): { add(rows: readonly Row[]): void; tally(): Tally } {
  let [count, sum] = [0, 0n]
  return {
    add(rows) {
      count += rows.length
      for (const row of rows) {
        const text = JSON.stringify(columns.map((column) => row[column]))
        sum += BigInt(`0x${createHash('sha256').update(text).digest('hex')}`)
      }
      sum = BigInt.asUintN(256, sum)
    },
    tally: () => ({ table: name, rows: count, sum: sum.toString(16).padStart(64, '0') }),
  }
}

/** Goes through every table, says what there is, and lets each page be taken on the way. */
export async function tallyTables(
  db: Database,
  layout: Layout,
  onProgress: OnProgress,
  take: (table: TableLayout, rows: readonly Row[]) => Promise<void> = async () => {},
): Promise<Tally[]> {
  const tallies: Tally[] = []
  for (const table of layout) {
    const { add, tally } = createTally(table)
    const total = await countRows(db, table.name)
    for await (const rows of readPages(db, table)) {
      await take(table, rows)
      add(rows)
      onProgress(table.name, tally().rows, total)
    }
    tallies.push(tally())
  }
  return tallies
}

/** Copies every row of every table into tables that are empty, and says what there was. */
export function copyTables(from: Database, to: Database, layout: Layout, onProgress: OnProgress): Promise<Tally[]> {
  return tallyTables(from, layout, onProgress, (table, rows) => insertRows(to, table, rows))
}

/** Names the tables that are not the same in both. */
export function differences(one: readonly Tally[], other: readonly Tally[]): string[] {
  const found = new Map(other.map((tally) => [tally.table, tally]))
  const isSame = ({ table, rows, sum }: Tally) => found.get(table)?.rows === rows && found.get(table)?.sum === sum
  return one.filter((tally) => !isSame(tally)).map(({ table }) => table)
}

/** Counts the rows of all tables together. */
export function totalRows(tallies: readonly Tally[]): number {
  return tallies.reduce((total, { rows }) => total + rows, 0)
}
