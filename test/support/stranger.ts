// A stranger who asks the service about accounts that they do not have: one of every kind that there is, and none at all.

import { createUser } from '../../src/users/users.ts'
import { addPerson, addProtectedPerson } from './people.ts'
import { origin, type TestService } from './service.ts'

/** The accounts that a stranger may ask for. All addresses are equally long, so that nothing but the answer differs. */
export const accounts = {
  unknown: 'nobody@example.org',
  'in use': 'person@example.org',
  'with 2FA': 'factor@example.org',
  'of an administrator': 'leader@example.org',
  disabled: 'formal@example.org',
  'without a password yet': 'newbie@example.org',
  expired: 'bygone@example.org',
} as const
export type Account = keyof typeof accounts
export const names = Object.keys(accounts) as Account[]

/** Adds every kind of account. */
export async function populate(running: TestService): Promise<void> {
  await addPerson(running, { email: accounts['in use'] })
  await addProtectedPerson(running, { email: accounts['with 2FA'] })
  await addPerson(running, { email: accounts['of an administrator'], role: 'administrator' })
  const disabled = await addPerson(running, { email: accounts.disabled })
  await running.db
    .updateTable('users')
    .set({ deactivated_at: running.time.now })
    .where('id', '=', disabled.id)
    .execute()
  const expired = await addPerson(running, { email: accounts.expired })
  await running.db.updateTable('users').set({ expires_at: running.time.now }).where('id', '=', expired.id).execute()
  const invited = { email: accounts['without a password yet'], name: null, role: 'member' as const, passwordHash: null }
  const about = { now: running.time.now, caller: null, actor: null }
  await running.db.transaction().execute((trx) => createUser(trx, invited, 'administrator', about))
}

/** Sends the sign-in form. */
export function tryPassword(
  running: TestService,
  email: string,
  password: string,
  from = '192.0.2.1',
): Promise<Response> {
  return post(running, '/sign-in', { email, password }, from)
}

/** Asks for a link to choose a new password. */
export function askForLink(running: TestService, email: string, from = '192.0.2.1'): Promise<Response> {
  return post(running, '/forgot-password', { email }, from)
}

function post(running: TestService, path: string, fields: Record<string, string>, from: string): Promise<Response> {
  return running.fetch(path, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
    from,
  })
}
