// Whole sign-ins of many different people, by 1, 8 and 32 clients, against the most that these cores could hash.

import { load } from '../driver/load.ts'
import { signIn } from '../driver/sign-in.ts'
import { type Figure, ms, number, percent } from '../report.ts'
import { scattered } from '../seeding/people.ts'
import { refresh } from '../seeding/seed.ts'
import type { RunningProcess } from '../stage/service.ts'
import type { Stage } from '../stage/stage.ts'
import { beyondHash, hashCeiling, percentile, type Stretch } from '../statistics.ts'
import { type Context, type Measure, withService } from './measure.ts'

/** How many milliseconds of processor time a sign-in may cost besides its hash, database included. */
const aimBeyondHash = { sqlite: 2, postgres: 4 } as const

/** Measures whole sign-ins. */
export const measureSignIn: Measure = async (context, kind) => {
  const stage = await context.theatre.open(kind, context.options.users)
  return withService(stage, async (service) => {
    // What is compiled and read on the way is warm, as it is on any but the first minute of a day.
    await signInMany(context, stage, [service], { clients: 8, seconds: context.options.seconds / 2 })
    const figures: Figure[] = []
    for (const clients of [1, 8, 32]) {
      const stretch = await signInMany(context, stage, [service], { clients })
      figures.push(...(await judge(context, stage, clients, stretch)))
    }
    return figures
  })
}

/** Lets people sign in, each once, until the time is over or everybody has. */
export async function signInMany(
  { options, say }: Pick<Context, 'options' | 'say'>,
  stage: Stage,
  services: readonly RunningProcess[],
  { clients, seconds = options.seconds }: { clients: number; seconds?: number },
): Promise<Stretch> {
  say(`${stage.kind}: sign-in, ${clients} ${clients === 1 ? 'client' : 'clients'}`)
  await refresh(stage.database, Date.now())
  const people = scattered(stage.users)
  let turns = 0
  const parties = { services: services.map(({ pid }) => pid), database: stage.databasePid }
  return load({ ports: services.map(({ port }) => port), clients, seconds }, parties, async (connection, client) => {
    if (turns >= stage.users) return false
    await signIn(connection, services[client % services.length]?.port ?? 0, people(turns++))
    return true
  })
}

async function judge(
  { cores, hashSpeed }: Context,
  { kind }: Stage,
  clients: number,
  stretch: Stretch,
): Promise<Figure[]> {
  const { secondsPerHash } = await hashSpeed(Math.min(cores, clients))
  const ceiling = hashCeiling(stretch, { cores, clients, secondsPerHash })
  const [rate, beyond] = [stretch.done / stretch.wall, beyondHash(stretch)]
  const [what, cost] = [`sign-in, ${clients} ${clients === 1 ? 'client' : 'clients'}`, beyond.service + beyond.database]
  return [
    {
      what,
      database: kind,
      measured: `${number(rate)}/s, p99 ${ms(percentile(stretch.durations, 0.99))}`,
      ceiling: `${number(ceiling)} hashes/s (driver uses ${percent(stretch.driver / stretch.wall)} of a core)`,
      share: percent(rate / ceiling),
      aim: '≥ 90 %',
      met: rate / ceiling >= 0.9,
    },
    {
      what: `${what}: processor time beyond the hash`,
      database: kind,
      measured: ms(cost),
      ceiling: `hash ${ms(secondsPerHash * 1000)}`,
      share: kind === 'sqlite' ? '' : `service ${ms(beyond.service)}, database ${ms(beyond.database)}`,
      aim: `≤ ${aimBeyondHash[kind]} ms`,
      met: cost <= aimBeyondHash[kind],
    },
  ]
}
