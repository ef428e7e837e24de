// Outgoing mail. A message is written in the transaction of what it announces, so that neither exists without the other;
// delivery (see delivery.ts) happens afterwards and never holds up a request. A one-time link waits sealed beside the text,
// is put in when the mail goes out, and is forgotten then: no row and no backup shows it.

import { type Kysely, sql } from 'kysely'
import { changedRows, type DatabaseTransaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Sealer } from '../secrets/sealing.ts'
import { newId } from '../secrets/tokens.ts'
import { days, type Instant } from '../time.ts'

export interface Message {
  to: string
  subject: string
  text: string
  html: string
}

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
  const sealedLink = await sealer.seal(trx, Buffer.from(link), linkBinding(id))
  await queue(trx, { id, message, sealedLink }, now)
}

/** Names the row that a sealed link belongs to. */
export const linkBinding = (id: string): string => `outbox.sealed_link:${id}`

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

/** After so many tries a message is given up. */
export const longestTries = 12

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

/** Deletes what was sent, or given up, more than thirty days ago. */
export async function purgeOutbox(db: Kysely<Tables>, now: Instant): Promise<void> {
  await db
    .deleteFrom('outbox')
    .where('created_at', '<', now - days(30))
    .where((where) => where.or([where('sent_at', 'is not', null), where('tries', '>=', sql<number>`${longestTries}`)]))
    .execute()
}
