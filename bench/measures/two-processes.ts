// Two processes on one PostgreSQL against one, each on a core of its own. The database and the driver run beside them, on
// whatever cores there are, and what they use is taken off what two could do.

import { type Figure, number, percent } from '../report.ts'
import { startService } from '../stage/service.ts'
import type { Stretch } from '../statistics.ts'
import type { Measure } from './measure.ts'
import { signInMany } from './sign-in.ts'

/** As many clients as keep both busy. */
const clientsEach = 8

/** Measures sign-ins by one process and by two. */
export const measureTwoProcesses: Measure = async (context, kind) => {
  if (kind !== 'postgres' || context.cores < 2) return []
  const stage = await context.theatre.open(kind, context.options.users)
  const run = async (cores: readonly number[]): Promise<Stretch> => {
    const options = { database: stage.database, folder: stage.folder }
    const services = await Promise.all(cores.map((core) => startService({ ...options, core })))
    try {
      await signInMany(context, stage, services, { clients: clientsEach, seconds: context.options.seconds / 2 })
      return await signInMany(context, stage, services, { clients: clientsEach * services.length })
    } finally {
      for (const service of services) await service.stop()
    }
  }
  const one = await run([0])
  const two = await run([0, 1])
  const [rate, ofOne] = [two.done / two.wall, one.done / one.wall]
  const left = Math.max(0, context.cores - (two.driver + two.database) / two.wall)
  const figure: Figure = {
    what: 'sign-ins of two processes against one, a core each',
    database: kind,
    measured: `${number(rate)}/s`,
    ceiling: `${number(ofOne)}/s of one; driver and database leave ${number(left)} cores to two`,
    share: `× ${number(rate / ofOne)}`,
    aim: '≥ × 1.8',
    met: rate / ofOne >= 1.8,
  }
  const perCore = rate / left / (ofOne / Math.min(1, one.service / one.wall))
  return [
    figure,
    {
      ...figure,
      what: 'the same, for each core that is left to them',
      measured: `${number(rate / left)}/s`,
      share: percent(perCore),
      aim: '',
      met: null,
    },
  ]
}
