/**
 * A throw-away PostgreSQL: only loopback, a free port, a password of its own, in a folder that goes with it. The tests share
 * one for a whole run; the benchmark starts its own. It ends with the process that started it, however that ends.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from './child.ts'

export interface Cluster {
  /** Of the database `postgres` in it, as a user who may do everything. */
  url: string
  /** The process whose children do the work. */
  readonly pid: number
  /** Ends it and starts it again. `immediate` gives it no time to put anything in order, as a power cut would. */
  restart(how: 'fast' | 'immediate'): Promise<void>
  stop(): Promise<void>
}

type Owner = { uid: number; gid: number }

const installed = '/usr/lib/postgresql'

function findPrograms(): string {
  const versions = existsSync(installed) ? readdirSync(installed) : []
  const newest = versions
    .sort((a, b) => Number(b) - Number(a))
    .find((it) => existsSync(join(installed, it, 'bin/initdb')))
  if (newest === undefined)
    throw new Error('PostgreSQL is not installed: "npm test" or "apt-get install postgresql" does it.')
  return join(installed, newest, 'bin')
}

/** Finds whom PostgreSQL, and what stands in front of it, runs as: they refuse to run as root. */
export function findOwner(): Owner {
  const uid = process.getuid?.() ?? 0
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? uid }
  const ask = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: ask('-u'), gid: ask('-g') }
}

function createCluster(programs: string, folder: string, owner: Owner, password: string): void {
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid)
  const choices = [
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]
  execFileSync(join(programs, 'initdb'), [`--pgdata=${folder}/data`, `--pwfile=${passwordFile}`, ...choices], {
    ...owner,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

type Settings = Readonly<Record<string, string>>

function start(programs: string, folder: string, owner: Owner, port: number, settings: Settings): ChildProcess {
  const everything = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), ...settings }
  const given = Object.entries(everything).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // `--pdeathsig`: the cluster ends with this process even when it is killed and nothing here can run any more.
  const rights = process.getuid?.() === 0 ? [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'] : []
  const command = [...rights, '--pdeathsig=INT', join(programs, 'postgres'), '-D', join(folder, 'data'), ...given]
  return spawn('setpriv', command, { cwd: folder, stdio: ['ignore', 'ignore', openSync(join(folder, 'log'), 'a')] })
}

/** Makes an empty database beside the one of this address, and gives its address. */
export async function addDatabase(clusterUrl: string, name: string): Promise<string> {
  const client = new Client({ connectionString: clusterUrl })
  await client.connect()
  try {
    await client.query(`create database ${name}`)
  } finally {
    await client.end()
  }
  const url = new URL(clusterUrl)
  url.pathname = `/${name}`
  return url.href
}

async function untilReady(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      return
    } catch (error) {
      if (server.exitCode !== null || attempt === 200) throw error
      await wait(50)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

/** Makes and starts a cluster with these settings of PostgreSQL, and waits until it takes connections. */
export async function startCluster(settings: Settings): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-postgres-'))
  const [owner, password, port] = [findOwner(), randomBytes(16).toString('hex'), await freePort()]
  const programs = findPrograms()
  createCluster(programs, folder, owner, password)
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  let server = start(programs, folder, owner, port, settings)
  const end = async (signal: NodeJS.Signals) => {
    const ended = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : null
    server.kill(signal)
    await ended
  }
  const stop = async () => {
    await end('SIGINT')
    rmSync(folder, { recursive: true, force: true })
  }
  // For a run that is broken off: then nobody waits for `stop`.
  process.once('exit', () => {
    server.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  try {
    await untilReady(url, server)
  } catch (error) {
    const log = readFileSync(join(folder, 'log'), 'utf8')
    await stop()
    throw new Error(`The throw-away PostgreSQL did not start. It said:\n${log}`, { cause: error })
  }
  return {
    url,
    get pid() {
      return server.pid ?? 0
    },
    restart: async (how) => {
      await end(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      server = start(programs, folder, owner, port, settings)
      await untilReady(url, server)
    },
    stop,
  }
}
