// The note in a database that is a copy: a backup, or a copy that is still being made. No migration makes this table, and
// whoever would serve or work with a database looks for it first: where it stands, nobody signs in.

import { sql } from 'kysely'
import type { Instant } from '../time.ts'
import { changedRows, type Database, hasTable } from './database.ts'

/** What there is of one table: how many rows, and the sum over their contents. */
export interface Tally {
  table: string
  rows: number
  sum: string
}

export type CopyNote =
  | { kind: 'backup'; madeAt: Instant; tables: readonly Tally[] }
  /** `of` is what tells the original from other databases, `done` how far each table has come. */
  | { kind: 'unfinished-copy'; of: string; done: CopiedSoFar }

/** For each table that was begun: the rows that are there, the key of the last of them, and whether there are no more. */
export type CopiedSoFar = Readonly<Record<string, { rows: number; last: readonly unknown[]; complete: boolean }>>

/** Reads the note; null for a database that is not a copy, or a whole one. */
export async function readCopyNote(db: Database): Promise<CopyNote | null> {
  if (!(await hasTable(db, 'copy_note'))) return null
  const { rows } = await sql<{ note: string }>`select note from copy_note where id = 1`.execute(db)
  return rows[0] ? (JSON.parse(rows[0].note) as CopyNote) : null
}

/** Puts the first note into a database. */
export async function addCopyNote(db: Database, note: CopyNote): Promise<void> {
  await db.schema
    .createTable('copy_note')
    .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
    .addColumn('note', 'text', (c) => c.notNull())
    .execute()
  await sql`insert into copy_note (id, note) values (1, ${JSON.stringify(note)})`.execute(db)
}

/** Puts another note in place of the one that was read; false when somebody else has done so meanwhile. */
export async function changeCopyNote(db: Database, from: CopyNote, to: CopyNote): Promise<boolean> {
  const changed = await sql`
    update copy_note set note = ${JSON.stringify(to)} where id = 1 and note = ${JSON.stringify(from)}`.execute(db)
  return changedRows({ numUpdatedRows: changed.numAffectedRows }) === 1
}

/** Takes the note away: the copy is whole, and a database like any other. */
export async function removeCopyNote(db: Database): Promise<void> {
  await db.schema.dropTable('copy_note').execute()
}
