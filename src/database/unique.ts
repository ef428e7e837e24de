// What a unique index says no to. The index decides, not a look before the write: of several that come at once, one is first.

/** Tells whether a write failed because the value is taken: SQLite says it in words, PostgreSQL with a code. */
export function isTaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.message.includes('UNIQUE constraint') || ('code' in error && error.code === '23505'))
  )
}
