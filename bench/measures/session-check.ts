// Session checks: a page and an operation of the API with a valid cookie, and one that is refused, against a bare server that
// answers with as many bytes.

import { join } from 'node:path'
import { freePort } from '../../test/support/child.ts'
import { load } from '../driver/load.ts'
import { writeRequest } from '../driver/requests.ts'
import { type Figure, ms, number, percent } from '../report.ts'
import { idOf, sessionTokenOf } from '../seeding/people.ts'
import { sessionEvery } from '../seeding/rows.ts'
import { refresh } from '../seeding/seed.ts'
import { type RunningProcess, startNode } from '../stage/service.ts'
import type { Stage } from '../stage/stage.ts'
import { percentile, type Stretch } from '../statistics.ts'
import { type Context, type Measure, withService } from './measure.ts'

export const connections = 32
/** Sessions whose requests are written beforehand, so that writing them costs the driver nothing. */
const mostSessions = 2_000

const checks = [
  { what: 'session check, page', path: '/my-profile', status: 200, known: true },
  { what: 'session check, API', path: '/api/v1/me', status: 200, known: true },
  { what: 'session check, refused (401)', path: '/api/v1/me', status: 401, known: false },
] as const

export type Check = (typeof checks)[number]
export const [pageCheck, apiCheck] = checks

/** Measures session checks. */
export const measureSessionCheck: Measure = async (context, kind) => {
  const stage = await context.theatre.open(kind, context.options.users)
  return withService(stage, async (service) => {
    const figures: Figure[] = []
    for (const check of checks) {
      await checkSessions(context, stage, service, { check, seconds: context.options.seconds / 2 })
      const { stretch, length } = await checkSessions(context, stage, service, { check })
      figures.push(...judge(check, kind, stretch, await askBareServer(context, stage, length)))
    }
    return figures
  })
}

function judge({ what }: Check, database: string, stretch: Stretch, bare: Stretch): Figure[] {
  const rates = [stretch, bare].map(({ done, wall }) => done / wall)
  const p99 = [stretch, bare].map(({ durations }) => percentile(durations, 0.99))
  const [rate = 0, bareRate = 0] = rates
  const [slow = 0, bareSlow = 0] = p99
  const throughput = {
    measured: `${number(rate)}/s`,
    ceiling: `${number(bareRate)}/s of bare node:http`,
    share: percent(rate / bareRate),
    aim: '≥ 65 %',
    met: rate / bareRate >= 0.65,
  }
  const latency = {
    measured: `p99 ${ms(slow)}`,
    ceiling: `p99 ${ms(bareSlow)} of bare node:http`,
    share: `× ${number(slow / bareSlow)}`,
    aim: '≤ × 2',
    met: slow / bareSlow <= 2,
  }
  return [
    { what, database, ...throughput },
    { what: `${what}: slowest hundredth`, database, ...latency },
  ]
}

/** Asks with the cookies of many sessions, or with some that belong to none. */
export async function checkSessions(
  { options, say }: Pick<Context, 'options' | 'say'>,
  stage: Stage,
  service: RunningProcess,
  { check, seconds = options.seconds }: { check: Check; seconds?: number },
): Promise<{ stretch: Stretch; length: number }> {
  say(`${stage.kind}: ${check.what}`)
  await refresh(stage.database, Date.now())
  const sessions = Math.min(mostSessions, Math.floor(stage.users / sessionEvery))
  const requests = Array.from({ length: sessions }, (_, index) => {
    const person = index * sessionEvery
    const token = check.known ? sessionTokenOf(person) : idOf('session', person)
    return writeRequest({ port: service.port, path: check.path, person, cookie: `countersign-session=${token}` })
  })
  const parties = { services: [service.pid], database: stage.databasePid }
  let [asked, length] = [0, 0]
  const where = { ports: [service.port], clients: connections, seconds }
  const stretch = await load(where, parties, async (connection) => {
    const answer = await connection.send(requests[asked++ % sessions] ?? '')
    if (answer.status !== check.status) throw new Error(`${check.what} was answered with:\n${answer.head}`)
    length = answer.length
    return true
  })
  return { stretch, length }
}

/** Asks a bare server the same way, whose answers are as long. */
async function askBareServer({ options, say }: Context, stage: Stage, length: number): Promise<Stretch> {
  say(`bare node:http, ${length} bytes`)
  const port = await freePort()
  const words = [join(import.meta.dirname, '../stage/bare-server.ts'), String(length), String(port)]
  const server = await startNode(words, { settings: {}, port, folder: stage.folder, path: '/' })
  const request = writeRequest({ port, path: '/', person: 1, cookie: `countersign-session=${sessionTokenOf(1)}` })
  const ask = (seconds: number) =>
    load({ ports: [port], clients: connections, seconds }, { services: [], database: null }, async (connection) => {
      await connection.send(request)
      return true
    })
  try {
    await ask(options.seconds / 2)
    return await ask(options.seconds)
  } finally {
    await server.stop()
  }
}
