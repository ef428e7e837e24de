// What a person changes of their own account that opens no door: how they are called, and how the pages look.

import { type Caller, record } from '../audit/record.ts'
import type { Theme } from '../database/tables.ts'
import { setName, setPreferences } from '../users/users.ts'
import { mustHaveScope } from './administer.ts'
import type { SignInParts } from './parts.ts'
import type { AnyStanding } from './standing.ts'

export interface ProfileEdit {
  name?: string | null
  language?: string | null
  theme?: Theme
}

/** Changes one's own name, language and theme; what is left out stays. Throws `scope-missing`. */
export async function changeOwnProfile(
  parts: SignInParts,
  standing: AnyStanding,
  { name, ...preferences }: ProfileEdit,
  caller: Caller,
): Promise<void> {
  mustHaveScope(standing, 'profile:write')
  const { user } = standing.account
  const about = { now: parts.clock(), caller, actor: user.id, subject: user.id }
  await parts.db.transaction().execute(async (trx) => {
    if (Object.keys(preferences).length > 0) await setPreferences(trx, user.id, preferences)
    if (name === undefined || name === user.name) return
    await setName(trx, user.id, name)
    await record(trx, { name: 'user.name-changed', details: {} }, about)
  })
}
