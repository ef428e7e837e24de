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

/** Reads the machine's clock. Used by `main.ts` only. */
export const machineClock: Clock = () => Date.now()
