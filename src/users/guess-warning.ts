// When a person was last warned that somebody guesses at their second factor behind the right password: once a day at most,
// however many guess, in however many processes.

import { changedRows, type DatabaseTransaction } from '../database/database.ts'
import { hours, type Instant } from '../time.ts'

/** How long one warning is enough. */
export const warnedFor = hours(24)

/** Takes the one warning that is due. False when there was one within a day. */
export async function takeGuessWarning(trx: DatabaseTransaction, userId: string, now: Instant): Promise<boolean> {
  const taken = await trx
    .updateTable('users')
    .set({ guesses_told_at: now })
    .where('id', '=', userId)
    .where((e) => e.or([e('guesses_told_at', 'is', null), e('guesses_told_at', '<=', now - warnedFor)]))
    .executeTakeFirst()
  return changedRows(taken) === 1
}
