// The same with more people: what is measured must not grow with their number. One request after the other, so that each
// figure is what a request takes.

import { load } from '../driver/load.ts'
import { writeRequest } from '../driver/requests.ts'
import { signIn } from '../driver/sign-in.ts'
import { type Figure, ms, percent } from '../report.ts'
import { scattered, sessionTokenOf } from '../seeding/people.ts'
import { refresh } from '../seeding/seed.ts'
import type { RunningProcess } from '../stage/service.ts'
import type { Stage } from '../stage/stage.ts'
import { median, worstGrowth } from '../statistics.ts'
import { type Context, type Measure, withService } from './measure.ts'

/** What the administrator, who is person 0, looks at. */
const pages = [
  { what: 'list of users', path: '/admin/users' },
  { what: 'list of users, in the middle', path: '/admin/users?after=person-0000500@example.org' },
  { what: 'list of users, searched', path: '/admin/users?search=person-000012' },
  { what: 'list of users, without 2FA', path: '/admin/users?mfa=off' },
  { what: 'preview of enforcing', path: '/admin/settings/enforce-mfa' },
  { what: 'audit log', path: '/admin/audit' },
  { what: 'audit log of one event', path: '/admin/audit?event=sign-in.completed' },
  { what: 'own sessions', path: '/my-profile/settings' },
] as const

/** One answer is waited for in any case, or there would be no figure just where it is worst. */
const patience = 120

/** Measures everything at each number of people. */
export const measureGrowth: Measure = async (context, kind) => {
  const { sizes } = context.options
  const bySize: ReadonlyMap<string, number>[] = []
  for (const users of sizes) {
    const stage = await context.theatre.open(kind, users)
    bySize.push(await withService(stage, (service) => takeAll(context, stage, service)))
  }
  const names = [...(bySize[0]?.keys() ?? [])]
  const told = sizes.map((size) => size.toLocaleString('en-US'))
  return names.map((what): Figure => {
    const figures = bySize.map((one) => one.get(what) ?? 0)
    const worst = worstGrowth(figures)
    return {
      what: `${what}: ${told.join(' → ')} users`,
      database: kind,
      measured: figures.map(ms).join(' → '),
      ceiling: 'the first of them',
      share: `+ ${percent(worst)}`,
      aim: '≤ + 10 %',
      met: worst <= 0.1,
    }
  })
}

async function takeAll(context: Context, stage: Stage, service: RunningProcess): Promise<ReadonlyMap<string, number>> {
  const taken = new Map<string, number>()
  taken.set('sign-in', await takeSignIn(context, stage, service))
  const people = scattered(Math.floor(stage.users / 4))
  taken.set(
    'session check, page',
    await takePage(context, stage, service, { what: 'session check', path: '/my-profile', of: (n) => people(n) * 4 }),
  )
  for (const { what, path } of pages)
    taken.set(what, await takePage(context, stage, service, { what, path, of: () => 0 }))
  return taken
}

async function takeSignIn({ options, say }: Context, stage: Stage, service: RunningProcess): Promise<number> {
  say(`${stage.kind}: sign-in among ${stage.users.toLocaleString('en-US')}`)
  await refresh(stage.database, Date.now())
  const people = scattered(stage.users)
  let turns = 0
  const where = { ports: [service.port], clients: 1, seconds: options.seconds, patience }
  const stretch = await load(where, { services: [service.pid], database: stage.databasePid }, async (connection) => {
    if (turns >= stage.users) return false
    await signIn(connection, service.port, people(turns++))
    return true
  })
  return median(stretch.durations)
}

async function takePage(
  { options, say }: Context,
  stage: Stage,
  service: RunningProcess,
  { what, path, of }: { what: string; path: string; of: (n: number) => number },
): Promise<number> {
  say(`${stage.kind}: ${what} among ${stage.users.toLocaleString('en-US')}`)
  let asked = 0
  const { port, pid } = service
  const where = { ports: [port], clients: 1, seconds: options.seconds / 2, patience }
  const stretch = await load(where, { services: [pid], database: stage.databasePid }, async (connection) => {
    const person = of(asked++)
    const cookie = `countersign-session=${sessionTokenOf(person)}`
    const answer = await connection.send(writeRequest({ port, path, person, cookie }))
    if (answer.status !== 200) throw new Error(`${path} was answered with:\n${answer.head}`)
    return true
  })
  return median(stretch.durations)
}
