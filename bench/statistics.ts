// The arithmetic of the benchmark: what a run of requests comes to, and what the cores could have done at best.

/** The durations of requests, in milliseconds, in the order in which they were answered. */
export type Durations = readonly number[]

/** The value that this share of all does not exceed (nearest rank); 0 of none. */
export function percentile(durations: Durations, share: number): number {
  if (durations.length === 0) return 0
  const sorted = Float64Array.from(durations).sort()
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}

/** The middle of some figures, which one that went astray does not move; 0 of none. */
export function median(figures: readonly number[]): number {
  return percentile(figures, 0.5)
}

/** What a stretch of load came to. Times are in seconds. */
export interface Stretch {
  wall: number
  done: number
  durations: Durations
  /** Processor time of each party during the stretch. */
  driver: number
  service: number
  /** The part of the service's that went into hashing. */
  hashing: number
  database: number
}

/**
 * How many hashes a second the cores could do at best beside this driver: what it leaves of them, divided by what one hash
 * costs. No more cores count than there are clients, since each waits for its own answer.
 */
export function hashCeiling(
  { wall, driver }: Pick<Stretch, 'wall' | 'driver'>,
  { cores, clients, secondsPerHash }: { cores: number; clients: number; secondsPerHash: number },
): number {
  return Math.max(0, Math.min(cores, clients) * wall - driver) / secondsPerHash / wall
}

/** Processor time of the service and the database that was no hashing, in milliseconds for each that was done. */
export function beyondHash({ done, service, hashing, database }: Stretch): { service: number; database: number } {
  const each = (seconds: number) => (done === 0 ? 0 : (seconds * 1000) / done)
  return { service: each(service - hashing), database: each(database) }
}

/** How much worse the worst figure is than the first, as a share of the first; 0 when none is worse. */
export function worstGrowth(figures: readonly number[]): number {
  const [first = 0] = figures
  return first === 0 ? 0 : Math.max(0, Math.max(...figures) / first - 1)
}
