/**
 * The built command line as an operator runs it: a process of its own with settings of its own, not on a terminal.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Ended {
  /** Null when it was killed. */
  code: number | null
  /** What it wrote to standard output, and what to standard error. */
  out: string
  said: string
}

const program = join(import.meta.dirname, '../../bin/countersign.js')

/** Runs one command to its end. `settings` are environment variables, and nothing else of the surroundings goes in. */
export function runCommand(words: readonly string[], settings: Readonly<Record<string, string>>): Promise<Ended> {
  return startCommand(words, settings).ended
}

/** Starts one command, to be killed or waited for. */
export function startCommand(
  words: readonly string[],
  settings: Readonly<Record<string, string>>,
): { kill(): void; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [program, ...words], { env: settings, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = { out: '', said: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ended.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ended.said += text
  })
  const done = new Promise<Ended>((close, failed) => {
    child.once('error', failed)
    child.once('close', (code) => close({ code, ...ended }))
  })
  return { kill: () => void child.kill('SIGKILL'), ended: done }
}
