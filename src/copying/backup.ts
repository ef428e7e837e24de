// Makes a backup: one SQLite file, from SQLite and PostgreSQL alike, of the database as it was at one moment, while others
// go on writing. It is written under another name, read again and compared, reaches the disk, and then gets its name: a file
// with that name is whole.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { addCopyNote, type Tally } from '../database/copy-note.ts'
import { type Database, inSnapshot, openDatabase } from '../database/database.ts'
import { migrate, schemaOf } from '../database/migrate.ts'
import type { Clock, Instant } from '../time.ts'
import { openBackup } from './backup-file.ts'
import { CopyFault } from './fault.ts'
import { layoutAt } from './layout.ts'
import { clearTables, copyTables, type OnProgress } from './rows.ts'

export interface MadeBackup {
  madeAt: Instant
  tables: readonly Tally[]
}

export interface BackupWish {
  file: string
  /** Whether a file that is there may be replaced. */
  overwrite: boolean
  clock: Clock
  onCopying: OnProgress
  onChecking: OnProgress
}

/** Writes a backup. Throws `CopyFault` when the file is there already, is not to be replaced, or is not what it should have become. */
export async function writeBackup(source: Database, wish: BackupWish): Promise<MadeBackup> {
  const draft = `${wish.file}.${randomBytes(4).toString('hex')}.unfinished`
  if (!existsSync(dirname(wish.file))) throw new CopyFault(`There is no folder ${dirname(wish.file)}. Make it first.`)
  if (existsSync(wish.file)) await mayBeReplaced(wish)
  try {
    const made = await fill(source, draft, wish)
    await check(draft, wish.onChecking)
    await reachDisk(draft, 'r+')
    await giveName(draft, wish)
    await reachDisk(dirname(wish.file), 'r')
    return made
  } catch (error) {
    if (error instanceof CopyFault) throw error
    throw new CopyFault(`The backup cannot be made: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  } finally {
    for (const path of [draft, `${draft}-journal`]) await rm(path, { force: true })
  }
}

/** Only an older backup, or an empty file, gives way: whatever else has that name may be the key, or the database itself. */
async function mayBeReplaced({ file, overwrite }: BackupWish): Promise<void> {
  if (!overwrite) throw isTaken(file)
  const found = await stat(file)
  if (found.isFile() && (found.size === 0 || (await isBackup(file)))) return
  throw new CopyFault(`${file} is no backup, so it is not replaced. Choose another name, or remove it yourself.`)
}

async function isBackup(file: string): Promise<boolean> {
  const opened = await openBackup(file).catch((error: unknown) => {
    if (error instanceof CopyFault) return null
    throw error
  })
  await opened?.db.destroy()
  return opened !== null && opened.madeAt !== null
}

async function fill(source: Database, draft: string, { clock, onCopying }: BackupWish): Promise<MadeBackup> {
  return inSnapshot(source, async (snapshot) => {
    const madeAt = clock()
    const { state, migration } = await schemaOf(snapshot)
    if (migration === null || state === 'newer') throw new CopyFault('There is nothing in this database to back up.')
    const target = await openDatabase({ sqliteFile: draft, to: 'draft' })
    try {
      await migrate(target, migration)
      const layout = await layoutAt(migration)
      const tables = await target.transaction().execute(async (trx) => {
        await clearTables(trx, layout)
        const copied = await copyTables(snapshot, trx, layout, onCopying)
        await addCopyNote(trx, { kind: 'backup', madeAt, tables: copied })
        return copied
      })
      return { madeAt, tables }
    } finally {
      await target.destroy()
    }
  })
}

/** Reads it all again, as a restore would. */
async function check(draft: string, onChecking: OnProgress): Promise<void> {
  const { db, verify } = await openBackup(draft)
  try {
    await verify(onChecking)
  } finally {
    await db.destroy()
  }
}

async function reachDisk(path: string, flags: 'r' | 'r+'): Promise<void> {
  const file = await open(path, flags)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The name is claimed first, so that of several backups to one name one is told that it is taken. */
async function giveName(draft: string, { file, overwrite }: BackupWish): Promise<void> {
  if (!overwrite) {
    const claimed = await open(file, 'wx', 0o600).catch((error: unknown) => {
      throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? isTaken(file) : error
    })
    await claimed.close()
  }
  await rename(draft, file)
}

const isTaken = (file: string) =>
  new CopyFault(`${file} is there already. Choose another name, or replace it with --overwrite.`)
