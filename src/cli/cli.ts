// The door for whoever has a shell on the host: finds the command, reads what stands behind it, runs it, and turns whatever
// went wrong into one sentence and an exit code.

import { parseArgs } from 'node:util'
import { Refusal } from '../refusal.ts'
import {
  type Command,
  type ExitCode,
  exitCodes,
  Failure,
  type Given,
  type Surroundings,
  UsageFault,
} from './command.ts'
import { commands } from './commands.ts'
import { version } from './help.ts'
import { OutputClosed, OutputLost, plainLines } from './terminal.ts'

/** Runs what was typed behind the name of the program; resolves to the exit code. */
export async function runCommandLine(words: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { terminal } = surroundings
  let command: Command | null = null
  try {
    if (words[0] === '--version' || words[0] === '-v') {
      await terminal.write(`${version}\n`)
      return exitCodes.done
    }
    const found = findCommand(words)
    command = found.command
    return await command.run(readGiven(command, found.rest), surroundings)
  } catch (error) {
    if (error instanceof OutputClosed) return exitCodes.done
    const help = command ? `countersign help ${command.name}` : 'countersign help'
    if (error instanceof UsageFault) {
      terminal.say(`countersign: ${plainLines(error.message)} See: ${help}`)
      return exitCodes.usage
    }
    terminal.say(`countersign: ${plainLines(sentenceOf(error))}`)
    return exitCodes.failed
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof Failure) return error.message
  if (error instanceof OutputLost)
    return `The result could not be written, or not all of it: ${error.message}. What else the command does is done.`
  if (error instanceof Refusal) return refusalSentences[error.code] ?? `This was refused (${error.code}).`
  return error instanceof Error ? `This failed unexpectedly: ${error.message}` : 'This failed unexpectedly.'
}

const refusalSentences: Readonly<Partial<Record<Refusal['code'], string>>> = {
  'last-administrator': 'Nobody else could administer this service then. Make somebody else an administrator first.',
  conflict: 'Somebody else has changed this user in the meantime. Look again.',
}

/** Takes the longest name that fits: `user list` before `user`. */
function findCommand(words: readonly string[]): { command: Command; rest: readonly string[] } {
  if (words.length === 0 || words[0] === '--help' || words[0] === '-h') return helpFor([])
  const named = words.findIndex((word) => word.startsWith('-'))
  const names = named === -1 ? words : words.slice(0, named)
  for (const length of [2, 1]) {
    const command = commands.find(({ name }) => name === names.slice(0, length).join(' '))
    if (!command || command.name.split(' ').length !== length) continue
    const rest = words.slice(length)
    const asksForHelp = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : undefined)
    return asksForHelp.includes('--help') || asksForHelp.includes('-h')
      ? helpFor(command.name.split(' '))
      : { command, rest }
  }
  if (names.length === 1 && commands.some(({ name }) => name.startsWith(`${names[0]} `))) {
    if (words.includes('--help') || words.includes('-h')) return helpFor(names)
    throw new UsageFault(`"${names[0]}" needs one more word.`)
  }
  throw new UsageFault(`There is no command "${names.slice(0, 2).join(' ') || words[0]}".`)
}

function helpFor(words: readonly string[]): { command: Command; rest: readonly string[] } {
  const command = commands.find(({ name }) => name === 'help')
  if (!command) throw new Error('There is no help.')
  return { command, rest: words }
}

function readGiven(command: Command, rest: readonly string[]): Given {
  const { positionals, values } = parse(command, rest)
  if (command.name !== 'help') {
    const missing = command.words[positionals.length]
    if (missing !== undefined) throw new UsageFault(`${missing} is missing.`)
    const extra = positionals[command.words.length]
    if (extra !== undefined) throw new UsageFault(`"${extra}" is one word too many.`)
  }
  for (const text of [...positionals, ...Object.values(values)])
    if (typeof text === 'string' && text.includes('\0'))
      throw new UsageFault('A word holds a character that none may hold.')
  for (const { name, required } of command.options)
    if (required && values[name] === undefined) throw new UsageFault(`--${name} is missing.`)
  const option = (name: string) => {
    const value = values[name]
    return typeof value === 'string' ? value : undefined
  }
  return { words: positionals, option, has: (name) => values[name] === true }
}

function parse(command: Command, rest: readonly string[]) {
  try {
    return parseArgs({
      args: [...rest],
      allowPositionals: true,
      strict: true,
      options: Object.fromEntries(
        command.options.map(({ name, value }) => [name, { type: value === undefined ? 'boolean' : 'string' }] as const),
      ),
    })
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))) throw error
    throw new UsageFault(faultOf(error, rest))
  }
}

/** Says in our words what the parser says in its own. */
function faultOf(error: TypeError, rest: readonly string[]): string {
  const [, option = ''] = /'(?:-\w, )?(--?[^' ]+)/.exec(error.message) ?? []
  const typed = option || (rest.find((word) => word.startsWith('-')) ?? '')
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `There is no option ${typed} here.`
  return /does not take an argument/.test(error.message)
    ? `${typed} takes no value.`
    : `${typed} needs a value behind it.`
}
