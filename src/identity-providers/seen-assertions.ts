// What a provider says may be accepted once: assertions, logout tokens. Each is written down until it would have run out
// anyway, so that it is known after a restart and in every process.

import { createHash } from 'node:crypto'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import type { Instant } from '../time.ts'

/** Uses up what a provider has called by this id; false when it was used before. */
export async function spendAssertion(
  trx: Database | DatabaseTransaction,
  { providerId, id, expiresAt }: { providerId: string; id: string; expiresAt: Instant },
): Promise<boolean> {
  const spent = await trx
    .insertInto('seen_assertions')
    .values({ id: createHash('sha256').update(`${providerId}\0${id}`).digest('base64url'), expires_at: expiresAt })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return changedRows(spent) === 1
}

/** Deletes what would not be accepted any more for its age alone. */
export async function purgeSeenAssertions(db: Database, now: Instant): Promise<void> {
  await db.deleteFrom('seen_assertions').where('expires_at', '<=', now).execute()
}
