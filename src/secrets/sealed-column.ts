// What a store that seals something says of it, so that it can be sealed anew under the next key. Each store writes its own
// table, as ever; the next key comes from elsewhere.

import type { Database, DatabaseTransaction } from '../database/database.ts'

/** One sealed value, and what it is bound to. */
export interface SealedValue {
  id: string
  sealed: string
  boundTo: string
}

export interface SealedColumn {
  /** What the values are, in the plural, for whoever watches. */
  what: string
  /** Reads some that another key than this has sealed, behind that id, in the order of their ids. */
  readOthers(db: Database, key: number, after: string, limit: number): Promise<SealedValue[]>
  /** Puts a value in place, if it is still sealed as it was read; false when it has changed or gone. */
  replace(trx: DatabaseTransaction, was: SealedValue, sealed: string): Promise<boolean>
  /** Counts the values that there are, and how many of them another key than this has sealed. */
  count(db: Database, key: number): Promise<{ all: number; others: number }>
}

/** Writes what a value that this key has sealed begins with, as a pattern. */
export function sealedBy(key: number): string {
  return `${key}.%`
}
