// What a command is: how it is called, what its help says, and what it does. The help on the screen and the reference page
// are made from the same words.

import type { Config } from '../config.ts'
import type { Database } from '../database/database.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { SignInParts } from '../sign-in/parts.ts'
import type { Clock } from '../time.ts'
import type { Terminal } from './terminal.ts'

/** What a command finds around it; `main.ts` gives the real one. */
export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>
  /** Where relative paths start. */
  folder: string
  clock: Clock
  terminal: Terminal
  /** Runs the service. */
  serve(): Promise<void>
  createMachine(parts: { config: Config; db: Database; keys: KeyRing; clock: Clock }): SignInParts
}

/** What stands behind the name of a command, read. */
export interface Given {
  /** In the order in which they were given; as many as the command names. */
  words: readonly string[]
  /** The value of an option; undefined when it was not given. */
  option(name: string): string | undefined
  /** Whether an option without a value was given. */
  has(name: string): boolean
}

export interface Option {
  name: string
  /** What stands behind it, such as `ROLE`; none for one that is only there or not. */
  value?: string
  meaning: string
  /** It must be given. */
  required?: true
}

export interface Command {
  name: string
  /** What must be given, in order, such as `EMAIL`. */
  words: readonly string[]
  options: readonly Option[]
  /** One line for the list of commands. */
  summary: string
  /** What more there is to know, a paragraph each. */
  about: readonly string[]
  examples: readonly string[]
  /** Does it; resolves to the exit code. Throws `UsageFault` or `Failure` with a sentence for the person. */
  run(given: Given, surroundings: Surroundings): Promise<ExitCode>
}

/** 0: done, and nothing wrong was found. 1: it failed, or found something wrong. 2: it was not called rightly. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The command was not called rightly. */
export class UsageFault extends Error {}

/** The command was called rightly and cannot do what it is for. */
export class Failure extends Error {}
