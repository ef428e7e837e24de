// The mark that somebody else has reset a user's MFA. While it stands, MFA is required of the user whatever the policies say,
// and only a set-up link leads to it. Every browser becomes unknown again, for good.

import { changedRows, type DatabaseTransaction } from '../database/database.ts'
import { Refusal } from '../refusal.ts'
import type { Instant } from '../time.ts'
import { type ManagedUser, whereUnchanged } from './managed-user.ts'
import { voidLinks } from './one-time-links.ts'

/** Sets the mark. Throws `conflict` when the user's role or state has changed since it was read. */
export async function beginMfaReset(trx: DatabaseTransaction, user: ManagedUser, now: Instant): Promise<void> {
  const marked = await trx
    .updateTable('users')
    .set({ mfa_reset_at: now, browsers_known_since: now })
    .where('users.id', '=', user.id)
    .where(whereUnchanged(user))
    .executeTakeFirst()
  if (changedRows(marked) !== 1) throw new Refusal('conflict')
}

/** Makes every browser of everybody unknown again, for good, and tells how many accounts that concerns. */
export async function forgetAllBrowsers(trx: DatabaseTransaction, now: Instant): Promise<number> {
  return changedRows(await trx.updateTable('users').set({ browsers_known_since: now }).executeTakeFirst())
}

/** Takes the mark away, because MFA is set up again, and voids a set-up link that was not needed. */
export async function endMfaReset(trx: DatabaseTransaction, userId: string): Promise<void> {
  await trx.updateTable('users').set({ mfa_reset_at: null }).where('id', '=', userId).execute()
  await voidLinks(trx, userId, 'set-up-mfa')
}
