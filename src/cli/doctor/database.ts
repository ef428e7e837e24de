// Checks of the database: whether it is reached, whether it can be written to, whose schema and whose key it has, and what it
// takes the time to be. Nothing in it is changed.

import { sql } from 'kysely'
import type { Config } from '../../config.ts'
import { type Database, tryWriting } from '../../database/database.ts'
import { schemaState } from '../../database/migrate.ts'
import {
  CannotOpen,
  hasSqliteFile,
  masterKeysFrom,
  messagesIn,
  nameOfDatabase,
  openDatabaseOf,
  whyNotServed,
} from '../../open.ts'
import { openKeyRows, WrongMasterKey } from '../../secrets/key-ring.ts'
import { type Clock, isoTime, minutes, seconds } from '../../time.ts'
import { fail, lengthOf, ok, type Result, warn } from './check.ts'

/** Opens the database for the other checks; null when it cannot be reached. */
export async function reachDatabase(config: Config): Promise<{ db: Database | null; result: Result }> {
  const about = 'Database'
  const name = nameOfDatabase(config)
  if (config.databaseUrl === null && !hasSqliteFile(config))
    return {
      db: null,
      result: fail(
        about,
        `There is none at ${name}.`,
        'Give this command the settings of the service, or start the service once: it makes the database.',
      ),
    }
  let db: Database | null = null
  try {
    db = await openDatabaseOf(config)
    await sql`select 1`.execute(db)
    return { db, result: ok(about, `${name} answers.`) }
  } catch (error) {
    await db?.destroy()
    const todo =
      config.databaseUrl === null
        ? 'Run this as the user who runs the service, and look whether COUNTERSIGN_DATA is right.'
        : 'Look whether it runs, and whether DATABASE_URL is right.'
    return { db: null, result: fail(about, `${name} does not answer: ${messagesIn(error)}`, todo) }
  }
}

/** Checks that the schema is that of this program. */
export async function checkSchema(db: Database): Promise<Result> {
  const about = 'Schema'
  const reason = await whyNotServed(db)
  if (reason !== null) return fail(about, reason, 'Do not work with it by hand either.')
  const state = await schemaState(db)
  if (state === 'current') return ok(about, 'It is that of this version.')
  if (state === 'newer') return fail(about, 'It is that of a newer version.', 'Use the newer version.')
  return state === 'empty'
    ? fail(about, 'The database is empty.', 'Start the service once: it sets the database up.')
    : fail(about, 'It is that of an older version.', 'Start the service: it brings the database up to date.')
}

/** Checks that something can be written, and takes it back. */
export async function checkWriting(db: Database): Promise<Result> {
  const about = 'Writing'
  try {
    await tryWriting(db)
    return ok(about, 'The database can be written to.')
  } catch (error) {
    const todo = 'Look at its permissions, its disk, and whether it is a read-only copy.'
    return fail(about, `The database cannot be written to: ${messagesIn(error)}`, todo)
  }
}

/** Checks that the key is the one that the database was made with, and that no rotation was left in the middle. */
export async function checkKey(config: Config, db: Database): Promise<Result> {
  const about = 'Key'
  const todo = 'Put the right key into COUNTERSIGN_SECRET_KEY, or its file into the data folder.'
  try {
    const { rows } = await openKeyRows(db, () => masterKeysFrom(config))
    if (rows.length === 0) return warn(about, 'The database has no key yet.', 'Start the service once.')
    if (rows.filter(({ retiredAt }) => retiredAt === null).length > 1)
      return warn(about, 'A rotation was begun and not finished.', 'Run countersign rotate-key: it goes on.')
    return ok(about, 'It is the one that the database was made with.')
  } catch (error) {
    if (error instanceof WrongMasterKey) return fail(about, 'It is not the one that the database was made with.', todo)
    return error instanceof CannotOpen
      ? fail(about, error.message, todo)
      : fail(about, `It cannot be checked: ${messagesIn(error)}`, 'Mend first what keeps the database from answering.')
  }
}

const todoClock = 'Keep both clocks set by NTP: verification codes depend on the time.'

/** Compares the clock of this machine with that of the database, and with what was written last. */
export async function checkClock(config: Config, db: Database, clock: Clock): Promise<Result> {
  const about = 'Clock'
  const newest = await db.selectFrom('audit_events').select('at').orderBy('at', 'desc').limit(1).executeTakeFirst()
  if (newest && newest.at > clock() + minutes(1))
    return fail(
      about,
      `The newest audit event is dated ${lengthOf(newest.at - clock())} in the future.`,
      'The clock of this machine, or of the one that wrote it, is or was wrong. Keep them set by NTP.',
    )
  if (config.databaseUrl === null) return ok(about, `${isoTime(clock())} here. SQLite has no other.`)
  const before = clock()
  const { rows } = await sql<{ now: string }>`select extract(epoch from clock_timestamp()) * 1000 as now`.execute(db)
  const off = Math.abs(Number(rows[0]?.now) - (before + clock()) / 2)
  const says = `This machine and the database are ${lengthOf(off)} apart.`
  if (off > seconds(30)) return fail(about, says, todoClock)
  return off > seconds(5) ? warn(about, says, todoClock) : ok(about, says)
}
