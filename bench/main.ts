/**
 * `npm run bench`: starts the built service on each database, lets people come, and prints what was measured beside the
 * ceiling of the same run. Progress goes to the error output, the table to the output. It fails when the service answers
 * wrongly, never because it was slow.
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { type DatabaseKind, OptionFaults } from '../test/support/command-words.ts'
import { measureGrowth } from './measures/growth.ts'
import { measureGuessing } from './measures/guessing.ts'
import type { Context, Measure } from './measures/measure.ts'
import { measureSessionCheck } from './measures/session-check.ts'
import { measureSignIn } from './measures/sign-in.ts'
import { measureStart } from './measures/start.ts'
import { measureTwoProcesses } from './measures/two-processes.ts'
import { type MeasureName, type Options, readOptions, usage } from './options.ts'
import { type Figure, writeTable } from './report.ts'
import { type HashSpeed, measureHashes } from './stage/hashes.ts'
import { openTheatre } from './stage/stage.ts'

const measures: Readonly<Record<MeasureName, Measure>> = {
  start: measureStart,
  'sign-in': measureSignIn,
  'session-check': measureSessionCheck,
  guessing: measureGuessing,
  growth: measureGrowth,
  'two-processes': measureTwoProcesses,
}

/** Progress is one line that is written over; where nobody watches, each is a line of its own. */
function say(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text.trimEnd()}\n`)
}

function createContext(options: Options): Context {
  const speeds = new Map<number, Promise<HashSpeed>>()
  return {
    options,
    theatre: openTheatre(say),
    cores: availableParallelism(),
    say,
    hashSpeed(atOnce) {
      const known = speeds.get(atOnce)
      if (known) return known
      say(`hashing, ${atOnce} at once`)
      const measured = measureHashes(atOnce, options.seconds)
      speeds.set(atOnce, measured)
      return measured
    },
  }
}

/** Takes all measures. One that fails is told of and left out: what the others took half an hour for is not lost. */
async function bench(options: Options): Promise<{ figures: readonly Figure[]; versions: readonly string[] }> {
  const context = createContext(options)
  const figures: Figure[] = []
  // Broken off from the keyboard, it leaves nothing behind.
  process.once('SIGINT', () => void context.theatre.close().finally(() => process.exit(130)))
  try {
    for (const name of options.only)
      for (const kind of options.databases)
        figures.push(...(await measures[name](context, kind).catch((error: unknown) => noteFailure(name, kind, error))))
  } finally {
    await context.theatre.close()
  }
  say('\n')
  return { figures, versions: context.theatre.versions() }
}

function noteFailure(name: MeasureName, kind: DatabaseKind, error: unknown): readonly Figure[] {
  process.stderr.write(`\n${name} on ${kind} failed.\n${error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
  return []
}

function machine(): string {
  const load = loadavg().map((value) => value.toFixed(2))
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return `${availableParallelism()} cores (${model}), Node.js ${process.version}; load before the start ${load.join(', ')}`
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options === null) process.stdout.write(`${usage}\n`)
  else {
    const about = machine()
    const { figures, versions } = await bench(options)
    process.stdout.write(`\n${about}; ${versions.join(', ')}\n\n${writeTable(figures)}\n`)
  }
} catch (error) {
  process.stderr.write(
    `\n${error instanceof OptionFaults ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  )
  process.exitCode = 1
}
