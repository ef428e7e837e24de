// Checks of the mail: whether the server takes our connection, and whether what was written was sent. No mail is sent.

import type { Config } from '../../config.ts'
import type { Database } from '../../database/database.ts'
import { reachMailServer } from '../../mail/mailer.ts'
import { type Instant, minutes } from '../../time.ts'
import { fail, lengthOf, ok, type Result, warn } from './check.ts'

/** Connects to the mail server, greets it, and signs in where a name is set. */
export async function checkMailServer({ mail }: Config): Promise<Result> {
  const about = 'Mail server'
  if (!mail)
    return warn(
      about,
      'None is set: mail is kept in the database and nobody gets any.',
      'Set SMTP_URL and COUNTERSIGN_MAIL_FROM.',
    )
  const { host } = new URL(mail.url)
  try {
    await reachMailServer(mail.url)
    return ok(about, `${host} takes our connection.`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return fail(
      about,
      `${host} does not take our connection: ${reason}`,
      'Look at SMTP_URL, and whether the server is up.',
    )
  }
}

/** Checks that mail does not lie about, and that none was sent in the future. */
export async function checkOutbox(db: Database, now: Instant): Promise<Result> {
  const about = 'Outbox'
  const { oldest, waiting } = await db
    .selectFrom('outbox')
    .select((e) => [e.fn.min('created_at').as('oldest'), e.fn.countAll<number>().as('waiting')])
    .where('sent_at', 'is', null)
    .executeTakeFirstOrThrow()
  const { last } = await db
    .selectFrom('outbox')
    .select((e) => e.fn.max('sent_at').as('last'))
    .executeTakeFirstOrThrow()
  if (last !== null && last > now + minutes(1))
    return fail(
      about,
      `The last mail is dated ${lengthOf(last - now)} in the future.`,
      'The clock of this machine is wrong, or was when it was sent. Keep it set by NTP.',
    )
  const sent = last === null ? 'None was sent yet.' : `The last one was sent ${lengthOf(now - last)} ago.`
  if (Number(waiting) === 0) return ok(about, `No mail waits. ${sent}`)
  const says = `${waiting} ${Number(waiting) === 1 ? 'mail waits' : 'mails wait'}, the oldest for ${lengthOf(now - oldest)}. ${sent}`
  return now - oldest > minutes(15)
    ? warn(about, says, 'Look whether the service runs, and at the check of the mail server.')
    : ok(about, says)
}
