/**
 * The built service as an operator runs it: `node dist/server/main.js`, with a data folder, a port and an address of its
 * own. Nothing of it is left when it is stopped. The build has to be there (`npm run build`).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endChild, freePort } from './child.ts'

export interface ServiceProcess {
  /** The public address. */
  url: string
  /** Where it listens, whatever its public address is. */
  listens: string
  /** The one-time link that it printed; null when there is an administrator already. */
  setUpLink: string | null
  /** Where it keeps its database and key. */
  dataFolder: string
  /** What it believes the time to be, in milliseconds. */
  now(): number
  /** Puts its clock forward; only for one that was started with `movableClock`. */
  moveClock(milliseconds: number): Promise<void>
  /** Everything that it has written so far. */
  output(): string
  /** The number of the process. */
  pid: number
  /** Asks it to stop, waits until it has, and deletes its data. Resolves to its exit code. `SIGTERM` is what a proxy is given time for. */
  stop(signal?: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

const longestStart = 30_000
const main = join(import.meta.dirname, '../../dist/server/main.js')
const clock = join(import.meta.dirname, 'movable-clock.ts')

/** Starts the service and waits until it says that it is ready. `settings` are environment variables. */
export async function startProcess(
  settings: Readonly<Record<string, string>> = {},
  { movableClock = false } = {},
): Promise<ServiceProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
  const dataFolder = join(folder, 'data')
  const port = Number(settings.PORT ?? (await freePort()))
  const url = `http://localhost:${port}`
  const child = spawn(process.execPath, [...(movableClock ? ['--import', clock] : []), main], {
    cwd: folder,
    // Nothing of the surroundings goes in: a setting of the machine that runs the tests must not change them.
    env: { PORT: String(port), COUNTERSIGN_URL: url, COUNTERSIGN_DATA: dataFolder, ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const stop = async (signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' = 'SIGINT') => {
    const code = await endChild(child, signal)
    rmSync(folder, { recursive: true, force: true })
    return code
  }
  try {
    await untilReady(child, () => output.includes('is ready at'))
  } catch (error) {
    await stop()
    throw new Error(`The service did not start. It wrote:\n${output}`, { cause: error })
  }
  const setUpLink = /^\s*(http\S+\/set-up\?token=\S+)$/m.exec(output)?.[1] ?? null
  let ahead = 0
  const moveClock = async (milliseconds: number) => {
    const moved = once(child, 'message')
    child.send(milliseconds)
    await moved
    ahead += milliseconds
  }
  const listens = `http://127.0.0.1:${port}`
  return {
    pid: child.pid ?? 0,
    url,
    listens,
    setUpLink,
    dataFolder,
    now: () => Date.now() + ahead,
    moveClock,
    output: () => output,
    stop,
  }
}

function untilReady(child: ChildProcess, isReady: () => boolean): Promise<void> {
  return new Promise((ready, failed) => {
    const timer = setTimeout(() => failed(new Error(`not ready after ${longestStart} ms`)), longestStart)
    const settle = (act: () => void) => {
      clearTimeout(timer)
      act()
    }
    child.stdout?.on('data', () => isReady() && settle(ready))
    child.once('error', (error) => settle(() => failed(error)))
    child.once('exit', (code) => settle(() => failed(new Error(`it ended with ${code}`))))
  })
}
