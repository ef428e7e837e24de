// Writes a list of users out as a table for people (CSV), a page at a time: the memory it takes does not grow with the list.

import { csvLine } from '../csv.ts'
import type { Database } from '../database/database.ts'
import { type Instant, isoTimeOrNull } from '../time.ts'
import { type ListedUser, listUsers, type UserFilter } from './user-list.ts'

const atOnce = 500

type Row = ListedUser & { groups: readonly string[] }

const columns: readonly [heading: string, cell: (user: Row) => string | number | null][] = [
  ['id', ({ id }) => id],
  ['email', ({ email }) => email],
  ['name', ({ name }) => name],
  ['role', ({ role }) => role],
  ['state', ({ state }) => state],
  ['mfa', ({ mfa }) => mfa],
  ['recovery_codes_left', ({ codesLeft }) => codesLeft],
  ['groups', ({ groups }) => groups.join('; ')],
  ['last_sign_in', ({ lastSignInAt }) => isoTimeOrNull(lastSignInAt)],
  ['added', ({ createdAt }) => isoTimeOrNull(createdAt)],
  ['ends', ({ expiresAt }) => isoTimeOrNull(expiresAt)],
]

/** Yields the text of the export in pieces. */
export async function* exportUsers(db: Database, filter: UserFilter, now: Instant): AsyncGenerator<string> {
  yield csvLine(columns.map(([heading]) => heading))
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof listUsers>> = await listUsers(db, { filter, after, limit: atOnce, now })
    const groups = await groupNames(
      db,
      page.users.map(({ id }) => id),
    )
    const rows = page.users.map((user) => ({ ...user, groups: groups.get(user.id) ?? [] }))
    if (rows.length > 0) yield rows.map((row) => csvLine(columns.map(([, cell]) => cell(row)))).join('')
    after = page.next
  } while (after !== null)
}

async function groupNames(db: Database, userIds: readonly string[]): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>()
  if (userIds.length === 0) return names
  const rows = await db
    .selectFrom('group_members')
    .innerJoin('groups', 'groups.id', 'group_members.group_id')
    .select(['group_members.user_id', 'groups.name'])
    .where('group_members.user_id', 'in', userIds)
    .orderBy('groups.name_key')
    .execute()
  for (const { user_id, name } of rows) names.set(user_id, [...(names.get(user_id) ?? []), name])
  return names
}
