// What is thrown when the database cannot be used at present: it is down, cut off, too slow, locked, full or read-only. That is
// nobody's mistake and passes; every door says "try again" (503). What is thrown as anything else is a bug.

/** Says that the database cannot be used at present. `cause` is what it, or the way to it, said. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super(wordsOf(cause), { cause })
    this.name = 'DatabaseUnavailable'
  }
}

/** Tells whether it is another process that is writing to the SQLite file, and took longer than we waited. */
export function isLocked(error: unknown): boolean {
  return error instanceof DatabaseUnavailable && lockedCodes.includes(resultCodeOf(error.cause))
}

/** SQLITE_BUSY and SQLITE_LOCKED. */
export const lockedCodes: readonly number[] = [5, 6]

/** Gives SQLite's primary result code; 0 for an error of somebody else's. */
export function resultCodeOf(error: unknown): number {
  // An extended code says more in its upper bits.
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
}

/** Gives what an error says. Several addresses of one host that all fail come as one error without words of its own. */
export function wordsOf(error: unknown): string {
  const told = error instanceof AggregateError ? error.errors : [error]
  return told.map((one) => (one instanceof Error ? one.message : String(one))).join(' ')
}
