/**
 * The reference page of the command line, made from the same words as its help.
 */
import type { Command } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { usageOf } from '../../src/cli/help.ts'

const opening = `# Command line

What whoever has a shell on the host can do. In the folder of the installation, after the service has been started once:

\`\`\`sh
npm run -s countersign -- user list
\`\`\`

or, from anywhere, \`bin/countersign.js\` of that folder with Node.js 24. Below, that is written as \`countersign\`.

Commands work on the database that [the settings](settings.md) name, whether the service runs or not. Give them the settings that
the service is started with, as environment variables, and run them as the same user. A command makes no database and no
key, and brings nothing up to date.

Results go to standard output, everything said about them to standard error. While there is much to do, a terminal is shown how
far it has come.

| Exit code | Means |
|---|---|
| 0 | Done, and nothing wrong was found. |
| 1 | Failed, or something wrong was found. |
| 2 | Not called rightly. |

What a command changes is an audit event without an actor, with \`host\` in its details. Links it prints are shown once.

`

/** Writes the page. */
export function commandsPage(): string {
  const list = commands.map(({ name, summary }) => `| [\`${name}\`](#${name.replaceAll(' ', '-')}) | ${summary} |`)
  return `${opening}| Command | What it does |\n|---|---|\n${list.join('\n')}\n\n${commands.map(sectionOf).join('\n')}`
}

function sectionOf(command: Command): string {
  const { name, summary, about, options, examples } = command
  const table = options.map(
    ({ name: option, value, meaning }) => `| \`--${option}${value === undefined ? '' : ` ${value}`}\` | ${meaning} |`,
  )
  return [
    `## ${name}`,
    `\`\`\`\n${usageOf(command)}\n\`\`\``,
    [summary, ...about].join('\n\n'),
    ...(table.length > 0 ? [`| Option | Meaning |\n|---|---|\n${table.join('\n')}`] : []),
    `\`\`\`sh\n${examples.join('\n')}\n\`\`\`\n`,
  ].join('\n\n')
}
