// Groups of users: a name and members, and nothing more. A group grants no role and no permission. Names are unique by their
// canonical form, so that two that look alike are not told apart by nothing.

import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import { isTaken } from '../database/unique.ts'
import { Refusal } from '../refusal.ts'
import { newId } from '../secrets/tokens.ts'
import type { Instant } from '../time.ts'

export interface Group {
  id: string
  name: string
}

/** Makes the canonical form of a name: NFKC, lower case, single spaces. */
export function groupKey(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase().replace(/\s+/g, ' ')
}

/** Creates a group and gives its id. Throws `conflict` when the name is taken. */
export async function createGroup(trx: DatabaseTransaction, name: string, now: Instant): Promise<string> {
  const row = await trx
    .insertInto('groups')
    .values({ id: newId(), name, name_key: groupKey(name), created_at: now })
    .onConflict((conflict) => conflict.column('name_key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!row) throw new Refusal('conflict')
  return row.id
}

/** Gives a group another name. Throws `conflict` when another group has it, `not-found` when there is no such group. */
export async function renameGroup(trx: DatabaseTransaction, id: string, name: string): Promise<void> {
  const renamed = await trx
    .updateTable('groups')
    .set({ name, name_key: groupKey(name) })
    .where('id', '=', id)
    .executeTakeFirst()
    .catch((cause: unknown) => {
      throw isTaken(cause) ? new Refusal('conflict', { cause }) : cause
    })
  if (changedRows(renamed) !== 1) throw new Refusal('not-found')
}

/** Deletes a group with its memberships; its members stay. False when there is no such group. */
export async function deleteGroup(trx: DatabaseTransaction, id: string): Promise<boolean> {
  return changedRows(await trx.deleteFrom('groups').where('id', '=', id).executeTakeFirst()) === 1
}

/** Adds a member; false when they are one already. */
export async function addMember(trx: DatabaseTransaction, groupId: string, userId: string): Promise<boolean> {
  const added = await trx
    .insertInto('group_members')
    .values({ group_id: groupId, user_id: userId })
    .onConflict((conflict) => conflict.columns(['group_id', 'user_id']).doNothing())
    .executeTakeFirst()
  return changedRows(added) === 1
}

/** Removes a member; false when they are none. */
export async function removeMember(trx: DatabaseTransaction, groupId: string, userId: string): Promise<boolean> {
  const removed = await trx
    .deleteFrom('group_members')
    .where('group_id', '=', groupId)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return changedRows(removed) === 1
}

/** Finds a group; null when there is none of that id. */
export async function findGroup(db: Database, id: string): Promise<Group | null> {
  return (await db.selectFrom('groups').select(['id', 'name']).where('id', '=', id).executeTakeFirst()) ?? null
}

/** Lists every group by name, with how many members it has. */
export async function listGroups(db: Database): Promise<(Group & { members: number })[]> {
  const rows = await db
    .selectFrom('groups')
    .select(['groups.id', 'groups.name'])
    .select((e) =>
      e
        .selectFrom('group_members')
        .whereRef('group_members.group_id', '=', 'groups.id')
        .select((m) => m.fn.countAll<number>().as('n'))
        .as('members'),
    )
    .orderBy('groups.name_key')
    .execute()
  return rows.map(({ id, name, members }) => ({ id, name, members: Number(members) }))
}

/** Lists the groups that a user is in, by name. */
export async function groupsOf(db: Database, userId: string): Promise<Group[]> {
  return db
    .selectFrom('group_members')
    .innerJoin('groups', 'groups.id', 'group_members.group_id')
    .select(['groups.id', 'groups.name'])
    .where('group_members.user_id', '=', userId)
    .orderBy('groups.name_key')
    .execute()
}
