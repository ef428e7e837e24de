/**
 * Starts one throw-away PostgreSQL for a whole run of the tests and deletes it afterwards. Only loopback, a free port, a
 * password of its own; nothing is synced to disk, because nothing has to outlive the run.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
    /** The name of a database in that cluster with every migration applied and nobody connected, to be copied. */
    postgresTemplate: string
  }
}

type Owner = { uid: number; gid: number }

const installed = '/usr/lib/postgresql'
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  shared_buffers: '32MB',
  max_connections: '200',
}

function findPrograms(): string {
  const versions = existsSync(installed) ? readdirSync(installed) : []
  const newest = versions
    .sort((a, b) => Number(b) - Number(a))
    .find((it) => existsSync(join(installed, it, 'bin/initdb')))
  if (newest === undefined)
    throw new Error('PostgreSQL is not installed: "npm test" or "apt-get install postgresql" does it.')
  return join(installed, newest, 'bin')
}

/** Finds whom PostgreSQL runs as: it refuses to run as root. */
function findOwner(): Owner {
  const uid = process.getuid?.() ?? 0
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? uid }
  const ask = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: ask('-u'), gid: ask('-g') }
}

function findFreePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const server = createServer().on('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === 'object' ? settle(address.port) : fail(new Error('no port')),
      )
    })
  })
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

function start(programs: string, folder: string, owner: Owner, port: number): ChildProcess {
  const given = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  // `--pdeathsig`: the cluster ends with this process even when it is killed and nothing here can run any more.
  const rights = process.getuid?.() === 0 ? [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'] : []
  const command = [...rights, '--pdeathsig=INT', join(programs, 'postgres'), '-D', join(folder, 'data'), ...given]
  return spawn('setpriv', command, { cwd: folder, stdio: ['ignore', 'ignore', openSync(join(folder, 'log'), 'w')] })
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

/** Applies every migration once: copying the outcome costs a third of applying them for each test. */
async function createTemplate(url: string): Promise<string> {
  const name = 'migrated'
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const at = new URL(url)
  at.pathname = `/${name}`
  const db = await openDatabase({ postgres: at.href })
  await migrate(db)
  await db.destroy()
  return name
}

/** Starts the cluster, hands its address to the tests as `postgresUrl`, and returns what ends it. */
export default async function setUp({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-postgres-'))
  const [owner, password, port] = [findOwner(), randomBytes(16).toString('hex'), await findFreePort()]
  const programs = findPrograms()
  createCluster(programs, folder, owner, password)
  const server = start(programs, folder, owner, port)
  const ended = new Promise((settle) => server.once('exit', settle))
  const tearDown = async () => {
    server.kill('SIGINT')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  // For a run that is broken off: then nobody waits for `tearDown`.
  process.once('exit', () => {
    server.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  try {
    await untilReady(url, server)
  } catch (error) {
    const log = readFileSync(join(folder, 'log'), 'utf8')
    await tearDown()
    throw new Error(`The PostgreSQL for the tests did not start. It said:\n${log}`, { cause: error })
  }
  provide('postgresUrl', url)
  provide('postgresTemplate', await createTemplate(url))
  return tearDown
}
