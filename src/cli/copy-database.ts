// The command that moves an installation to another database: the copying itself is in `copying/`; here is where to, what
// must not be open, and what to do afterwards.

import { existsSync, statSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { sql } from 'kysely'
import { createLinker } from '../audit/chain.ts'
import { type Config, faultInPostgresUrl, sqliteFilePath } from '../config.ts'
import { copyDatabase } from '../copying/move.ts'
import { type Database, type DatabaseAt, openDatabase } from '../database/database.ts'
import { isOpenElsewhere } from '../database/sqlite.ts'
import { messagesIn, nameOfPlace } from '../open.ts'
import { amountOf, progressOf } from './backup.ts'
import { type Command, exitCodes, Failure, type Given, type Surroundings, UsageFault } from './command.ts'
import { settingsFrom, tellWhy, withDatabase } from './opening.ts'

export const copyDatabaseCommand: Command = {
  name: 'copy-database',
  words: [],
  options: [
    { name: 'to', value: 'URL', meaning: 'Where to: postgres://… or sqlite:FILE, empty or an unfinished copy.' },
    {
      name: 'to-file',
      value: 'FILE',
      meaning: 'A file that holds the URL, so that its password shows in no list of processes.',
    },
  ],
  summary: 'Copy the whole database into another one, to move from SQLite to PostgreSQL or back.',
  about: [
    'Stop every service on the database first. Where it is in SQLite, the command refuses while anybody has the file open. Nothing in it is changed.',
    'Everything is copied as it is: people stay signed in. At the end both databases are read and compared, row by row. Stopped at any moment, the same command goes on where it was; until it is done no service starts on the target. When the source has changed meanwhile, the command says so, and the next run starts over.',
    'Afterwards start the service with the settings of the new database and the same key.',
  ],
  examples: [
    'countersign copy-database --to-file /run/secrets/new-database-url',
    'countersign copy-database --to postgres://countersign:password@db.example.org/countersign',
    'countersign copy-database --to sqlite:/var/lib/countersign-new/countersign.sqlite',
  ],
  run: async (given, surroundings) => {
    const { clock, terminal } = surroundings
    const to = await targetFrom(given, surroundings)
    mustBeAlone(settingsFrom(surroundings))
    await withDatabase(surroundings, async ({ db, keys }) => {
      const target = await openTarget(to)
      try {
        const onCopying = progressOf(terminal, 'Copying')
        const onChecking = progressOf(terminal, 'Checking')
        const { tables, resumedBehind } = await copyDatabase(db, target, { clock, onCopying, onChecking }).catch(
          tellWhy,
        )
        terminal.progress('')
        await createLinker(target, keys).link(clock())
        const before = resumedBehind === 0 ? '' : `, ${resumedBehind} of them by an earlier run`
        terminal.say(`Copied ${amountOf(tables)} to ${nameOfPlace(to)}${before}, and compared them all.`)
      } finally {
        await target.destroy()
      }
    })
    terminal.say(afterwards(to))
    return exitCodes.done
  },
}

async function targetFrom(given: Given, { folder }: Surroundings): Promise<DatabaseAt> {
  const [typed, file] = [given.option('to'), given.option('to-file')]
  if ((typed === undefined) === (file === undefined)) throw new UsageFault('Give one of --to and --to-file.')
  const url = (typed ?? (await readUrl(resolve(folder, file ?? '')))).trim()
  const [, path] = /^sqlite:(.+)$/.exec(url) ?? []
  if (path !== undefined) return { sqliteFile: resolve(folder, path) }
  if (/^postgres(ql)?:/.test(url)) {
    const fault = faultInPostgresUrl(url)
    if (fault !== null) throw new UsageFault(`The URL ${fault}`)
    return { postgres: url }
  }
  // Not repeated: there may be a password in it.
  throw new UsageFault('The URL must begin with postgres:// or sqlite: .')
}

async function readUrl(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new Failure(`The file with the URL cannot be read: ${error.message}`)
  })
}

/** On PostgreSQL nobody can tell a service from a pool that is left open; there the comparison at the end has to do. */
function mustBeAlone(config: Config): void {
  const file = sqliteFilePath(config)
  if (config.databaseUrl === null && existsSync(file) && isOpenElsewhere(file))
    throw new Failure(`Somebody has ${file} open. Stop every service on it first: what it writes would be lost.`)
}

async function openTarget(to: DatabaseAt): Promise<Database> {
  if ('sqliteFile' in to && existsSync(to.sqliteFile) && !statSync(to.sqliteFile).isFile())
    throw new Failure(`The target, ${to.sqliteFile}, is not a file. Name the file, such as countersign.sqlite in it.`)
  if ('sqliteFile' in to) await mkdir(dirname(to.sqliteFile), { recursive: true, mode: 0o700 })
  const cannotBeUsed = (error: unknown): never => {
    throw new Failure(`The target, ${nameOfPlace(to)}, cannot be used: ${messagesIn(error)}`)
  }
  const target = await openDatabase(to).catch(cannotBeUsed)
  try {
    await sql`select 1`.execute(target)
    return target
  } catch (error) {
    await target.destroy()
    return cannotBeUsed(error)
  }
}

function afterwards(to: DatabaseAt): string {
  const setting = 'postgres' in to ? 'DATABASE_URL for it' : 'COUNTERSIGN_DATA for its folder, and no DATABASE_URL'
  return `Now start the service with ${setting}, and the same key. The database that it was copied from is as it was: delete it once all is well, for it holds the same secrets.`
}
