// Load: so many clients that each wait for an answer before they ask again, or requests at a steady rate whatever becomes of
// them. While it lasts, what the driver, the service and the database use is counted.

import { setTimeout as wait } from 'node:timers/promises'
import { familyTime, hashingTime, processorTime } from '../stage/process-times.ts'
import type { Stretch } from '../statistics.ts'
import { Connection } from './connection.ts'

/** Whose processor time is counted. */
export interface Parties {
  services: readonly number[]
  database: number | null
}

interface Times {
  driver: number
  service: number
  hashing: number
  database: number
}

function readTimes({ services, database }: Parties): Times {
  const { user, system } = process.cpuUsage()
  const sum = (of: (pid: number) => number) => services.reduce((total, pid) => total + of(pid), 0)
  return {
    driver: (user + system) / 1_000_000,
    service: sum(processorTime),
    hashing: sum(hashingTime),
    database: database === null ? 0 : familyTime(database),
  }
}

/** One turn of one client: asks what it has to ask. False when there is nothing left to do. */
export type Turn = (connection: Connection, client: number) => Promise<boolean>

/** A turn that takes so many seconds longer than all was to take is given up, and does not count. */
const usualPatience = 5

/**
 * Lets so many clients take turns for so long; each has a connection of its own, to the ports in turn. What has begun by then
 * is waited for, so that no core stands idle at the end only because clients leave.
 */
export async function load(
  {
    ports,
    clients,
    seconds,
    patience = usualPatience,
  }: { ports: readonly number[]; clients: number; seconds: number; patience?: number },
  parties: Parties,
  turn: Turn,
): Promise<Stretch> {
  const connections = await Promise.all(
    Array.from({ length: clients }, (_, index) => Connection.open(ports[index % ports.length] ?? 0)),
  )
  const durations: number[] = []
  const before = readTimes(parties)
  const began = performance.now()
  const end = began + seconds * 1000
  const run = async (connection: Connection, client: number) => {
    for (let now = performance.now(); now < end; ) {
      if (!(await turn(connection, client))) return
      const after = performance.now()
      durations.push(after - now)
      now = after
    }
  }
  const lost = new AbortController()
  try {
    await Promise.race([
      Promise.all(connections.map(run)),
      wait((seconds + patience) * 1000, null, { signal: lost.signal }).catch(() => null),
    ])
  } finally {
    lost.abort()
    for (const connection of connections) connection.close()
  }
  const wall = (performance.now() - began) / 1000
  const after = readTimes(parties)
  return {
    wall,
    done: durations.length,
    durations,
    driver: after.driver - before.driver,
    service: after.service - before.service,
    hashing: after.hashing - before.hashing,
    database: after.database - before.database,
  }
}

/** Sends at a steady rate, on as many connections as that takes, until told to stop. Tells how often which answer came. */
export function flood(
  port: number,
  perSecond: number,
  request: (n: number) => string,
): { stop(): Promise<ReadonlyMap<number, number>> } {
  const free: Connection[] = []
  const all: Connection[] = []
  const answers = new Map<number, number>()
  const count = (status: number) => answers.set(status, (answers.get(status) ?? 0) + 1)
  const began = performance.now()
  let sent = 0
  const sendOne = async (n: number) => {
    const connection = free.pop() ?? (await Connection.open(port))
    if (!all.includes(connection)) all.push(connection)
    count((await connection.send(request(n))).status)
    free.push(connection)
  }
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
    for (; sent < due; sent += 1) sendOne(sent).catch(() => count(0))
  }, 5)
  return {
    async stop() {
      clearInterval(timer)
      for (const connection of all) connection.close()
      return answers
    },
  }
}
