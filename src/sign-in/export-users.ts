// What somebody does who takes the list of users out of the service. That they did is an event.

import { type Caller, recordAlone } from '../audit/record.ts'
import { Refusal } from '../refusal.ts'
import { exportUsers } from '../users/export.ts'
import { may } from '../users/roles.ts'
import { everyUser, type UserFilter } from '../users/user-list.ts'
import type { SignInParts } from './parts.ts'
import type { Standing } from './standing.ts'

/** Notes the export, and hands out its text piece by piece. Throws `not-allowed`. */
export async function exportUserList(
  { db, clock }: SignInParts,
  { account }: Standing,
  filter: UserFilter,
  caller: Caller,
): Promise<AsyncGenerator<string>> {
  if (!may(account.user.role, 'users.read')) throw new Refusal('not-allowed')
  const now = clock()
  const narrowed = Object.keys(everyUser) as (keyof UserFilter)[]
  const filters = narrowed.filter((name) => filter[name] !== everyUser[name])
  await recordAlone(
    db,
    { name: 'users.exported', details: { filters } },
    { now, caller, actor: account.user.id, subject: null },
  )
  return exportUsers(db, filter, now)
}
