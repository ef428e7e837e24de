// Writes audit events inside the caller's transaction: no event, no success.

import type { Database, DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
import type { AuditEventsTable } from '../database/tables.ts'
import { newOrderedId } from '../secrets/tokens.ts'
import type { Instant } from '../time.ts'
import type { AuditEvent } from './events.ts'

/** Who is calling, as far as the connection tells. */
export interface Caller {
  address: string
  userAgent: string
  requestId: string
  /** True once the connection is closed, so that nobody waits for the answer any more. */
  isGone?: () => boolean
}

export interface Circumstances {
  now: Instant
  caller: Caller | null
  /** Who did it; null when nobody is known yet. */
  actor: string | null
  /** Whose account it concerns. */
  subject: string | null
}

const insertion = prepare((db, given: Omit<AuditEventsTable, 'linked_at'>) =>
  db.insertInto('audit_events').values({
    id: given.id,
    at: given.at,
    name: given.name,
    actor_id: given.actor_id,
    subject_id: given.subject_id,
    address: given.address,
    user_agent: given.user_agent,
    request_id: given.request_id,
    details: given.details,
  }),
)

/** Records one event. Text from outside is cut and freed of control characters, so that no log or terminal is misled by it. */
export async function record(trx: DatabaseTransaction, event: AuditEvent, about: Circumstances): Promise<void> {
  await insertion.changed(trx, {
    id: newOrderedId(about.now),
    at: about.now,
    name: event.name,
    actor_id: about.actor,
    subject_id: about.subject,
    address: about.caller?.address ?? null,
    user_agent: about.caller ? printable(about.caller.userAgent, 300) : null,
    request_id: about.caller?.requestId ?? null,
    details: JSON.stringify(event.details),
  })
}

/** Records one event that stands alone, such as a refused guess, in a transaction of its own. */
export async function recordAlone(db: Database, event: AuditEvent, about: Circumstances): Promise<void> {
  await db.transaction().execute((trx) => record(trx, event, about))
}

/** Replaces control characters (C0, C1, DEL, bidirectional overrides) and cuts to a length in code points. */
export function printable(text: string, longest: number): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}')
  return [...clean].slice(0, longest).join('')
}
