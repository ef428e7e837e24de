// Writes down, once, that an account has run out, and ends what it had open. That it may not be used any more does not wait
// for this: every door asks the time itself.

import { record } from '../audit/record.ts'
import { isoTime } from '../time.ts'
import { listExpired, noteExpiry } from '../users/expiry.ts'
import { endEverything } from './end-everything.ts'
import type { SignInParts } from './parts.ts'

/** Notes every account that has run out since the last time. */
export async function expireUsers(parts: SignInParts): Promise<void> {
  const about = { now: parts.clock(), caller: null, actor: null }
  for (const { id, expiresAt } of await listExpired(parts.db, about.now))
    await parts.db.transaction().execute(async (trx) => {
      if (!(await noteExpiry(trx, id, about.now))) return
      const at = isoTime(expiresAt)
      await record(trx, { name: 'user.expired', details: { at } }, { ...about, subject: id })
      await endEverything(trx, id, 'expired', about)
    })
}
