// Puts a backup into an empty database, whichever of the two it came from. All rows come in one transaction, together with
// what makes sure that nothing which was used up since the backup works again: until that is done there is nothing to serve.

import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { readCopyNote, type Tally } from '../database/copy-note.ts'
import { type Database, type DatabaseTransaction, dialectOf, openDatabase } from '../database/database.ts'
import { migrate, newestMigration } from '../database/migrate.ts'
import { type Voided, voidWhatMayBeSpent } from '../sign-in/after-restore.ts'
import { type Clock, type Instant, isoTime, minutes } from '../time.ts'
import { type BackupFile, openBackup } from './backup-file.ts'
import { CopyFault } from './fault.ts'
import { type Layout, layoutAt } from './layout.ts'
import { clearTables, copyTables, differences, findUsedTable, type OnProgress, tallyTables } from './rows.ts'

export interface Restored {
  tables: readonly Tally[]
  voided: Voided
}

/** Opens a backup as one of this version. An older one is brought up to date in a copy of its own, below `folder`. */
export async function openAsCurrent(file: string, folder: string, onProgress: OnProgress): Promise<OpenedBackup> {
  const given = await openBackup(file)
  try {
    await given.verify(onProgress)
  } catch (error) {
    await given.db.destroy()
    throw error
  }
  if (!given.isOlder) return { ...given, close: () => given.db.destroy() }
  await given.db.destroy()
  const own = await mkdtemp(join(folder, 'restoring-'))
  const remove = () => rm(own, { recursive: true, force: true })
  try {
    const db = await bringUpToDate(file, join(own, 'backup.sqlite'))
    return {
      ...given,
      db,
      layout: await layoutAt(newestMigration),
      close: () => db.destroy().then(remove),
    }
  } catch (error) {
    await remove()
    throw error
  }
}

export interface OpenedBackup extends BackupFile {
  close(): Promise<void>
}

async function bringUpToDate(file: string, copy: string): Promise<Database> {
  await copyFile(file, copy)
  const db = await openDatabase({ sqliteFile: copy })
  await migrate(db)
  return db
}

/** Fills the target. Throws `CopyFault` when it holds anything, or the clock is behind the backup. */
export async function restore(
  backup: BackupFile,
  target: Database,
  { clock, onProgress }: { clock: Clock; onProgress: OnProgress },
): Promise<Restored> {
  await mustNotBeBehind(backup.db, clock())
  await mustBeEmpty(target, backup.layout)
  await migrate(target)
  return target.transaction().execute(async (trx) => {
    await keepOthersOut(trx)
    await mustBeEmpty(trx, backup.layout)
    await clearTables(trx, backup.layout)
    const tables = await copyTables(backup.db, trx, backup.layout, onProgress)
    const wrong = differences(tables, await tallyTables(trx, backup.layout, onProgress))
    if (wrong.length > 0) throw new CopyFault(`What was written is not what was read, in: ${wrong.join(', ')}.`)
    return { tables, voided: await voidWhatMayBeSpent(trx, { madeAt: backup.madeAt, now: clock() }) }
  })
}

/** Throws `CopyFault` when the clock is behind what was written last: then codes that were used would work again. */
export async function mustNotBeBehind(db: Database, now: Instant): Promise<void> {
  const newest = await db.selectFrom('audit_events').select('at').orderBy('at', 'desc').limit(1).executeTakeFirst()
  if (newest && newest.at > now + minutes(1))
    throw new CopyFault(
      `The clock of this machine says ${isoTime(now)}, and the newest audit event is of ${isoTime(newest.at)}. Set the clock first: which codes still work goes by it.`,
    )
}

/** Throws `CopyFault` unless nobody has used the database yet. */
export async function mustBeEmpty(db: Database, layout: Layout): Promise<void> {
  const used = (await readCopyNote(db)) ? 'copy_note' : await findUsedTable(db, layout)
  if (used === null) return
  const todo =
    dialectOf(db) === 'sqlite' ? 'Move the file away first, with what lies beside it.' : 'Make a new database for it.'
  throw new CopyFault(`The database is not empty: there is something in its table ${used}. ${todo}`)
}

/** A service that is started meanwhile waits, or gives up; it does not make an installation of its own. */
async function keepOthersOut(trx: DatabaseTransaction): Promise<void> {
  if (dialectOf(trx) === 'postgres') await sql`lock table keys in access exclusive mode`.execute(trx)
}
