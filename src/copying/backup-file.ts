// A backup as a file: opened to be read only, and found to be whole or not. A file that SQLite itself has copied is taken as
// well; it has no note, so only SQLite can say whether it is whole.

import { existsSync, statSync } from 'node:fs'
import { sql } from 'kysely'
import { readCopyNote } from '../database/copy-note.ts'
import { type Database, openDatabase } from '../database/database.ts'
import { schemaOf } from '../database/migrate.ts'
import type { Instant } from '../time.ts'
import { CopyFault } from './fault.ts'
import { type Layout, layoutAt } from './layout.ts'
import { differences, type OnProgress, tallyTables } from './rows.ts'

export interface BackupFile {
  db: Database
  /** What it consists of. */
  layout: Layout
  /** Whether it is of an older version. */
  isOlder: boolean
  /** Null for a file without a note. */
  madeAt: Instant | null
  /** Reads everything. Throws `CopyFault` when it is not as it was written. */
  verify(onProgress: OnProgress): Promise<void>
}

/** Opens a backup; whoever does so destroys its handle. Throws `CopyFault` for a file that is none. */
export async function openBackup(file: string): Promise<BackupFile> {
  if (!existsSync(file)) throw new CopyFault(`There is no file ${file}.`)
  if (statSync(file).isDirectory()) throw new CopyFault(`${file} is a folder. Name the file of the backup.`)
  const isNone = (error: unknown) =>
    new CopyFault(
      `${file} cannot be read as a backup of Countersign: ${error instanceof Error ? error.message : error}.`,
    )
  const db = await openDatabase({ sqliteFile: file, to: 'read' }).catch((error: unknown) => {
    throw isNone(error)
  })
  try {
    return await readBackup(file, db).catch((error: unknown) => {
      throw error instanceof CopyFault ? error : isNone(error)
    })
  } catch (error) {
    await db.destroy()
    throw error
  }
}

async function readBackup(file: string, db: Database): Promise<BackupFile> {
  const { state, migration } = await schemaOf(db)
  if (migration === null) throw new CopyFault(`${file} is not a backup of Countersign.`)
  if (state === 'newer') throw new CopyFault(`${file} was made by a newer version of Countersign. Use that version.`)
  const note = await readCopyNote(db)
  if (note?.kind === 'unfinished-copy') throw new CopyFault(`${file} is a copy that was never finished.`)
  const layout = await layoutAt(migration)
  const verify = async (onProgress: OnProgress) => {
    await mustBeWhole(file, db)
    const wrong = note ? differences(note.tables, await tallyTables(db, layout, onProgress)) : []
    if (wrong.length > 0)
      throw new CopyFault(`${file} is damaged. These tables are not as written: ${wrong.join(', ')}.`)
  }
  return { db, layout, isOlder: state === 'older', madeAt: note?.madeAt ?? null, verify }
}

async function mustBeWhole(file: string, db: Database): Promise<void> {
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check(5)`.execute(db)
  const said = rows.map((row) => row.integrity_check)
  if (said.join() !== 'ok') throw new CopyFault(`${file} is damaged: ${said.join('; ')}`)
  const { rows: orphans } = await sql<{ table: string }>`select "table" from pragma_foreign_key_check`.execute(db)
  if (orphans[0]) throw new CopyFault(`${file} is damaged: rows of ${orphans[0].table} belong to nothing.`)
}
