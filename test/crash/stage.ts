/**
 * What is tried: the built service as one process on SQLite, or as several on one PostgreSQL, each on a port that stays its own
 * however often it is killed and started again. Whatever was started ends with the stage.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Database, type DatabaseAt, openDatabase } from '../../src/database/database.ts'
import { type KeyRing, keyRing } from '../../src/secrets/key-ring.ts'
import { masterKey } from '../../src/secrets/master-key.ts'
import { freePort } from '../support/child.ts'
import { inDatabase } from '../support/in-database.ts'
import { origin } from '../support/origin.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'

export interface Start {
  /** How many milliseconds it took. */
  took: number
  /** For how many of them others had the cores: clients, the other process, whatever else the machine does. */
  waited: number
}

export interface Stage {
  keys: KeyRing
  ports: readonly number[]
  /** The write-ahead log of SQLite; null on PostgreSQL. */
  log: string | null
  /** Does something in the database, past any service. On SQLite it is open only meanwhile: a killed process leaves a log that the next one has to find alone. */
  inDatabase<Result>(act: (db: Database) => Promise<Result>): Promise<Result>
  isUp(place: number): boolean
  /** How often the process at the place has been started. */
  life(place: number): number
  /** Waits until a process is up at the place. */
  untilUp(place: number): Promise<void>
  /** Waits until the process at the place says that it is ready, as a proxy would ask it. */
  untilReady(place: number): Promise<void>
  /** Kills at once, without a word. */
  kill(place: number): Promise<void>
  /** Stops as an operator does. Resolves to the exit code. */
  stop(place: number): Promise<number | null>
  /** Starts again, and waits until the process says that it is ready. */
  start(place: number): Promise<Start>
  /** Stops the clock of a process, or lets it go on. */
  pause(place: number): void
  goOn(place: number): void
  /** What any process wrote about a request, by its number. */
  saidAbout(request: string): string
  close(): Promise<void>
}

/** In milliseconds. A process that has not come up by then will not: whoever waits for it would never hear why. */
const longestAbsence = 90_000

/** Sets the stage with so many processes; SQLite where no database is given. The database is empty or only migrated. */
export async function setStage(postgres: string | null, processes: number): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-crash-'))
  const at: DatabaseAt = postgres === null ? { sqliteFile: join(folder, 'countersign.sqlite') } : { postgres }
  const secret = randomBytes(32)
  const ports = await Promise.all(Array.from({ length: processes }, () => freePort()))
  const settings = {
    COUNTERSIGN_URL: origin,
    COUNTERSIGN_HOST: '127.0.0.1',
    COUNTERSIGN_TRUSTED_PROXIES: '127.0.0.1',
    COUNTERSIGN_DATA: folder,
    COUNTERSIGN_SECRET_KEY: secret.toString('hex'),
    COUNTERSIGN_ADMIN_EMAIL: 'root@example.org',
    COUNTERSIGN_ADMIN_PASSWORD: 'quite a long password for root',
    COUNTERSIGN_LOG_LEVEL: 'warn',
    ...(postgres === null ? {} : { DATABASE_URL: postgres }),
  }
  const running: (ServiceProcess | null)[] = ports.map(() => null)
  const lives = ports.map(() => 0)
  const outputs: (() => string)[] = []
  const db = postgres === null ? null : await openDatabase(at)
  const end = async (place: number, signal: 'SIGKILL' | 'SIGTERM') => {
    const ending = running[place]
    running[place] = null
    return ending ? ending.stop(signal) : null
  }
  const signal = (place: number, name: NodeJS.Signals) => {
    const pid = running[place]?.pid
    try {
      if (pid) process.kill(pid, name)
    } catch {
      // It has ended by itself; whoever waits for its end learns how.
    }
  }
  // For a run that is broken off: then nobody closes the stage.
  const leaveNothing = () => {
    for (const place of ports.keys()) signal(place, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', leaveNothing)
  const stage: Stage = {
    keys: keyRing(async () => [masterKey(secret)]),
    ports,
    log: 'sqliteFile' in at ? `${at.sqliteFile}-wal` : null,
    inDatabase: (act) => (db ? act(db) : inDatabase({ at }, act)),
    isUp: (place) => running[place] !== null,
    life: (place) => lives[place] ?? 0,
    untilUp: async (place) => {
      for (const end = performance.now() + longestAbsence; running[place] === null; await wait(10))
        if (performance.now() > end) throw new Error(`Nothing has come up at place ${place} for ${longestAbsence} ms.`)
    },
    kill: async (place) => {
      signal(place, 'SIGKILL')
      await end(place, 'SIGKILL')
    },
    stop: (place) => end(place, 'SIGTERM'),
    start: async (place) => {
      const began = performance.now()
      const started = await startProcess({ ...settings, PORT: String(ports[place]) })
      await untilReady(started.listens)
      const took = performance.now() - began
      running[place] = started
      lives[place] = (lives[place] ?? 0) + 1
      outputs.push(started.output)
      return { took, waited: Math.min(took, waitedForCores(started.pid)) }
    },
    untilReady: (place) => untilReady(`http://127.0.0.1:${ports[place]}`),
    pause: (place) => signal(place, 'SIGSTOP'),
    goOn: (place) => signal(place, 'SIGCONT'),
    saidAbout: (request) =>
      outputs
        .flatMap((output) => output().split('\n'))
        .filter((line) => line.includes(request))
        .join('\n'),
    close: async () => {
      await Promise.all(ports.map((_, place) => end(place, 'SIGKILL')))
      await db?.destroy()
      process.off('exit', leaveNothing)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    for (const place of ports.keys()) await stage.start(place)
  } catch (error) {
    await stage.close()
    throw error
  }
  return stage
}

async function untilReady(address: string): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await wait(20)) {
    const answer = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(10_000) }).catch(() => null)
    await answer?.body?.cancel()
    if (answer?.status === 200) return
  }
  throw new Error(`What listens at ${address} is not ready after a minute.`)
}

/** How many milliseconds the main thread of a process was ready to run and did not get to; 0 where the kernel does not tell. */
function waitedForCores(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1_000_000
  } catch {
    return 0
  }
}
