// Data keys for a database of a test's own.

import { randomBytes } from 'node:crypto'
import type { Database } from '../../src/database/database.ts'
import type { DataKey } from '../../src/secrets/data-key.ts'
import { type KeyRing, keyRing } from '../../src/secrets/key-ring.ts'
import { beginKeys } from '../../src/secrets/key-table.ts'
import { masterKey } from '../../src/secrets/master-key.ts'

/** Makes the first data key as the first start does, and the ring of one process. */
export async function openKeys(db: Database, master = masterKey(randomBytes(32))): Promise<KeyRing> {
  await beginKeys(db, [master], 0)
  return keyRing(async () => [master])
}

/** A ring of keys that no database knows: another installation's. The last one is the newest. */
export function strangeKeys(...keys: readonly [DataKey, ...DataKey[]]): KeyRing {
  const newest = keys.at(-1) ?? keys[0]
  return {
    newest: async () => newest,
    find: async (_, number) => keys.find((key) => key.number === number) ?? null,
    inUse: async () => [newest],
    prove: async () => {},
  }
}
