// Hashes that take no time and wait for nobody but a gate, so that a test decides when each is done.

import type { Argon2 } from '../../src/passwords/hashing.ts'

const marks = '$argon2id$v=19$m=19456,t=2,p=1$none$'

/** No hash at all, but called one of today's cost: it only has to be right for the same text and wrong for another. */
export const instantArgon2: Argon2 = {
  hash: async (text) => `${marks}${Buffer.from(text).toString('base64url')}`,
  hashRaw: async (text) => Buffer.from(String(text).padEnd(32).slice(0, 32)),
  verify: async (stored, text) => stored === `${marks}${Buffer.from(text).toString('base64url')}`,
}

export interface GatedArgon2 extends Argon2 {
  /** How many computations have begun. */
  begun: number
  /** From now on each computation waits at the gate. */
  close(): void
  /** Lets the oldest that waits through; true when one was there. */
  letOneThrough(): boolean
  open(): void
}

/** Makes one; its gate is open. */
export function gatedArgon2(): GatedArgon2 {
  const waiting: (() => void)[] = []
  let isClosed = false
  const gated =
    <Parameters extends unknown[], Result>(compute: (...given: Parameters) => Promise<Result>) =>
    async (...given: Parameters): Promise<Result> => {
      argon2.begun += 1
      if (isClosed) await new Promise<void>((resolve) => waiting.push(resolve))
      return compute(...given)
    }
  const argon2: GatedArgon2 = {
    hash: gated(instantArgon2.hash),
    hashRaw: gated(instantArgon2.hashRaw),
    verify: gated(instantArgon2.verify),
    begun: 0,
    close: () => {
      isClosed = true
    },
    letOneThrough: () => {
      const next = waiting.shift()
      next?.()
      return next !== undefined
    },
    open: () => {
      isClosed = false
      while (argon2.letOneThrough());
    },
  }
  return argon2
}
