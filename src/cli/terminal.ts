// What a command writes to: results to standard output, everything said about them to standard error. Nothing that comes
// from the database moves the cursor, changes colours or hides itself.

import { createInterface } from 'node:readline/promises'

export interface Terminal {
  /**
   * Writes a piece of the result; waits while the reader is slow. Throws `OutputClosed` once nobody reads any more, and
   * `OutputLost` where it cannot be written.
   */
  write(text: string): Promise<void>
  /** Says something to the person. */
  say(line: string): void
  /** Shows how far long work has come, on one line that is written over; an empty line takes it away. Nothing where no person looks on. */
  progress(line: string): void
  /** Asks the person for a line; null where nobody can answer. */
  ask(question: string): Promise<string | null>
  /** True where results go to a person's screen. */
  isScreen: boolean
}

/** The reader has gone, as with `| head`: there is nothing left to do, and nothing wrong. */
export class OutputClosed extends Error {}

/** The result, or a part of it, is not where it was to go, as on a full disk. */
export class OutputLost extends Error {}

/** What writing to a pipe fails with when its reader has gone. */
const readerIsGone = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'])

const eraseLine = '\r\u001b[2K'

/** Writes to the standard streams of this process. */
export function processTerminal(): Terminal {
  let isProgressShown = false
  const clear = () => {
    if (isProgressShown) process.stderr.write(eraseLine)
    isProgressShown = false
  }
  // A closed pipe is told to each write below; without a listener it would end the process with a stack.
  process.stdout.on('error', () => {})
  return {
    isScreen: process.stdout.isTTY === true,
    write: (text) =>
      new Promise((written, failed) => {
        if (process.stdout.isTTY) clear()
        process.stdout.write(text, (error) => (error ? failed(faultOf(error)) : written()))
      }),
    say: (line) => {
      clear()
      process.stderr.write(`${line}\n`)
    },
    ask: async (question) => {
      if (!process.stdin.isTTY || !process.stderr.isTTY) return null
      clear()
      const asking = createInterface({ input: process.stdin, output: process.stderr })
      // Whoever ends the input, or breaks off, has not said yes.
      const ended = new Promise<string>((end) => asking.once('close', () => end('')))
      try {
        return await Promise.race([asking.question(question).catch(() => ''), ended])
      } finally {
        asking.close()
      }
    },
    progress: (line) => {
      if (!process.stderr.isTTY) return
      clear()
      process.stderr.write(line)
      isProgressShown = line !== ''
    },
  }
}

function faultOf(error: NodeJS.ErrnoException): Error {
  return readerIsGone.has(error.code ?? '') ? new OutputClosed() : new OutputLost(error.message)
}

const misleading = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Replaces what would move the cursor or hide text. */
export function plain(text: string): string {
  return text.replace(misleading, '\u{fffd}')
}

/** The same for text of several lines. */
export function plainLines(text: string): string {
  return text.replace(misleading, (found) => (found === '\n' || found === '\r' || found === '\t' ? found : '\u{fffd}'))
}

/** Writes a value as JSON on one line; what would mislead a terminal is written as an escape, which means the same. */
export function jsonLine(value: unknown): string {
  return `${escapeMisleading(JSON.stringify(value))}\n`
}

/** Writes such characters of a JSON text as escapes. */
export function escapeMisleading(json: string): string {
  return json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    found === '\n' ? found : [...found].flatMap(escapesOf).join(''),
  )
}

function escapesOf(character: string): string[] {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
  })
}

/** Writes rows below each other in columns, the heading first. */
export function table(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(plain))
  const widths = clean.reduce<number[]>(
    (found, row) => row.map((cell, at) => Math.max(found[at] ?? 0, [...cell].length)),
    [],
  )
  return clean
    .map((row) =>
      row
        .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - [...cell].length))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
