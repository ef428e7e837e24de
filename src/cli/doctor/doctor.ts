// Looks at everything that keeps the service from working, tells each thing on a line, and what to do about it. It changes
// nothing and sends nothing. A check that fails keeps only those from running that cannot do without it.

import { type Config, ConfigFaults, readConfig, unknownSettings } from '../../config.ts'
import type { Database } from '../../database/database.ts'
import { messagesIn } from '../../open.ts'
import { type Command, exitCodes, type Surroundings } from '../command.ts'
import { plain } from '../terminal.ts'
import { checkAdministrators, checkAuditChain } from './accounts.ts'
import { fail, ok, type Result, warn } from './check.ts'
import { checkClock, checkKey, checkSchema, checkWriting, reachDatabase } from './database.ts'
import { checkDataFolder, checkDisk, checkKeyFile } from './host.ts'
import { checkMailServer, checkOutbox } from './mail.ts'

export const doctor: Command = {
  name: 'doctor',
  words: [],
  options: [],
  summary: 'Look for what keeps the service from working, and say what to do.',
  about: [
    'Looks at the settings, the data folder and the key file, the database (reached, written to, its schema, its key, its clock), the mail server (connects, sends nothing), mail that waits, the administrators, the audit chain and the disk. Changes nothing.',
    'Each line says ok, warn or FAIL. The exit code is 1 when a line says FAIL.',
  ],
  examples: ['countersign doctor'],
  run: async (_given, surroundings) => {
    const { terminal } = surroundings
    let failed = 0
    for await (const { state, about, says, todo } of results(surroundings)) {
      if (state === 'fail') failed += 1
      const mark = state === 'fail' ? 'FAIL' : state.padEnd(4)
      await terminal.write(`${mark}  ${about.padEnd(14)}  ${plain(says)}\n`)
      if (todo !== undefined) await terminal.write(`${' '.repeat(22)}→ ${plain(todo)}\n`)
    }
    return failed === 0 ? exitCodes.done : exitCodes.failed
  },
}

async function* results(surroundings: Surroundings): AsyncGenerator<Result> {
  const config = yield* settings(surroundings)
  if (config === null) return
  yield await checkDataFolder(config)
  yield await checkKeyFile(config)
  const { db, result } = await reachDatabase(config)
  yield result
  if (db) {
    try {
      yield* inDatabase(config, db, surroundings)
    } catch (error) {
      // A file that is damaged says so at any of these; the checks that need no database are made all the same.
      yield fail('Database', `It cannot be read: ${messagesIn(error)}`, 'If it is damaged, restore it from a backup.')
    } finally {
      await db.destroy()
    }
  }
  yield await checkMailServer(config)
  yield await checkDisk(config)
}

async function* inDatabase(config: Config, db: Database, { clock }: Surroundings): AsyncGenerator<Result> {
  const schema = await checkSchema(db)
  yield schema
  yield await checkKey(config, db)
  if (schema.state !== 'ok') return
  yield await checkWriting(db)
  yield await checkClock(config, db, clock)
  yield await checkOutbox(db, clock())
  yield await checkAdministrators(db, clock())
  yield await checkAuditChain(db, clock())
}

async function* settings({ environment, folder }: Surroundings): AsyncGenerator<Result, Config | null> {
  for (const name of unknownSettings(environment))
    yield warn('Settings', `${name} is not a setting.`, 'Look whether it is misspelt.')
  try {
    const config = readConfig(environment, folder)
    yield ok('Settings', `All can be read. The address is ${config.url}.`)
    return config
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error
    for (const fault of error.faults) yield fail('Settings', fault, 'Mend it; the other checks need it.')
    return null
  }
}
