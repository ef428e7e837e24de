// Opens the database and proves the key, for the service and for every command alike. The service may make what is missing
// at its first start; a command makes nothing and brings nothing up to date. With the wrong key nothing is written.

import { statSync } from 'node:fs'
import { type Config, keyFilePath, newKeyFilePath, sqliteFilePath } from './config.ts'
import { readCopyNote } from './database/copy-note.ts'
import { type Database, type DatabaseAt, openDatabase } from './database/database.ts'
import { migrate, schemaState } from './database/migrate.ts'
import { wordsOf } from './database/unavailable.ts'
import { createKeyFile, readKeyFile } from './secrets/key-file.ts'
import { type KeyRing, keyRing, openKeyRows, WrongMasterKey } from './secrets/key-ring.ts'
import { beginKeys, readKeyRows } from './secrets/key-table.ts'
import { type MasterKey, masterKey, parseMasterKey } from './secrets/master-key.ts'
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
export async function openForService(config: Config, db: Database, clock: Clock): Promise<KeyRing> {
  return withReasons(async () => {
    await mustBeServed(db)
    if ((await readKeyRows(db)).length === 0) await makeKeyFileWhereNeeded(config)
    await mustHaveRightKey(config, db)
    await migrate(db)
    await beginKeys(db, await masterKeysFrom(config), clock())
    await mustHaveRightKey(config, db)
    const keys = keyRing(() => masterKeysAtHand(config))
    // From the start on it can do without the master key, should that be replaced.
    await keys.newest(db)
    return keys
  })
}

/**
 * Opens what a service has made, for a command. Whoever calls it destroys the database handle. Only a command that takes
 * tables as they are can do with those of an older version.
 */
export async function openForCommand(
  config: Config,
  { mayBeOlder = false } = {},
): Promise<{ db: Database; keys: KeyRing }> {
  mustBeThere(config)
  const db = await openDatabaseOf(config)
  try {
    await withReasons(async () => {
      await mustBeServed(db)
      if ((await readKeyRows(db)).length === 0)
        throw new CannotOpen(
          `The database is empty (${nameOfDatabase(config)}). Start the service once; it sets it up.`,
        )
      await mustHaveRightKey(config, db)
      await mustBeCurrent(db, mayBeOlder)
    })
    return { db, keys: keyRing(() => masterKeysFrom(config)) }
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
export async function proveKeyTo(config: Config, db: Database): Promise<KeyRing> {
  return withReasons(async () => {
    const masterKeys = () => masterKeysFrom(config)
    const { keys } = await openKeyRows(db, masterKeys).catch((error: unknown) => {
      if (error instanceof WrongMasterKey) return { keys: [] }
      throw error
    })
    if (keys.length > 0) return keyRing(masterKeys)
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

/**
 * Reads the master keys that there are: the one in use, and while it is being replaced the new one as well. Files are read
 * anew each time, so that a running process finds the one that has come meanwhile. Throws `CannotOpen` when there is none.
 */
export async function masterKeysFrom(config: Config): Promise<MasterKey[]> {
  const path = keyFilePath(config)
  // The new file first: when it is not there any more, it has become the other one.
  const next =
    fromSetting(config.newSecretKey) ?? (config.secretKey === null ? await fromFile(newKeyFilePath(config)) : null)
  const current = fromSetting(config.secretKey) ?? (await fromFile(path))
  if (!current && !next)
    throw new CannotOpen(
      `The secret key is missing: ${path} is not there and COUNTERSIGN_SECRET_KEY is not set. A new key could not read what the old one sealed.`,
    )
  return [current, next].filter((bytes) => bytes !== null).map(masterKey)
}

/** The same, for whoever runs already: a key that has gone, or cannot be read, is a key that opens nothing. */
async function masterKeysAtHand(config: Config): Promise<MasterKey[]> {
  return masterKeysFrom(config).catch((error: unknown) => {
    if (error instanceof CannotOpen) return []
    throw error
  })
}

function fromSetting(text: string | null): Buffer | null {
  return text === null ? null : parseMasterKey(text)
}

function fromFile(path: string): Promise<Buffer | null> {
  return readKeyFile(path).catch((error: Error) => {
    throw new CannotOpen(error.message)
  })
}

async function makeKeyFileWhereNeeded(config: Config): Promise<void> {
  if (config.secretKey === null) await createKeyFile(keyFilePath(config))
}

async function mustHaveRightKey(config: Config, db: Database): Promise<void> {
  await openKeyRows(db, () => masterKeysFrom(config)).catch((error: unknown) => {
    throw error instanceof WrongMasterKey
      ? new CannotOpen(
          'This is not the secret key that the database was made with. Nothing was changed. Put the right key into COUNTERSIGN_SECRET_KEY, or its file into the data folder.',
        )
      : error
  })
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
