// What it takes to have it: time from a start to the first answer, memory idle and after load, and room on the disk.

import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Figure, ms, number } from '../report.ts'
import { residentMemory } from '../stage/process-times.ts'
import { median } from '../statistics.ts'
import { type Measure, withService } from './measure.ts'
import { apiCheck, checkSessions } from './session-check.ts'
import { signInMany } from './sign-in.ts'

const starts = 5
const aimStart = 400
const aimMemory = 110
const root = join(import.meta.dirname, '../..')

/** Measures start, memory and size. */
export const measureStart: Measure = async (context, kind) => {
  const stage = await context.theatre.open(kind, context.options.users)
  const times: number[] = []
  for (let n = 0; n < starts; n += 1) {
    context.say(`${kind}: start ${n + 1} of ${starts}`)
    const began = performance.now()
    await withService(stage, async () => times.push(performance.now() - began))
  }
  const memory = await withService(stage, async (service) => {
    await wait(1_000)
    const seen = [residentMemory(service.pid)]
    for (let round = 0; round < 3; round += 1) {
      await signInMany(context, stage, [service], { clients: 8 })
      await checkSessions(context, stage, service, { check: apiCheck })
      seen.push(residentMemory(service.pid))
    }
    return seen
  })
  return [start(kind, times), ...memoryFigures(kind, memory), ...(kind === 'sqlite' ? [size()] : [])]
}

function start(database: string, times: readonly number[]): Figure {
  const time = median(times)
  const what = 'cold start to the first answer'
  const slowest = `slowest of ${times.length}: ${ms(Math.max(...times))}`
  return {
    what,
    database,
    measured: ms(time),
    ceiling: slowest,
    share: '',
    aim: `≤ ${aimStart} ms`,
    met: time <= aimStart,
  }
}

function memoryFigures(database: string, [idle = 0, ...loaded]: readonly number[]): Figure[] {
  const about = { database, ceiling: '', share: '', aim: `≤ ${aimMemory} MB` }
  const [last = 0] = loaded.slice(-1)
  return [
    { ...about, what: 'memory, idle', measured: `${number(idle)} MB`, met: idle <= aimMemory },
    {
      ...about,
      what: 'memory, after each of three rounds of load',
      measured: `${loaded.map((memory) => number(memory)).join(', ')} MB`,
      aim: `≤ ${aimMemory} MB and flat`,
      met: last <= aimMemory,
    },
  ]
}

/** What has to lie on a disk to serve: the build, the packages of production, and Node.js. */
function size(): Figure {
  const list = execFileSync('npm', ['ls', '--all', '--omit=dev', '--parseable'], { cwd: root, encoding: 'utf8' })
  const packages = list.trim().split('\n').slice(1)
  const isNode = (path: string) => path.includes('node-linux-')
  const [dist, others, node] = [
    sizeOf(join(root, 'dist')),
    sum(packages.filter((path) => !isNode(path)).map(sizeOf)),
    sum(packages.filter(isNode).map(sizeOf)),
  ].map((bytes) => number(bytes / 1024 / 1024))
  return {
    what: 'installed size',
    database: '',
    measured: `build ${dist} MB`,
    ceiling: `packages of production ${others} MB, Node.js ${node} MB`,
    share: '',
    aim: 'stated',
    met: null,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** Packages inside a package are listed by themselves. */
function sizeOf(folder: string): number {
  return sum(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.name !== 'node_modules' && !entry.isSymbolicLink())
      .map((entry) => join(folder, entry.name))
      .map((path) => (statSync(path).isDirectory() ? sizeOf(path) : statSync(path).size)),
  )
}
