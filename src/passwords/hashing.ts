// Argon2id behind a bounded queue: as many hashes at once as there are cores, a limited number waiting, and a plain no
// beyond that. Sign-in costs one hash; nothing else in the service waits for one.

import { availableParallelism } from 'node:os'
import { type Algorithm, hash, hashRaw, verify } from '@node-rs/argon2'
import type { Clock } from '../time.ts'
import { createQueue, type Line, type Load, type Waiter } from './queue.ts'

/** Cost of one hash: 19 MiB, 2 passes, 1 lane (OWASP ASVS 5.0 appendix C). */
export const hashCost = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const

/** `Algorithm.Argon2id`: the package declares it as a const enum, which has no value at run time. */
const argon2id: Algorithm.Argon2id = 2

/** Tells whether a stored hash was made with another cost than today's, so that it is time to make it anew. */
export function isOutdated(stored: string): boolean {
  const { memoryCost, timeCost, parallelism } = hashCost
  return !stored.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`)
}

/** What computes hashes. A test puts something in its place that takes no time, waits, or fails. */
export interface Argon2 {
  hash: typeof hash
  hashRaw: typeof hashRaw
  verify: typeof verify
}

/**
 * Each may be told who waits for it, so that nothing is computed for somebody who has gone away. A new password and a recovery
 * code are hashed for somebody who has come with a password, a link or a session; a password may be checked for anybody.
 */
export interface Hashing {
  /** Hashes a password for storing (PHC string with its own salt and cost). */
  hashPassword(password: string, waiter?: Waiter): Promise<string>
  /** Checks a password against a stored hash, or, given null, takes as long and says no. */
  verifyPassword(stored: string | null, password: string, guesser?: Guesser): Promise<boolean>
  /** Throws `busy` where this password could not be checked: then its guess need not be counted, which costs more than the no. */
  mustHaveRoom(guesser: Guesser): void
  /** Hashes a recovery code with its set's salt and cost; 32 bytes. */
  hashRecoveryCode(
    code: string,
    salt: Buffer,
    cost: { memoryKib: number; passes: number },
    waiter?: Waiter,
  ): Promise<Buffer>
  /** How many hashes are being computed and wait at present, and how many were refused so far. */
  load(): Load
}

/** Refuses with `busy` when this many hashes wait already: better one clear no than everybody waiting for minutes. */
const longestQueue = 256

/** Who waits for a password to be checked. */
export interface Guesser extends Waiter {
  /** True for whoever has a session, or sends the cookie of a browser that this very account knows. */
  isKnown?: boolean
}

function lineOf({ isKnown = false }: Guesser = {}): Line {
  return isKnown ? 'known' : 'strangers'
}

interface HashingOptions {
  /** How many hashes are computed at once: by default one a core. */
  concurrency?: number
  argon2?: Argon2
}

/** Makes the queue, and what computes behind it. */
export function createHashing(
  clock: Clock,
  { concurrency = availableParallelism(), argon2 = { hash, hashRaw, verify } }: HashingOptions = {},
): Hashing {
  const { inTurn, mustHaveRoom, load } = createQueue(clock, { concurrency, longest: longestQueue })
  const options = { ...hashCost, algorithm: argon2id }

  const makeDecoy = () => inTurn(() => argon2.hash('nobody has this password', options), 'known')
  // Made at once, so that the first guess at a name that nobody has takes no longer than the next.
  let decoy = makeDecoy()
  decoy.catch(() => {})

  return {
    load,
    hashPassword: (password, waiter) => inTurn(() => argon2.hash(normalised(password), options), 'known', waiter),
    mustHaveRoom: (guesser) => mustHaveRoom(lineOf(guesser)),
    verifyPassword: async (stored, password, guesser) => {
      if (stored === null) decoy = decoy.catch(makeDecoy)
      const against = stored ?? (await decoy)
      const right = await inTurn(() => argon2.verify(against, normalised(password)), lineOf(guesser), guesser)
      return right && stored !== null
    },
    hashRecoveryCode: (code, salt, { memoryKib, passes }, waiter) => {
      const cost = { algorithm: argon2id, memoryCost: memoryKib, timeCost: passes, parallelism: 1 }
      return inTurn(() => argon2.hashRaw(code, { ...cost, outputLen: 32, salt }), 'known', waiter)
    },
  }
}

/** The same text typed on another keyboard is the same password: NFC, and nothing else is changed (63B-4 §3.1.1.2). */
function normalised(password: string): string {
  return password.normalize('NFC')
}
