// Copies a whole database into another one, to serve from there: a move, not a restore, so that sessions go on. Page by
// page, each with a note of how far it has come, so that a copy which was stopped at any moment goes on where it was. At the
// end both are read and compared; only then the note goes, and the copy is a database like any other.

import { createHash } from 'node:crypto'
import { record } from '../audit/record.ts'
import {
  addCopyNote,
  type CopiedSoFar,
  type CopyNote,
  changeCopyNote,
  readCopyNote,
  removeCopyNote,
  type Tally,
} from '../database/copy-note.ts'
import { type Database, dialectOf, inSnapshot, waitAsLongAsItTakes } from '../database/database.ts'
import { migrate, newestMigration } from '../database/migrate.ts'
import type { Clock } from '../time.ts'
import { CopyFault } from './fault.ts'
import { type Layout, layoutAt, type TableLayout } from './layout.ts'
import {
  clearTables,
  countRows,
  differences,
  findUsedTable,
  insertRows,
  keyOf,
  type OnProgress,
  type Row,
  readPages,
  tallyTables,
  totalRows,
} from './rows.ts'

type Unfinished = Extract<CopyNote, { kind: 'unfinished-copy' }>

export interface Moved {
  tables: readonly Tally[]
  /** How many rows an earlier run had copied already. */
  resumedBehind: number
}

export interface MoveWish {
  clock: Clock
  onCopying: OnProgress
  onChecking: OnProgress
}

/** Copies everything. Throws `CopyFault` when the target is in use, or the source was written to meanwhile. */
export async function copyDatabase(source: Database, target: Database, wish: MoveWish): Promise<Moved> {
  const layout = await layoutAt(newestMigration)
  let note = await beginOrResume(source, target, layout)
  const resumedBehind = Object.values(note.done).reduce((total, { rows }) => total + rows, 0)
  if (resumedBehind === 0) await target.transaction().execute((trx) => clearTables(trx, layout))
  note = await inSnapshot(source, (snapshot) =>
    copyRest(snapshot, target, { layout, note, onProgress: wish.onCopying }),
  )
  const tables = await compare(source, target, { layout, note, onProgress: wish.onChecking })
  await finish(source, target, { tables, clock: wish.clock })
  return { tables, resumedBehind }
}

/** Finds the note of an earlier run, or puts one into an empty database, before anything that might be served. */
async function beginOrResume(source: Database, target: Database, layout: Layout): Promise<Unfinished> {
  const of = await identityOf(source)
  const found = await readCopyNote(target)
  if (found && (found.kind !== 'unfinished-copy' || found.of !== of))
    throw new CopyFault('The target holds a backup, or a copy of another database. Take an empty one.')
  if (found === null) {
    const used = await findUsedTable(target, layout)
    if (used !== null)
      throw new CopyFault(`The target is not empty: there is something in its table ${used}. Take an empty one.`)
    await target.transaction().execute((trx) => addCopyNote(trx, { kind: 'unfinished-copy', of, done: {} }))
  }
  await migrate(target)
  return found?.kind === 'unfinished-copy' ? found : { kind: 'unfinished-copy', of, done: {} }
}

/** What stays the same as long as it is the same installation, and tells nothing about it. */
async function identityOf(source: Database): Promise<string> {
  const { created_at } = await source.selectFrom('installation').select('created_at').executeTakeFirstOrThrow()
  return createHash('sha256').update(String(created_at)).digest('base64url')
}

async function copyRest(
  snapshot: Database,
  target: Database,
  { layout, note, onProgress }: { layout: Layout; note: Unfinished; onProgress: OnProgress },
): Promise<Unfinished> {
  let at = note
  for (const table of layout) {
    const begun = at.done[table.name] ?? { rows: 0, last: [], complete: false }
    if (begun.complete) continue
    const total = await countRows(snapshot, table.name)
    let { rows, last } = begun
    for await (const page of readPages(snapshot, table, last)) {
      rows += page.length
      last = keyOf(page.at(-1) ?? {}, table.key)
      at = await writePage(target, { table, page, from: at, done: { rows, last, complete: false } })
      onProgress(table.name, rows, total)
    }
    at = await writePage(target, { table, page: [], from: at, done: { rows, last, complete: true } })
  }
  return at
}

async function writePage(
  target: Database,
  {
    table,
    page,
    from,
    done,
  }: { table: TableLayout; page: readonly Row[]; from: Unfinished; done: CopiedSoFar[string] },
): Promise<Unfinished> {
  const to = { ...from, done: { ...from.done, [table.name]: done } }
  await target.transaction().execute(async (trx) => {
    if (!(await changeCopyNote(trx, from, to))) throw new CopyFault('Somebody else is copying into the same target.')
    if (page.length > 0) await insertRows(trx, table, page)
  })
  return to
}

/** Reads the source as it is by now: what was written to it since it was copied shows as well. */
async function compare(
  source: Database,
  target: Database,
  { layout, note, onProgress }: { layout: Layout; note: Unfinished; onProgress: OnProgress },
): Promise<Tally[]> {
  const original = await inSnapshot(source, (snapshot) => tallyTables(snapshot, layout, onProgress))
  const copy = await inSnapshot(target, (snapshot) => tallyTables(snapshot, layout, onProgress))
  const wrong = differences(original, copy)
  if (wrong.length === 0) return original
  // The next run begins anew.
  await changeCopyNote(target, note, { ...note, done: {} })
  throw new CopyFault(
    `The source has changed since it was copied, in: ${wrong.join(', ')}. Stop every service on it, and run this again; it starts over.`,
  )
}

async function finish(
  source: Database,
  target: Database,
  { tables, clock }: { tables: readonly Tally[]; clock: Clock },
): Promise<void> {
  const details = { from: dialectOf(source), to: dialectOf(target), rows: totalRows(tables) }
  await target.transaction().execute(async (trx) => {
    await waitAsLongAsItTakes(trx)
    const about = { now: clock(), caller: null, actor: null, subject: null }
    await record(trx, { name: 'database.copied', details }, about)
    await removeCopyNote(trx)
  })
}
