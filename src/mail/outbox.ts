// Outgoing mail. A message is written in the transaction of what it announces, so that neither exists without the other;
// delivery happens afterwards, with growing pauses between tries, and never holds up a request. A one-time link waits sealed
// beside the text, is put in when the mail goes out, and is forgotten then: no row and no backup shows it.

import { type Kysely, type Selectable, sql } from 'kysely'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import type { OutboxTable, Tables } from '../database/tables.ts'
import type { Sealer } from '../secrets/sealing.ts'
import { newId } from '../secrets/tokens.ts'
import { days, hours, type Instant, minutes } from '../time.ts'

export interface Message {
  to: string
  subject: string
  text: string
  html: string
}

/** Hands one message to a mail server, or to the log. Throws when it was not taken. */
export type Mailer = (message: Message) => Promise<void>

/** Stands in a message for its one-time link while it waits. */
export const linkPlace = '[link]'

/** Queues one message as part of the caller's transaction, and gives its id. */
export async function send(trx: DatabaseTransaction, message: Message, now: Instant): Promise<string> {
  const id = newId()
  await queue(trx, { id, message, sealedLink: null }, now)
  return id
}

/** Queues one message that holds a one-time link wherever `linkPlace` stands. */
export async function sendWithLink(
  trx: DatabaseTransaction,
  sealer: Sealer,
  { message, link }: { message: Message; link: string },
  now: Instant,
): Promise<void> {
  const id = newId()
  await queue(trx, { id, message, sealedLink: sealer.seal(Buffer.from(link), boundTo(id)) }, now)
}

const boundTo = (id: string) => `outbox.sealed_link:${id}`

async function queue(
  trx: DatabaseTransaction,
  { id, message, sealedLink }: { id: string; message: Message; sealedLink: string | null },
  now: Instant,
): Promise<void> {
  await trx
    .insertInto('outbox')
    .values({
      id,
      recipient: message.to,
      subject: message.subject,
      body_text: message.text,
      body_html: message.html,
      sealed_link: sealedLink,
      created_at: now,
      next_try_at: now,
      tries: 0,
    })
    .execute()
}

const pauses = [minutes(1), minutes(5), minutes(15), hours(1), hours(3), hours(6)]
/** After so many tries a message is given up. */
export const longestTries = 12
const claimFor = minutes(2)

/**
 * Delivers what is due. Each message is claimed by a guarded write first, so that of several processes one sends it.
 * `onGivenUp` is told the id of each that has had its last try.
 */
export async function deliverDue(
  db: Database,
  mailer: Mailer,
  sealer: Sealer,
  now: Instant,
  onGivenUp: (id: string) => void = () => {},
): Promise<{ sent: number; failed: number }> {
  let [sent, failed] = [0, 0]
  const due = await db
    .selectFrom('outbox')
    .selectAll()
    .where('sent_at', 'is', null)
    .where('tries', '<', longestTries)
    .where('next_try_at', '<=', now)
    .orderBy('next_try_at')
    .limit(50)
    .execute()
  for (const row of due) {
    if (!(await claim(db, row, now))) continue
    if (await deliver(db, mailer, sealer, row, now)) {
      sent += 1
      continue
    }
    failed += 1
    if (row.tries + 1 >= longestTries) onGivenUp(row.id)
  }
  return { sent, failed }
}

/** Delivers one message at once, if it is due. False when it was not taken, or when somebody else is at it. */
export async function deliverNow(
  db: Database,
  mailer: Mailer,
  sealer: Sealer,
  id: string,
  now: Instant,
): Promise<boolean> {
  const row = await db
    .selectFrom('outbox')
    .selectAll()
    .where('id', '=', id)
    .where('sent_at', 'is', null)
    .where('next_try_at', '<=', now)
    .executeTakeFirst()
  if (!row || !(await claim(db, row, now))) return false
  return deliver(db, mailer, sealer, row, now)
}

/** Makes a message due again that was refused or given up. False when it is not one of those, or lacks its link by now. */
export async function makeDue(trx: DatabaseTransaction, id: string, now: Instant): Promise<boolean> {
  const changed = await trx
    .updateTable('outbox')
    .set((e) => ({
      next_try_at: now,
      // Given up means: tried too often. It gets all its tries again.
      tries: e.case().when('tries', '>=', longestTries).then(0).else(e.ref('tries')).end(),
    }))
    .where('id', '=', id)
    .where('sent_at', 'is', null)
    // Without an error it is being sent right now, unless that try was the last and broke off without a word.
    .where((e) =>
      e.or([e('last_error', 'is not', null), e.and([e('tries', '>=', longestTries), e('next_try_at', '<=', now)])]),
    )
    .where((e) => e.or([e('sealed_link', 'is not', null), e('body_text', 'not like', `%${linkPlace}%`)]))
    .executeTakeFirst()
  return changedRows(changed) === 1
}

/** Gives up every mail that waits with a link in it, with a word why, and tells how many. The links are forgotten. */
export async function giveUpLinks(trx: DatabaseTransaction, why: string): Promise<number> {
  const given = givenUp(trx, why).where('sealed_link', 'is not', null)
  return changedRows(await given.executeTakeFirst())
}

/** The same for every mail that waits, with a link in it or without. */
export async function giveUpWaiting(trx: DatabaseTransaction, why: string): Promise<number> {
  const given = givenUp(trx, why).where('tries', '<', longestTries)
  return changedRows(await given.executeTakeFirst())
}

function givenUp(trx: DatabaseTransaction, why: string) {
  return trx
    .updateTable('outbox')
    .set({ tries: longestTries, last_error: why, sealed_link: null })
    .where('sent_at', 'is', null)
}

/** Until it is told what came of it, a claimed message has no error, so that nobody makes it due again meanwhile. */
async function claim(db: Database, { id, tries }: Selectable<OutboxTable>, now: Instant): Promise<boolean> {
  const claimed = await db
    .updateTable('outbox')
    .set({ tries: tries + 1, next_try_at: now + claimFor, last_error: null })
    .where('id', '=', id)
    .where('tries', '=', tries)
    .where('sent_at', 'is', null)
    .executeTakeFirst()
  return changedRows(claimed) === 1
}

async function deliver(
  db: Database,
  mailer: Mailer,
  sealer: Sealer,
  row: Selectable<OutboxTable>,
  now: Instant,
): Promise<boolean> {
  const { id, tries } = row
  try {
    await mailer(messageOf(row, sealer))
    await db
      .updateTable('outbox')
      .set({ sent_at: now, last_error: null, sealed_link: null })
      .where('id', '=', id)
      .execute()
    return true
  } catch (error) {
    const pause = pauses[Math.min(tries, pauses.length - 1)] ?? hours(6)
    const reason = error instanceof Error ? error.message.slice(0, 500) : 'unknown'
    await db
      .updateTable('outbox')
      .set({
        next_try_at: now + pause,
        last_error: reason,
        ...(tries + 1 >= longestTries ? { sealed_link: null } : {}),
      })
      .where('id', '=', id)
      .execute()
    return false
  }
}

/** Writes the message out, with its link where it has one. A link of ours has nothing in it that HTML would read. */
function messageOf(row: Selectable<OutboxTable>, sealer: Sealer): Message {
  const link = row.sealed_link === null ? null : sealer.open(row.sealed_link, boundTo(row.id)).toString()
  const filled = (text: string) => (link === null ? text : text.replaceAll(linkPlace, () => link))
  return { to: row.recipient, subject: row.subject, text: filled(row.body_text), html: filled(row.body_html) }
}

/** Deletes what was sent, or given up, more than thirty days ago. */
export async function purgeOutbox(db: Kysely<Tables>, now: Instant): Promise<void> {
  await db
    .deleteFrom('outbox')
    .where('created_at', '<', now - days(30))
    .where((where) => where.or([where('sent_at', 'is not', null), where('tries', '>=', sql<number>`${longestTries}`)]))
    .execute()
}
