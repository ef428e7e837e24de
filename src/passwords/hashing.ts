// Argon2id behind a bounded queue: as many hashes at once as there are cores, a limited number waiting, and a plain no
// beyond that. Sign-in costs one hash; nothing else in the service waits for one.

import { availableParallelism } from 'node:os'
import { type Algorithm, hash, hashRaw, verify } from '@node-rs/argon2'
import { Refusal } from '../refusal.ts'
import { type Clock, seconds } from '../time.ts'

/** Cost of one hash: 19 MiB, 2 passes, 1 lane (OWASP ASVS 5.0 appendix C). */
export const hashCost = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const

/** `Algorithm.Argon2id`: the package declares it as a const enum, which has no value at run time. */
const argon2id: Algorithm.Argon2id = 2

/** Tells whether a stored hash was made with another cost than today's, so that it is time to make it anew. */
export function isOutdated(stored: string): boolean {
  const { memoryCost, timeCost, parallelism } = hashCost
  return !stored.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$`)
}

export interface Hashing {
  /** Hashes a password for storing (PHC string with its own salt and cost). */
  hashPassword(password: string): Promise<string>
  /** Checks a password against a stored hash, or, given null, takes as long and says no. */
  verifyPassword(stored: string | null, password: string): Promise<boolean>
  /** Hashes a recovery code with its set's salt and cost; 32 bytes. */
  hashRecoveryCode(code: string, salt: Buffer, cost: { memoryKib: number; passes: number }): Promise<Buffer>
  /** How many hashes are being computed and wait at present, and how many were refused so far. */
  load(): { running: number; waiting: number; refused: number }
}

/** Refuses with `busy` when this many hashes wait already: better one clear no than everybody waiting for minutes. */
const longestQueue = 256

/** Makes the queue. `concurrency` is how many hashes are computed at once: by default one a core. */
export function createHashing(clock: Clock, concurrency = availableParallelism()): Hashing {
  const waiting: (() => void)[] = []
  let running = 0
  let refused = 0

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (running >= concurrency) {
      if (waiting.length >= longestQueue) {
        refused += 1
        throw new Refusal('busy', { retryAt: clock() + seconds(5) })
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await work()
    } finally {
      // The place is handed to the next in line, or given back.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }

  const options = { ...hashCost, algorithm: argon2id }
  // Made at once, so that the first guess at a name that nobody has takes no longer than the next.
  const decoy = inTurn(() => hash('nobody has this password', options))

  return {
    load: () => ({ running, waiting: waiting.length, refused }),
    hashPassword: (password) => inTurn(() => hash(normalised(password), options)),
    verifyPassword: async (stored, password) => {
      const against = stored ?? (await decoy)
      const right = await inTurn(() => verify(against, normalised(password)))
      return right && stored !== null
    },
    hashRecoveryCode: (code, salt, { memoryKib, passes }) =>
      inTurn(() =>
        hashRaw(code, {
          algorithm: argon2id,
          memoryCost: memoryKib,
          timeCost: passes,
          parallelism: 1,
          outputLen: 32,
          salt,
        }),
      ),
  }
}

/** The same text typed on another keyboard is the same password: NFC, and nothing else is changed (63B-4 §3.1.1.2). */
function normalised(password: string): string {
  return password.normalize('NFC')
}
