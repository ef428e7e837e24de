// The note in a database that is a backup. No migration makes this table, and whoever would serve or work with a database
// looks for it first: where it stands, nobody signs in.

import { sql } from 'kysely'
import type { Instant } from '../time.ts'
import { type Database, hasTable } from './database.ts'

/** What there is of one table: how many rows, and the sum over their contents. */
export interface Tally {
  table: string
  rows: number
  sum: string
}

export interface CopyNote {
  kind: 'backup'
  madeAt: Instant
  tables: readonly Tally[]
}

/** Reads the note; null for a database that is no backup. */
export async function readCopyNote(db: Database): Promise<CopyNote | null> {
  if (!(await hasTable(db, 'copy_note'))) return null
  const { rows } = await sql<{ note: string }>`select note from copy_note where id = 1`.execute(db)
  return rows[0] ? (JSON.parse(rows[0].note) as CopyNote) : null
}

/** Puts the note into a database. */
export async function addCopyNote(db: Database, note: CopyNote): Promise<void> {
  await db.schema
    .createTable('copy_note')
    .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
    .addColumn('note', 'text', (c) => c.notNull())
    .execute()
  await sql`insert into copy_note (id, note) values (1, ${JSON.stringify(note)})`.execute(db)
}
