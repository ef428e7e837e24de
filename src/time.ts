// The clock and durations. Time always arrives as a value: nothing below the doors asks the machine what time it is,
// so every rule about time can be tested by passing another `now`.

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** A length of time in milliseconds; make one with `seconds`, `minutes`, `hours` or `days`, so that the unit is read where it is written. */
export type Duration = number

/** Tells the present instant. The service has one; tests pass their own. */
export type Clock = () => Instant

/** Converts seconds. */
export const seconds = (count: number): Duration => count * 1000
/** Converts minutes. */
export const minutes = (count: number): Duration => seconds(count * 60)
/** Converts hours. */
export const hours = (count: number): Duration => minutes(count * 60)
/** Converts days of 24 hours. */
export const days = (count: number): Duration => hours(count * 24)

/** Writes an instant in UTC as ISO 8601, as events, files and programs get it. */
export function isoTime(at: Instant): string {
  return new Date(at).toISOString()
}

/** The same for an instant that may not be there. */
export function isoTimeOrNull(at: Instant | null): string | null {
  return at === null ? null : isoTime(at)
}

/** Writes the day of an instant in UTC: `2026-11-24`. */
export function isoDay(at: Instant): string {
  return isoTime(at).slice(0, 10)
}

/** Reads a day of the calendar as its first instant in UTC; null for anything else, such as the 30th of February. */
export function parseDay(text: string): Instant | null {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return null
  const instant = Date.parse(`${text}T00:00:00Z`)
  return Number.isNaN(instant) || isoDay(instant) !== text ? null : instant
}

/** Tells whether what was read at that instant is younger than so long. A clock that was set back makes nothing young for ever. */
export function isYoung(readAt: Instant, now: Instant, than: Duration): boolean {
  return Math.abs(now - readAt) < than
}

/**
 * Waits for work, but for no longer than `patience`: then gives what stands in for it, and what the work comes to is nobody's
 * any more. Throws what the work throws in time. Does not keep the process alive.
 */
export async function within<Result, Instead>(
  patience: Duration,
  work: Promise<Result>,
  instead: Instead,
): Promise<Result | Instead> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Instead>((resolve) => {
    timer = setTimeout(() => resolve(instead), patience).unref()
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Reads the machine's clock. Used by `main.ts` only. */
export const machineClock: Clock = () => Date.now()
