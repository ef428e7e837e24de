// Requests for a password reset, as they were typed: the page writes one row whatever the address, and the mail worker
// looks up later whose it is. So the answer to a request depends on nothing that only some addresses have.

import type { Caller } from '../audit/record.ts'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { newId } from '../secrets/tokens.ts'
import { hours, type Instant } from '../time.ts'

export interface ResetRequest {
  id: string
  emailKey: string
  /** The language of the page, for who has chosen none. */
  language: string
  caller: Caller
}

/** Keeps a request for the mail worker. */
export async function keepResetRequest(
  db: Database,
  { emailKey, language, caller }: Omit<ResetRequest, 'id'>,
  now: Instant,
): Promise<void> {
  await db
    .insertInto('password_reset_requests')
    .values({
      id: newId(),
      email_key: emailKey,
      language,
      address: caller.address,
      user_agent: caller.userAgent.slice(0, 300),
      request_id: caller.requestId,
      created_at: now,
    })
    .execute()
}

/** Lists the oldest requests that wait. */
export async function listResetRequests(db: Database): Promise<ResetRequest[]> {
  const rows = await db.selectFrom('password_reset_requests').selectAll().orderBy('created_at').limit(50).execute()
  return rows.map((row) => ({
    id: row.id,
    emailKey: row.email_key,
    language: row.language,
    caller: { address: row.address, userAgent: row.user_agent, requestId: row.request_id },
  }))
}

/** Takes a request, as part of what becomes of it; false when another worker was quicker. */
export async function takeResetRequest(trx: DatabaseTransaction, id: string): Promise<boolean> {
  return changedRows(await trx.deleteFrom('password_reset_requests').where('id', '=', id).executeTakeFirst()) === 1
}

/** Drops every request that waits. */
export async function dropResetRequests(trx: DatabaseTransaction): Promise<void> {
  await trx.deleteFrom('password_reset_requests').execute()
}

/** Forgets what could not be answered for an hour: a link that comes so late is asked for anew. */
export async function purgeResetRequests(db: Database, now: Instant): Promise<void> {
  await db
    .deleteFrom('password_reset_requests')
    .where('created_at', '<=', now - hours(1))
    .execute()
}
