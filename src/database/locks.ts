// Locks that a transaction holds until it ends, for what no single row stands for. SQLite has one writer at a time, so there
// every transaction holds them all; PostgreSQL has advisory locks, also behind a pool that hands out connections by transaction.

import { sql } from 'kysely'
import { type DatabaseTransaction, dialectOf } from './database.ts'
import { DatabaseUnavailable } from './unavailable.ts'

/** What can be held, and the number by which the database knows it. */
const locks = { keys: 7_307_001 } as const
type Lock = keyof typeof locks

/** Waits until nobody holds it, and holds it alone. */
export async function lockAlone(trx: DatabaseTransaction, lock: Lock): Promise<void> {
  if (dialectOf(trx) === 'postgres') await sql`select pg_advisory_xact_lock(${locks[lock]}::bigint)`.execute(trx)
}

/** Waits until nobody holds it alone, and holds it with others. */
export async function lockShared(trx: DatabaseTransaction, lock: Lock): Promise<void> {
  if (dialectOf(trx) === 'postgres') await sql`select pg_advisory_xact_lock_shared(${locks[lock]}::bigint)`.execute(trx)
}

/** Lets others go first where rows are wanted by both: this transaction gives up instead of making them wait. */
export async function giveWay(trx: DatabaseTransaction): Promise<void> {
  if (dialectOf(trx) === 'postgres') await sql`set local lock_timeout = '50ms'`.execute(trx)
}

/** Tells whether a transaction has ended because it gave way. */
export function hasGivenWay(error: unknown): boolean {
  const cause = error instanceof DatabaseUnavailable ? error.cause : null
  return cause instanceof Error && 'code' in cause && cause.code === '55P03'
}
