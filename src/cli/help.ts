// Help that a stranger understands: what there is, how each command is called, what comes of it. Made from the commands
// themselves, so that it cannot say what is not so.

import manifest from '../../package.json' with { type: 'json' }
import { type Command, exitCodes, UsageFault } from './command.ts'

export const { version } = manifest

/** Makes the command `help` for a list of commands, itself among them. */
export function helpCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'help',
    words: ['COMMAND'],
    options: [],
    summary: 'Tell what a command does and how it is called.',
    about: ['Without a command, lists all of them. The same as --help behind a command.'],
    examples: ['countersign help', 'countersign help user add'],
    run: async ({ words }, { terminal }) => {
      const name = words.join(' ')
      const wanted = commands().filter((command) => command.name === name || command.name.startsWith(`${name} `))
      const [only] = wanted
      if (name === '') await terminal.write(listOf(commands()))
      else if (only === undefined) throw new UsageFault(`There is no command "${name}".`)
      else await terminal.write(wanted.map((command) => helpOf(command)).join('\n'))
      return exitCodes.done
    },
  }
}

/** Writes the list of all commands, with what holds for each of them. */
export function listOf(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return `Countersign ${version}: a sign-in service with two-factor authentication.

Usage:
  countersign COMMAND [options]
  countersign help COMMAND

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

Commands work on the database that the settings name, whether the service runs or not. Give them the
settings that the service is started with, as environment variables, and run them as the same user.

Exit codes:
  0  done, and nothing wrong was found
  1  failed, or something wrong was found
  2  the command was not called rightly
`
}

/** Writes the help of one command. */
export function helpOf(command: Command): string {
  const { options, about, examples } = command
  const names = options.map(({ name, value }) => `--${name}${value === undefined ? '' : ` ${value}`}`)
  const width = Math.max(0, ...names.map(({ length }) => length))
  return [
    `${command.summary}`,
    `Usage:\n  ${usageOf(command)}`,
    ...about.map((paragraph) => folded(paragraph, 96)),
    ...(options.length > 0
      ? [`Options:\n${options.map(({ meaning }, at) => `  ${(names[at] ?? '').padEnd(width)}  ${meaning}`).join('\n')}`]
      : []),
    `${examples.length > 1 ? 'Examples' : 'Example'}:\n${examples.map((example) => `  ${example}`).join('\n')}\n`,
  ].join('\n\n')
}

/** Writes how a command is called, on one line. */
export function usageOf({ name, words, options }: Command): string {
  const given = name === 'help' ? words.map((word) => `[${word}]`) : words
  const named = options.map(({ name: option, value, required }) => {
    const text = `--${option}${value === undefined ? '' : ` ${value}`}`
    return required ? text : `[${text}]`
  })
  return ['countersign', name, ...given, ...named].join(' ')
}

/** Breaks a paragraph into lines of at most so many characters. */
function folded(text: string, width: number): string {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join('\n')
}
