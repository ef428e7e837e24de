// Checks of the machine: the data folder and the key file, who may read them, and how much room there is.

import { existsSync } from 'node:fs'
import { access, constants, stat, statfs } from 'node:fs/promises'
import { type Config, keyFilePath, newKeyFilePath } from '../../config.ts'
import { fail, ok, type Result, warn } from './check.ts'

const todoUser = 'Run commands as the user who runs the service.'
const mebibyte = 1024 * 1024

/** Checks that the data folder is there and is its owner's alone. */
export async function checkDataFolder({ dataFolder, databaseUrl }: Config): Promise<Result> {
  const about = 'Data folder'
  const found = await stat(dataFolder).catch(() => null)
  if (!found?.isDirectory())
    return fail(
      about,
      `${dataFolder} is not there.`,
      'Give this command the COUNTERSIGN_DATA of the service, or start the service once: it makes the folder.',
    )
  if ((found.mode & 0o077) !== 0) {
    const says = `${dataFolder} can be entered by others than its owner.`
    const todo = `Run: chmod 700 ${dataFolder}`
    return databaseUrl === null ? fail(about, says, todo) : warn(about, says, todo)
  }
  const self = process.getuid?.()
  if (self !== undefined && self !== found.uid)
    return warn(
      about,
      `${dataFolder} belongs to another user than the one who runs this.`,
      'Run commands as the user who runs the service, so that no file is made that it cannot write.',
    )
  return ok(about, `${dataFolder} is its owner’s alone.`)
}

/** Checks the file of the secret key, where there is one, and that its replacement was not left in the middle. */
export async function checkKeyFile(config: Config): Promise<Result> {
  const about = 'Key file'
  if (config.secretKey !== null) return ok(about, 'Not needed: the key is a setting.')
  const path = keyFilePath(config)
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error)
  if (found instanceof Error && !['ENOENT', 'ENOTDIR'].includes(found.code ?? ''))
    return fail(about, `${path} cannot be looked at: ${found.message}`, todoUser)
  if (found instanceof Error)
    return fail(
      about,
      `${path} is not there, and COUNTERSIGN_SECRET_KEY is not set.`,
      'Put the key back from where you keep it. On a new installation, start the service once.',
    )
  const mayRead = await access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
  if (!mayRead) return fail(about, `${path} cannot be read by the user who runs this.`, todoUser)
  if ((found.mode & 0o077) !== 0)
    return fail(about, `${path} can be read by others than its owner.`, `Run: chmod 600 ${path}`)
  if (existsSync(newKeyFilePath(config)))
    return warn(
      about,
      `${newKeyFilePath(config)} is there: the key was to be replaced, and that was not finished.`,
      'Run countersign rotate-key --master: it goes on. Until then, keep both files.',
    )
  return ok(about, `${path} is its owner’s alone.`)
}

/** Checks that there is room on the disk of the data folder. */
export async function checkDisk({ dataFolder }: Config): Promise<Result> {
  const about = 'Disk'
  const found = await statfs(dataFolder).catch(() => null)
  if (!found) return warn(about, 'The room on the disk cannot be asked for.', 'Look at it yourself, with df.')
  const free = Math.floor((found.bavail * found.bsize) / mebibyte)
  const says = `${free} MiB are free at ${dataFolder}.`
  if (free < 100) return fail(about, says, 'Make room: without it, nothing can be written and nobody can sign in.')
  return free < 1024 ? warn(about, says, 'Make room soon.') : ok(about, says)
}
