// Hands waiting mail to the mail server, with growing pauses between tries. A message is claimed before it is handed over, and
// the claim outlasts the longest try: of several that deliver at once, one sends it. What a process had handed over when it
// was killed is sent again, under the same Message-ID.

import type { Selectable } from 'kysely'
import { changedRows, type Database } from '../database/database.ts'
import type { OutboxTable } from '../database/tables.ts'
import type { Sealer } from '../secrets/sealing.ts'
import { type Clock, hours, minutes } from '../time.ts'
import { linkBinding, linkPlace, longestTries, type Message } from './outbox.ts'

/** A message as it leaves. */
export interface OutgoingMessage extends Message {
  /** The same at each try, so that a mailbox knows a message that comes twice. */
  id: string
}

/** Hands one message to a mail server, or to the log, within a minute. Throws when it was not taken. */
export type Mailer = (message: OutgoingMessage) => Promise<void>

export interface DeliveryParts {
  db: Database
  mailer: Mailer
  sealer: Sealer
  clock: Clock
}

const pauses = [minutes(1), minutes(5), minutes(15), hours(1), hours(3), hours(6)]
/** Longer than a mailer takes. */
const claimFor = minutes(2)

export interface DeliveryOptions {
  /** Told the id of each message that has had its last try. */
  onGivenUp?: (id: string) => void
  /** Asked before each message; where it says true, the rest is left for later. */
  isStopping?: () => boolean
}

/** Delivers what is due, one message after the other. Several may do so at once. */
export async function deliverDue(
  parts: DeliveryParts,
  { onGivenUp = () => {}, isStopping = () => false }: DeliveryOptions = {},
): Promise<{ sent: number; failed: number }> {
  let [sent, failed] = [0, 0]
  const due = await parts.db
    .selectFrom('outbox')
    .selectAll()
    .where('sent_at', 'is', null)
    .where('tries', '<', longestTries)
    .where('next_try_at', '<=', parts.clock())
    .orderBy('next_try_at')
    .limit(50)
    .execute()
  for (const row of due) {
    if (isStopping()) break
    if (!(await claim(parts, row))) continue
    if (await deliver(parts, row)) {
      sent += 1
      continue
    }
    failed += 1
    if (row.tries + 1 >= longestTries) onGivenUp(row.id)
  }
  return { sent, failed }
}

/** Delivers one message at once, if it is due. False when it was not taken, or when somebody else is at it. */
export async function deliverNow(parts: DeliveryParts, id: string): Promise<boolean> {
  const row = await parts.db
    .selectFrom('outbox')
    .selectAll()
    .where('id', '=', id)
    .where('sent_at', 'is', null)
    .where('next_try_at', '<=', parts.clock())
    .executeTakeFirst()
  if (!row || !(await claim(parts, row))) return false
  return deliver(parts, row)
}

/**
 * Until it is told what came of it, a claimed message has no error, so that nobody makes it due again meanwhile. The claim
 * counts from now: the messages before this one may have taken long.
 */
async function claim({ db, clock }: DeliveryParts, { id, tries }: Selectable<OutboxTable>): Promise<boolean> {
  const claimed = await db
    .updateTable('outbox')
    .set({ tries: tries + 1, next_try_at: clock() + claimFor, last_error: null })
    .where('id', '=', id)
    .where('tries', '=', tries)
    .where('sent_at', 'is', null)
    .executeTakeFirst()
  return changedRows(claimed) === 1
}

async function deliver(parts: DeliveryParts, row: Selectable<OutboxTable>): Promise<boolean> {
  const { db, mailer, sealer, clock } = parts
  try {
    await mailer(await messageOf(db, row, sealer))
  } catch (error) {
    await noteFailure(parts, row, error)
    return false
  }
  // Outside of the above: that the database fails now is not the mail's fault, and the claim holds for a while.
  await db
    .updateTable('outbox')
    .set({ sent_at: clock(), last_error: null, sealed_link: null })
    .where('id', '=', row.id)
    .execute()
  return true
}

async function noteFailure(
  { db, clock }: DeliveryParts,
  { id, tries }: Selectable<OutboxTable>,
  error: unknown,
): Promise<void> {
  const pause = pauses[Math.min(tries, pauses.length - 1)] ?? hours(6)
  await db
    .updateTable('outbox')
    .set({
      next_try_at: clock() + pause,
      last_error: error instanceof Error ? error.message.slice(0, 500) : 'unknown',
      ...(tries + 1 >= longestTries ? { sealed_link: null } : {}),
    })
    .where('id', '=', id)
    .execute()
}

/** Writes the message out, with its link where it has one. A link of ours has nothing in it that HTML would read. */
async function messageOf(db: Database, row: Selectable<OutboxTable>, sealer: Sealer): Promise<OutgoingMessage> {
  const { id, recipient: to, subject } = row
  const link = row.sealed_link === null ? null : (await sealer.open(db, row.sealed_link, linkBinding(id))).toString()
  const filled = (text: string) => (link === null ? text : text.replaceAll(linkPlace, () => link))
  return { id, to, subject, text: filled(row.body_text), html: filled(row.body_html) }
}
