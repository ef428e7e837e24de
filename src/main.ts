// Where the process begins, and the only file that acts when it is imported. Without arguments it serves; everything else is
// for the command line.

import { availableParallelism } from 'node:os'
import { runCommandLine } from './cli/cli.ts'
import { processTerminal } from './cli/terminal.ts'
import { ConfigFaults } from './config.ts'
import { CannotOpen } from './open.ts'
import { serve } from './serve.ts'
import { createMachine } from './service.ts'
import { machineClock } from './time.ts'

/** Says why the service cannot start, in the words of whoever can do something about it, and ends. */
function cannotStart(error: unknown): never {
  if (error instanceof ConfigFaults)
    process.stderr.write(
      `Countersign cannot start. Please mend these settings:\n${error.faults.map((fault) => `  - ${fault}\n`).join('')}`,
    )
  else if (error instanceof CannotOpen) process.stderr.write(`Countersign cannot start. ${error.message}\n`)
  else process.stderr.write(`Countersign cannot start.\n${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}

/** What a command writes waits in the outbox: the service sends it. */
const leaveToService = async () => {
  throw new Error('A command sends no mail.')
}

// Hashes are computed in the pool of threads that reading files and looking up hosts need as well. Four is what the pool has
// unless it is told, before its first use: on four cores, hashes alone would fill it.
process.env.UV_THREADPOOL_SIZE ??= String(availableParallelism() + 4)

const words = process.argv.slice(2)
const startService = () => serve().catch(cannotStart)

if (words.length === 0) await startService()
else {
  process.exitCode = await runCommandLine(words, {
    environment: process.env,
    folder: process.cwd(),
    clock: machineClock,
    terminal: processTerminal(),
    serve: startService,
    createMachine: (parts) => createMachine({ ...parts, mailer: leaveToService }),
  })
}
