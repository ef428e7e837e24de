// What the command line of the benchmark means. Quick by default: some minutes, small numbers of users. `--full` takes the
// numbers of the table of aims. Everything that is said wrongly is said at once, and nothing starts.

import { type DatabaseKind, databases, OptionFaults, parseWords, readNames } from '../test/support/command-words.ts'

/** What can be measured, in the order in which it is. */
export const measureNames = ['start', 'sign-in', 'session-check', 'guessing', 'growth', 'two-processes'] as const
export type MeasureName = (typeof measureNames)[number]

export interface Options {
  only: readonly MeasureName[]
  databases: readonly DatabaseKind[]
  /** How many users there are, where the number is not what is measured. */
  users: number
  /** The numbers of users that are compared. */
  sizes: readonly number[]
  /** How long each figure is measured. */
  seconds: number
  /** How many wrong passwords arrive a second while that is measured. */
  guesses: number
}

export const usage = `npm run bench -- [options]

  --only NAMES       Only these measures, separated by commas: ${measureNames.join(', ')}.
  --database NAMES   sqlite, postgres, or both (the default).
  --users NUMBER     How many users there are (2,000; with --full 100,000).
  --sizes NUMBERS    The numbers of users that growth compares (1,000 and 20,000; with --full 1,000, 100,000 and 1,000,000).
  --seconds NUMBER   How long each figure is measured (1.5; with --full 10).
  --guesses NUMBER   How many wrong passwords arrive a second (500).
  --full             Takes about an hour.

What it means, and what was found: docs/performance.md.`

const quick = { users: 2_000, sizes: [1_000, 20_000], seconds: 1.5 }
const full = { users: 100_000, sizes: [1_000, 100_000, 1_000_000], seconds: 10 }

/** Reads the words behind the command; null when they ask for help. Throws `OptionFaults`. */
export function readOptions(words: readonly string[]): Options | null {
  const values = parse(words)
  if (values.help) return null
  const faults: string[] = []
  const preset = values.full ? full : quick
  const options: Options = {
    only: readNames('only', values.only, measureNames, faults),
    databases: readNames('database', values.database, databases, faults),
    users: readNumber('users', values.users, 100, faults) ?? preset.users,
    sizes: values.sizes?.split(',').map((size) => readNumber('sizes', size, 100, faults) ?? 0) ?? preset.sizes,
    seconds: readNumber('seconds', values.seconds, 0.1, faults) ?? preset.seconds,
    guesses: readNumber('guesses', values.guesses, 1, faults) ?? 500,
  }
  if (faults.length > 0) throw new OptionFaults(faults.join('\n'))
  return options
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const
  const numbers = { users: text, sizes: text, seconds: text, guesses: text }
  const flags = { full: { type: 'boolean' }, help: { type: 'boolean' } } as const
  return parseWords(words, { only: text, database: text, ...numbers, ...flags })
}

function readNumber(option: string, text: string | undefined, least: number, faults: string[]): number | null {
  if (text === undefined) return null
  const number = Number(text.replaceAll('_', ''))
  if (Number.isFinite(number) && number >= least) return number
  faults.push(`--${option}: "${text}" is not a number from ${least} on.`)
  return null
}
