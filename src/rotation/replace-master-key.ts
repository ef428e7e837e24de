// The replacement of the master key: every data key is wrapped anew, in one transaction, and what they have sealed stays as it
// is. Before it only the old master key opens the data keys, after it only the new one; there is nothing in between.

import { record } from '../audit/record.ts'
import type { Database } from '../database/database.ts'
import { lockAlone } from '../database/locks.ts'
import { type MasterKeys, openKeyRows, unwrapAll } from '../secrets/key-ring.ts'
import { readKeyRows, setWrapped } from '../secrets/key-table.ts'
import type { MasterKey } from '../secrets/master-key.ts'
import type { Clock } from '../time.ts'

/** Wraps all data keys with this master key, and tells how many; null when it is the one that has wrapped them already. */
export async function replaceMasterKey(
  { db, masterKeys, clock }: { db: Database; masterKeys: MasterKeys; clock: Clock },
  next: MasterKey,
): Promise<number | null> {
  return db.transaction().execute(async (trx) => {
    await lockAlone(trx, 'keys')
    if (unwrapAll(await readKeyRows(trx), next)) return null
    const { rows, master } = await openKeyRows(trx, masterKeys)
    if (!master) throw new Error('There is no data key.')
    for (const { number, wrapped } of rows) {
      const bytes = master.unwrap(number, wrapped ?? master.wrapFirst())
      if (!bytes) throw new Error(`Data key ${number} does not open.`)
      await setWrapped(trx, { number, from: wrapped, to: next.wrap(number, bytes) })
    }
    const event = { name: 'key.master-replaced' as const, details: { keys: rows.length } }
    await record(trx, event, { now: clock(), caller: null, actor: null, subject: null })
    return rows.length
  })
}
