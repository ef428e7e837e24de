// Several real processes on one PostgreSQL, as an operator runs them behind a proxy: one key, one public address, a port each.

import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { inject } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import type { Tables } from '../../src/database/tables.ts'
import { createHashing } from '../../src/passwords/hashing.ts'
import { createUser } from '../../src/users/users.ts'
import { freePort } from './child.ts'
import { metricsToken, samplesIn } from './exposition.ts'
import { type Person, password } from './people.ts'
import { createDatabase } from './postgres.ts'
import { type ServiceProcess, startProcess } from './process.ts'
import { origin } from './service.ts'

export const administrator = { email: 'root@example.org', password: 'quite a long password for root' }

export interface Processes {
  db: Kysely<Tables>
  processes: ServiceProcess[]
  ports: readonly number[]
  /** Starts the process at a place anew, on the port that it had. */
  start(place: number): Promise<ServiceProcess>
  /** Adds people with passwords. */
  addPeople(count: number): Promise<Person[]>
  /** Stops everything that runs and drops the database. */
  stop(): Promise<void>
}

/** Starts them one after the other: the first one makes the administrator. */
export async function startProcesses(count: number, settings: Record<string, string> = {}): Promise<Processes> {
  const database = await createDatabase(inject('postgresTemplate'))
  const db = await openDatabase({ postgres: database.url })
  const ports: number[] = []
  while (ports.length < count) ports.push(await freePort())
  const common = {
    COUNTERSIGN_URL: origin,
    COUNTERSIGN_HOST: '127.0.0.1',
    COUNTERSIGN_TRUSTED_PROXIES: '127.0.0.1',
    COUNTERSIGN_SECRET_KEY: randomBytes(32).toString('hex'),
    COUNTERSIGN_ADMIN_EMAIL: administrator.email,
    COUNTERSIGN_ADMIN_PASSWORD: administrator.password,
    COUNTERSIGN_METRICS_TOKEN: metricsToken,
    DATABASE_URL: database.url,
    ...settings,
  }
  const cluster: Processes = {
    db,
    processes: [],
    ports,
    start: async (place) => {
      const started = await startProcess({ ...common, PORT: String(ports[place]) })
      cluster.processes[place] = started
      return started
    },
    addPeople: (wanted) => addPeople(db, wanted),
    stop: async () => {
      await Promise.all(cluster.processes.map((one) => one.stop()))
      await db.destroy()
      await database.drop()
    },
  }
  try {
    for (let place = 0; place < count; place += 1) await cluster.start(place)
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

async function addPeople(db: Kysely<Tables>, count: number): Promise<Person[]> {
  const passwordHash = await createHashing(Date.now).hashPassword(password)
  const people: Person[] = []
  for (let number = 0; number < count; number += 1) {
    const email = `person${number}@example.org`
    const user = { email, name: `Person ${number}`, role: 'member' as const, passwordHash }
    const id = await db
      .transaction()
      .execute((trx) => createUser(trx, user, 'administrator', { now: Date.now(), caller: null, actor: null }))
    people.push({ id, email, password })
  }
  return people
}

/** Reads the number of a figure that a process tells; 0 where it has none. */
export async function figureOf(process: ServiceProcess, name: string): Promise<number> {
  const address = `http://127.0.0.1:${new URL(process.listens).port}/metrics`
  const response = await fetch(address, { headers: { authorization: `Bearer ${metricsToken}` } })
  if (response.status !== 200) throw new Error(`The metrics answered ${response.status}.`)
  const samples = [...samplesIn(await response.text())]
  return samples.reduce((sum, [sample, value]) => (sample.split('{')[0] === name ? sum + value : sum), 0)
}
