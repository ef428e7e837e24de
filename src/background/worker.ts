// The work that nobody waits for: mail, the audit chain, what runs out. Each kind goes on by itself, and a round that fails
// is noted and tried again. What is to be done once, and not once a process, is done under the lease.

import { type Duration, seconds } from '../time.ts'
import type { Lease } from './lease.ts'

export interface Work {
  name: string
  every: Duration
  /** How many rounds may go on at once; one unless it says so. */
  atOnce?: number
  /** What every process does. It may ask whether it is to come to its end. */
  act?: (isStopping: () => boolean) => Promise<unknown>
  /** What is done by the one that holds the lease. */
  once?: () => Promise<unknown>
  /** What the others do meanwhile. */
  otherwise?: () => Promise<unknown>
}

export interface WorkerEvents {
  onFault: (work: string, error: unknown) => void
  /** Told when this process comes to do what is done once, or has lost it. */
  onLease: (held: boolean) => void
}

/** How often the lease is looked at. */
const lookEvery = seconds(2)

/** Begins to work. What comes back stops: it begins nothing more, waits for what runs, and gives the lease away. */
export function startWorking(
  works: readonly Work[],
  lease: Lease,
  { onFault, onLease }: WorkerEvents,
): () => Promise<void> {
  const { begin, ended } = createRounds(onFault)
  let held = false
  let stopping = false
  const look = async () => {
    const before = held
    // Whoever cannot ask does not know, and leaves it to others.
    held = await lease.hold().catch((error: unknown) => {
      onFault('lease', error)
      return false
    })
    if (held !== before) onLease(held)
  }
  const doWork = async ({ act, once, otherwise }: Work) => {
    await act?.(() => stopping)
    await (held ? once : otherwise)?.()
  }
  begin('lease', 1, look)
  const timers = [
    setInterval(() => begin('lease', 1, look), lookEvery),
    ...works.map((work) => setInterval(() => begin(work.name, work.atOnce ?? 1, () => doWork(work)), work.every)),
  ]
  return async () => {
    stopping = true
    timers.forEach(clearInterval)
    // Nobody else is kept from the work by a mail server that hangs.
    await ended(['lease', ...works.filter(({ once }) => once).map(({ name }) => name)])
    await lease.release().catch((error: unknown) => onFault('lease', error))
    await ended(works.map(({ name }) => name))
  }
}

/** Keeps the rounds that go on, by kind of work. */
function createRounds(onFault: WorkerEvents['onFault']) {
  const running = new Map<string, Set<Promise<void>>>()
  const of = (name: string) => {
    const rounds = running.get(name) ?? new Set()
    running.set(name, rounds)
    return rounds
  }
  return {
    begin(name: string, atOnce: number, act: () => Promise<unknown>): void {
      const rounds = of(name)
      if (rounds.size >= atOnce) return
      const round = act()
        .catch((error: unknown) => onFault(name, error))
        .then(() => void rounds.delete(round))
      rounds.add(round)
    },
    async ended(names: readonly string[]): Promise<void> {
      await Promise.all(names.flatMap((name) => [...of(name)]))
    },
  }
}
