// What an administrator does about mail: tries a message again that was refused, and sends a test message to their own
// address. Each is recorded first and tried at once afterwards, so that its outcome can be shown.

import { type Allowance, admit } from '../attempts/attempts.ts'
import { type Caller, record } from '../audit/record.ts'
import { makeDue } from '../mail/outbox.ts'
import { Refusal } from '../refusal.ts'
import { hours, minutes } from '../time.ts'
import { mustBePermitted } from './administer.ts'
import type { SignInParts } from './parts.ts'
import type { Standing } from './standing.ts'

/** So many test messages a day are free; then they have to wait. */
const testMails: Allowance = { free: 5, waits: [minutes(1), minutes(5), minutes(15), hours(1)] }

/** Sends a message to one's own address, to see whether mail goes out. Gives its id. Throws `too-many-attempts`. */
export async function sendTestMail(parts: SignInParts, standing: Standing, caller: Caller): Promise<string> {
  mustBePermitted(standing, 'settings.change')
  const { account } = standing
  const now = parts.clock()
  const admission = await admit(parts, [{ key: `test-mail:${account.user.id}`, allowance: testMails }], now)
  if (!admission.admitted) throw new Refusal('too-many-attempts', { retryAt: admission.retryAt })
  const id = await parts.db.transaction().execute(async (trx) => {
    const mail = await parts.notify(trx, { about: 'test' }, { account, caller, now })
    await record(
      trx,
      { name: 'mail.test-sent', details: { mail } },
      { now, caller, actor: account.user.id, subject: account.user.id },
    )
    return mail
  })
  await parts.deliverNow(id)
  return id
}

/** Tries a message again that was refused or given up. Throws `not-found` for any other. */
export async function retryMail(parts: SignInParts, standing: Standing, id: string, caller: Caller): Promise<void> {
  mustBePermitted(standing, 'settings.change')
  const about = { now: parts.clock(), caller, actor: standing.account.user.id, subject: null }
  await parts.db.transaction().execute(async (trx) => {
    if (!(await makeDue(trx, id, about.now))) throw new Refusal('not-found')
    await record(trx, { name: 'mail.retried', details: { mail: id } }, about)
  })
  await parts.deliverNow(id)
}
