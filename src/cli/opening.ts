// Opens what a command works on, and closes it however the command ends. What happened meanwhile is linked into the audit
// chain at once: the service may not be running.

import { createLinker } from '../audit/chain.ts'
import { type Config, ConfigFaults, readConfig } from '../config.ts'
import { CopyFault } from '../copying/fault.ts'
import type { Database } from '../database/database.ts'
import { CannotOpen, openForCommand } from '../open.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { SignInParts } from '../sign-in/parts.ts'
import { Failure, type Surroundings } from './command.ts'

export interface Opened {
  config: Config
  db: Database
  keys: KeyRing
  machine: SignInParts
}

/** Reads the settings. Throws `Failure` that names all faults. */
export function settingsFrom({ environment, folder }: Surroundings): Config {
  try {
    return readConfig(environment, folder)
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error
    throw new Failure(`Please mend these settings:\n${error.faults.map((fault) => `  - ${fault}`).join('\n')}`)
  }
}

/** Runs an act on the opened database. Throws `Failure` when it cannot be opened. */
export async function withDatabase<Result>(
  surroundings: Surroundings,
  act: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const config = settingsFrom(surroundings)
  const { clock } = surroundings
  const { db, keys } = await openForCommand(config).catch(tellWhy)
  try {
    const machine = surroundings.createMachine({ config, db, keys, clock })
    // Mails that an act writes carry the name that the service goes by.
    await machine.branding.refresh()
    return await act({ config, db, keys, machine })
  } finally {
    await db.destroy()
  }
}

/** Runs an act on a database that may be of an older version, or on what is there of it. Throws `Failure` as well. */
export async function withTables<Result>(
  surroundings: Surroundings,
  act: (opened: Omit<Opened, 'machine'>) => Promise<Result>,
): Promise<Result> {
  const config = settingsFrom(surroundings)
  const opened = await openForCommand(config, { mayBeOlder: true }).catch(tellWhy)
  try {
    return await act({ config, ...opened })
  } finally {
    await opened.db.destroy()
  }
}

/** Turns a reason that whoever runs the command can do something about into a `Failure`. */
export function tellWhy(error: unknown): never {
  throw error instanceof CannotOpen || error instanceof CopyFault ? new Failure(error.message) : error
}

/** The same for an act that changes something. A chain that cannot be extended is no reason to say that the act failed. */
export async function changeDatabase<Result>(
  surroundings: Surroundings,
  act: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  return withDatabase(surroundings, async (opened) => {
    const result = await act(opened)
    await createLinker(opened.db, opened.keys)
      .link(surroundings.clock())
      .catch(() =>
        surroundings.terminal.say('Note: the event could not be linked now. The running service will do it.'),
      )
    return result
  })
}
