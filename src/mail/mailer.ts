// The two mailers: SMTP, or, where no server is set, a line in the log. The log names the recipient and the subject
// only: what a message says may be for its reader alone.

import { type Duration, seconds } from '../time.ts'
import type { Mailer } from './delivery.ts'

/**
 * Sends by SMTP (`smtp://` with STARTTLS when offered, `smtps://` with TLS). Times out after 20 seconds without a word, and
 * after `patience` in all: a server that goes on talking does not hold a message for ever.
 */
export async function smtpMailer(url: string, from: string, patience: Duration = seconds(60)): Promise<Mailer> {
  const transport = await transportTo(url, seconds(20))
  const domain = /@([^@\s>]+)>?\s*$/.exec(from)?.[1] ?? 'localhost'
  return async ({ id, to, subject, text, html }) => {
    const signal = AbortSignal.timeout(patience)
    const messageId = `<${id}@${domain}>`
    try {
      await transport.sendMail({ from, to: { name: '', address: to }, subject, text, html, messageId, signal })
    } catch (error) {
      throw signal.aborted
        ? new Error(`Timed out: the server did not take it within ${patience / 1000} seconds.`)
        : error
    }
  }
}

/** Writes to the log instead of sending. */
export function logMailer(log: (line: { to: string; subject: string }) => void): Mailer {
  return async ({ to, subject }) => log({ to, subject })
}

/** Connects, greets, and signs in where the address has a name in it; sends nothing. Throws when the server refuses. */
export async function reachMailServer(url: string): Promise<void> {
  const transport = await transportTo(url, seconds(10))
  try {
    await transport.verify()
  } finally {
    transport.close()
  }
}

async function transportTo(url: string, patience: Duration) {
  const { createTransport } = await import('nodemailer')
  const limits = { connectionTimeout: patience, greetingTimeout: patience, socketTimeout: patience }
  return createTransport({ url, ...limits } as never)
}
