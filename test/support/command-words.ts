// The words behind a command of this repository, such as the benchmark: read strictly, and everything that is said wrongly is
// said at once.

import { type ParseArgsConfig, parseArgs } from 'node:util'

export const databases = ['sqlite', 'postgres'] as const
export type DatabaseKind = (typeof databases)[number]

/** What is wrong with a command line, in sentences. */
export class OptionFaults extends Error {}

/** Reads the options. Throws `OptionFaults` for one that there is not, or that lacks its value. */
export function parseWords<const Options extends NonNullable<ParseArgsConfig['options']>>(
  words: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...words], options }).values
  } catch (error) {
    throw new OptionFaults(error instanceof Error ? error.message : String(error))
  }
}

/** Reads names with commas between them, in the order in which they are known; all of them where none is given. Notes those that are unknown. */
export function readNames<Name extends string>(
  option: string,
  text: string | undefined,
  known: readonly Name[],
  faults: string[],
): readonly Name[] {
  if (text === undefined) return known
  const asked = text.split(',').map((name) => name.trim())
  for (const name of asked)
    if (!known.some((one) => one === name)) faults.push(`--${option}: "${name}" is none of ${known.join(', ')}.`)
  return known.filter((name) => asked.includes(name))
}
