// The two mailers: SMTP, or, where no server is set, a line in the log. The log names the recipient and the subject
// only: what a message says may be for its reader alone.

import type { Mailer } from './outbox.ts'

/** Sends by SMTP (`smtp://` with STARTTLS when offered, `smtps://` with TLS). Times out after 20 seconds a step. */
export async function smtpMailer(url: string, from: string): Promise<Mailer> {
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    url,
    connectionTimeout: 20_000,
    greetingTimeout: 20_000,
    socketTimeout: 20_000,
  } as never)
  return async ({ to, subject, text, html }) => {
    await transport.sendMail({ from, to: { name: '', address: to }, subject, text, html })
  }
}

/** Writes to the log instead of sending. */
export function logMailer(log: (line: { to: string; subject: string }) => void): Mailer {
  return async ({ to, subject }) => log({ to, subject })
}

/** Connects, greets, and signs in where the address has a name in it; sends nothing. Throws when the server refuses. */
export async function reachMailServer(url: string): Promise<void> {
  const { createTransport } = await import('nodemailer')
  const limits = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 10_000 }
  const transport = createTransport({ url, ...limits } as never)
  try {
    await transport.verify()
  } finally {
    transport.close()
  }
}
