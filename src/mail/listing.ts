// The outbox as those see it who look after the mail: who gets what, how it stands, and what the server said. Never what a
// message says, and never a link: both are for its reader alone.

import { sql } from 'kysely'
import type { Database } from '../database/database.ts'
import type { Instant } from '../time.ts'
import { linkPlace, longestTries } from './outbox.ts'

export const mailStates = ['waiting', 'failing', 'given-up', 'sent'] as const

/** `waiting` was never refused; `failing` was, and is tried again; `given-up` is not any more. */
export type MailState = (typeof mailStates)[number]

export interface ListedMail {
  id: string
  recipient: string
  subject: string
  state: MailState
  tries: number
  createdAt: Instant
  sentAt: Instant | null
  /** When it is tried next; null when it is not. */
  nextTryAt: Instant | null
  lastError: string | null
  /** False for what was sent, and for a message whose one-time link has been forgotten. */
  mayRetry: boolean
}

export const mailsPerPage = 50

const stateOf = sql<MailState>`case
  when outbox.sent_at is not null then 'sent'
  when outbox.tries >= ${sql.lit(longestTries)} then 'given-up'
  when outbox.last_error is not null then 'failing'
  else 'waiting' end`

function listed(db: Database) {
  return db
    .selectFrom('outbox')
    .select(['id', 'recipient', 'subject', 'tries', 'created_at', 'sent_at', 'next_try_at', 'last_error'])
    .select([
      stateOf.as('state'),
      sql<number>`case when sealed_link is null and body_text like ${`%${linkPlace}%`} then 1 else 0 end`.as(
        'lost_link',
      ),
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof listed>['execute']>>[number]

function mailFrom(row: Row): ListedMail {
  const goesOn = row.state === 'waiting' || row.state === 'failing'
  return {
    id: row.id,
    recipient: row.recipient,
    subject: row.subject,
    state: row.state,
    tries: row.tries,
    createdAt: row.created_at,
    sentAt: row.sent_at,
    nextTryAt: goesOn ? row.next_try_at : null,
    lastError: row.last_error,
    mayRetry: (row.state === 'failing' || row.state === 'given-up') && Number(row.lost_link) === 0,
  }
}

/** Lists messages, newest first, a page at a time behind the message `after`. */
export async function listMails(
  db: Database,
  { state, after }: { state: MailState | null; after: string | null },
): Promise<{ mails: ListedMail[]; next: string | null }> {
  let query = listed(db)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(mailsPerPage + 1)
  if (state !== null) query = query.where(stateOf, '=', state)
  const behind = after === null ? null : await readPosition(db, after)
  if (behind !== null)
    query = query.where((e) =>
      e.or([
        e('created_at', '<', behind.created_at),
        e.and([e('created_at', '=', behind.created_at), e('id', '<', behind.id)]),
      ]),
    )
  const rows = await query.execute()
  const page = rows.slice(0, mailsPerPage)
  return { mails: page.map(mailFrom), next: rows.length > mailsPerPage ? (page.at(-1)?.id ?? null) : null }
}

async function readPosition(db: Database, id: string) {
  return (await db.selectFrom('outbox').select(['id', 'created_at']).where('id', '=', id).executeTakeFirst()) ?? null
}

/** Finds one message; null when there is none, or no longer. */
export async function findMail(db: Database, id: string): Promise<ListedMail | null> {
  const row = await listed(db).where('id', '=', id).executeTakeFirst()
  return row ? mailFrom(row) : null
}

/** Counts messages by how they stand. */
export async function countMails(db: Database): Promise<Readonly<Record<MailState, number>>> {
  const rows = await db
    .selectFrom('outbox')
    .select((e) => [stateOf.as('state'), e.fn.countAll<number>().as('count')])
    .groupBy(stateOf)
    .execute()
  const count = (state: MailState) => Number(rows.find((row) => row.state === state)?.count ?? 0)
  return { waiting: count('waiting'), failing: count('failing'), 'given-up': count('given-up'), sent: count('sent') }
}
