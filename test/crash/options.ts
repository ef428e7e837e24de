// What the command line of the long run means. Everything that is said wrongly is said at once, and nothing starts.

import { type DatabaseKind, databases, OptionFaults, parseWords, readNames } from '../support/command-words.ts'

export const parts = ['kills', 'histories'] as const
export type Part = (typeof parts)[number]

export interface Options {
  only: readonly Part[]
  databases: readonly DatabaseKind[]
  /** How many kills there are, over all databases. */
  kills: number
  /** How often processes and database are disturbed while histories are taken. */
  disturbances: number
  seed: number
  /** How long a start may take after a kill, in milliseconds. */
  readyWithin: number
  /** After how long it is enough. */
  minutes: number
}

export const usage = `npm run test:crash -- [options]

  --only NAMES            kills, histories, or both (the default).
  --database NAMES        Where processes are killed: sqlite, postgres, or both (the default).
  --kills NUMBER          How many kills in all, half of them on each database (1,000).
  --disturbances NUMBER   How often something happens while histories are taken on two processes (120).
  --seed NUMBER           Chooses again what was chosen in the run that printed it.
  --ready-within NUMBER   How many milliseconds a start after a kill may take (3000),
                          the time aside in which others had the cores.
  --minutes NUMBER        Stops after so long, whatever is left to do, and tells what it has (no limit).`

/** Reads the words behind the command; null when they ask for help. Throws `OptionFaults`. */
export function readOptions(words: readonly string[], usualSeed: number): Options | null {
  const values = parse(words)
  if (values.help) return null
  const faults: string[] = []
  const number = (option: string, text: string | undefined, usual: number) => {
    const given = text === undefined ? usual : Number(text.replaceAll(/[_,]/g, ''))
    if (!Number.isSafeInteger(given) || given < 1)
      faults.push(`--${option}: "${text}" is not a whole number from 1 on.`)
    return given
  }
  const options: Options = {
    only: readNames('only', values.only, parts, faults),
    databases: readNames('database', values.database, databases, faults),
    kills: number('kills', values.kills, 1_000),
    disturbances: number('disturbances', values.disturbances, 120),
    seed: number('seed', values.seed, usualSeed),
    readyWithin: number('ready-within', values['ready-within'], 3_000),
    minutes: values.minutes === undefined ? Number.POSITIVE_INFINITY : number('minutes', values.minutes, 0),
  }
  if (faults.length > 0) throw new OptionFaults(faults.join('\n'))
  return options
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const
  const numbers = { kills: text, disturbances: text, seed: text, 'ready-within': text, minutes: text }
  return parseWords(words, { only: text, database: text, ...numbers, help: { type: 'boolean' } })
}
