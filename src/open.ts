// Opens the database and proves the key, for the service and for every command alike. The service may make what is missing
// at its first start; a command makes nothing and brings nothing up to date. With the wrong key nothing is written.

import { statSync } from 'node:fs'
import { type Config, keyFilePath, sqliteFilePath } from './config.ts'
import { readCopyNote } from './database/copy-note.ts'
import { type Database, type DatabaseAt, openDatabase } from './database/database.ts'
import { migrate, schemaState } from './database/migrate.ts'
import { wordsOf } from './database/unavailable.ts'
import { createKeyFile, type MasterKey, masterKey, parseMasterKey, readKeyFile } from './secrets/master-key.ts'
import { confirmKey, hasKeyCheck, isKeyOf, sealerFor } from './secrets/sealing.ts'
import type { Clock } from './time.ts'

/** A reason not to go on that the operator can do something about: told in a sentence, without a stack. */
export class CannotOpen extends Error {}

/** Opens the database of the settings; makes the SQLite file when it is missing. Throws `CannotOpen` where it may not. */
export function openDatabaseOf(config: Config): Promise<Database> {
  return withReasons(() => openDatabase(placeOf(config)))
}

function placeOf(config: Config): DatabaseAt {
  return config.databaseUrl === null
    ? { sqliteFile: sqliteFilePath(config) }
    : { postgres: config.databaseUrl, connections: config.databaseConnections }
}

/** Tells whether there is a SQLite file. What may not be looked at may well be there: opening it says why it cannot be. */
export function hasSqliteFile(config: Config): boolean {
  try {
    statSync(sqliteFilePath(config))
    return true
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

/** Tells, without passwords, where the database of the settings is. */
export function nameOfDatabase(config: Config): string {
  return nameOfPlace(placeOf(config))
}

/** Tells, without passwords, where a database is. */
export function nameOfPlace(at: DatabaseAt): string {
  if ('sqliteFile' in at) return at.sqliteFile
  const url = new URL(at.postgres)
  return `PostgreSQL at ${url.host}${url.pathname}`
}

/**
 * Proves the key, then brings the database up to date. In this order: with the wrong key, or none, nothing is written to
 * a database that another key has sealed.
 */
export async function openForService(config: Config, db: Database, clock: Clock): Promise<MasterKey> {
  return withReasons(async () => {
    await mustBeServed(db)
    const isSealed = await hasKeyCheck(db)
    const key = masterKey(await keyBytes(config, { mayCreate: !isSealed }))
    if (isSealed) await mustBeRight(key, db, clock)
    await migrate(db)
    await mustBeRight(key, db, clock)
    return key
  })
}

/**
 * Opens what a service has made, for a command. Whoever calls it destroys the database handle. Only a command that takes
 * tables as they are can do with those of an older version.
 */
export async function openForCommand(
  config: Config,
  clock: Clock,
  { mayBeOlder = false } = {},
): Promise<{ db: Database; key: MasterKey }> {
  mustBeThere(config)
  const db = await openDatabaseOf(config)
  try {
    const key = await withReasons(async () => {
      await mustBeServed(db)
      if (!(await hasKeyCheck(db)))
        throw new CannotOpen(
          `The database is empty (${nameOfDatabase(config)}). Start the service once; it sets it up.`,
        )
      const proved = masterKey(await keyBytes(config, { mayCreate: false }))
      await mustBeRight(proved, db, clock)
      await mustBeCurrent(db, mayBeOlder)
      return proved
    })
    return { db, key }
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/** Refuses to make a SQLite file where none is: the settings of whoever runs the command may not be those of the service. */
function mustBeThere(config: Config): void {
  if (config.databaseUrl === null && !hasSqliteFile(config))
    throw new CannotOpen(
      `There is no database at ${sqliteFilePath(config)}. Commands need the settings that the service is started with, such as COUNTERSIGN_DATA or DATABASE_URL.`,
    )
}

/** Proves the key to a database that can only be read, such as a backup. Throws `CannotOpen` when it is another one. */
export async function proveKeyTo(config: Config, db: Database): Promise<MasterKey> {
  return withReasons(async () => {
    const key = masterKey(await keyBytes(config, { mayCreate: false }))
    if (await isKeyOf(db, sealerFor(key))) return key
    throw new CannotOpen(
      'This is not the secret key of that database. Put the right key into COUNTERSIGN_SECRET_KEY, or its file into the data folder.',
    )
  })
}

/** Tells why a database is not to be served: what was used up would work again in it, or half of it is not there yet. */
export async function whyNotServed(db: Database): Promise<string | null> {
  const note = await readCopyNote(db)
  if (note === null) return null
  return note.kind === 'unfinished-copy'
    ? 'This database is a copy that is not finished. Run countersign copy-database again, or remove it and make a new one.'
    : 'This database is a backup that was put in place as it is: links and codes that were used since would work again. Move it away, and put it back with: countersign restore FILE'
}

async function mustBeServed(db: Database): Promise<void> {
  const reason = await whyNotServed(db)
  if (reason !== null) throw new CannotOpen(reason)
}

async function mustBeCurrent(db: Database, mayBeOlder: boolean): Promise<void> {
  const state = await schemaState(db)
  if (mayBeOlder && state === 'older') return
  if (state === 'newer')
    throw new CannotOpen('The database belongs to a newer version of Countersign. Use the command of that version.')
  if (state !== 'current')
    throw new CannotOpen('The database is of an older version. Start the service once; it brings it up to date.')
}

/** Reads the key from the settings or its file; makes the file where that is allowed. */
export async function keyBytes(config: Config, { mayCreate }: { mayCreate: boolean }): Promise<Buffer> {
  if (config.secretKey !== null) {
    const bytes = parseMasterKey(config.secretKey)
    if (!bytes) throw new CannotOpen('COUNTERSIGN_SECRET_KEY is not a key.')
    return bytes
  }
  const path = keyFilePath(config)
  const existing = await readKeyFile(path).catch((error: Error) => {
    throw new CannotOpen(error.message)
  })
  if (existing) return existing
  if (!mayCreate)
    throw new CannotOpen(
      `The secret key is missing: ${path} is not there and COUNTERSIGN_SECRET_KEY is not set. A new key could not read what the old one sealed.`,
    )
  return createKeyFile(path)
}

async function mustBeRight(key: MasterKey, db: Database, clock: Clock): Promise<void> {
  if (await confirmKey(db, sealerFor(key), clock())) return
  throw new CannotOpen(
    'This is not the secret key that the database was made with. Nothing was changed. Put the right key into COUNTERSIGN_SECRET_KEY, or its file into the data folder.',
  )
}

async function withReasons<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof CannotOpen) throw error
    throw new CannotOpen(`The database cannot be used. ${messagesIn(error)}`, { cause: error })
  }
}

/** What a failure and its cause say, without their stacks. */
export function messagesIn(error: unknown): string {
  const told = error instanceof Error ? [error, error.cause].filter((one) => one instanceof Error) : []
  return [...new Set(told.map(wordsOf).filter(Boolean))].join(' ')
}
