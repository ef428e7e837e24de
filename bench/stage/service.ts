// The service as an operator runs it: the built file in a process of its own, with the log on. What it writes goes into a
// file, so that reading it costs the benchmark nothing.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { DatabaseAt } from '../../src/database/database.ts'
import { endChild, freePort } from '../../test/support/child.ts'
import { secretKey } from '../seeding/people.ts'

export interface RunningProcess {
  pid: number
  port: number
  stop(): Promise<unknown>
}

export interface ServiceOptions {
  database: DatabaseAt
  /** Its data folder, which holds the SQLite file where that is the database. */
  folder: string
  /** The only processor core that it may use; null for all. */
  core?: number | null
  /** What else Node.js is told, such as `--cpu-prof`. */
  nodeOptions?: readonly string[]
}

const main = join(import.meta.dirname, '../../dist/server/main.js')

/** Where the service looks for its SQLite file in this folder. */
export function sqliteFileIn(folder: string): string {
  return join(folder, 'countersign.sqlite')
}

/** Starts the service and waits until it answers. */
export async function startService(options: ServiceOptions): Promise<RunningProcess> {
  const port = await freePort()
  const settings = {
    PORT: String(port),
    COUNTERSIGN_HOST: '127.0.0.1',
    COUNTERSIGN_URL: `http://localhost:${port}`,
    COUNTERSIGN_DATA: options.folder,
    COUNTERSIGN_SECRET_KEY: secretKey.toString('base64'),
    // The driver says for each person where they call from, as a proxy would.
    COUNTERSIGN_TRUSTED_PROXIES: '127.0.0.1',
    ...('postgres' in options.database ? { DATABASE_URL: options.database.postgres } : {}),
  }
  const { core = null, nodeOptions = [] } = options
  return startNode([...nodeOptions, main], { settings, port, core, folder: options.folder, path: '/healthz' })
}

/** Starts a file with Node.js, waits until it answers at a path, and gives what ends it. */
export async function startNode(
  words: readonly string[],
  {
    settings,
    port,
    core = null,
    folder,
    path,
  }: {
    settings: Readonly<Record<string, string>>
    port: number
    core?: number | null
    folder: string
    path: string
  },
): Promise<RunningProcess> {
  mkdirSync(folder, { recursive: true })
  const logFile = join(folder, `log-${port}`)
  const log = openSync(logFile, 'a')
  const command = core === null ? [process.execPath] : ['taskset', '--cpu-list', String(core), process.execPath]
  const [program = '', ...before] = command
  const child = spawn(program, [...before, ...words], { cwd: folder, env: settings, stdio: ['ignore', log, log] })
  closeSync(log)
  const running = { pid: child.pid ?? 0, port, stop: () => endChild(child) }
  try {
    await untilAnswering(child, `http://127.0.0.1:${port}${path}`)
  } catch (error) {
    await running.stop()
    throw new Error(`A process of the benchmark did not start. It wrote:\n${readFileSync(logFile, 'utf8')}`, {
      cause: error,
    })
  }
  return running
}

async function untilAnswering(child: ChildProcess, url: string): Promise<void> {
  let ended: string | null = null
  child.once('error', (error) => {
    ended = error.message
  })
  for (let waited = 0; waited < 30_000; waited += 2) {
    if (child.exitCode !== null || ended !== null) throw new Error(`It ended: ${ended ?? child.exitCode}.`)
    const answered = await fetch(url, { headers: { connection: 'close' } }).then(
      async (response) => response.text().then(() => response.ok),
      () => false,
    )
    if (answered) return
    await wait(2)
  }
  throw new Error('It did not answer within half a minute.')
}
