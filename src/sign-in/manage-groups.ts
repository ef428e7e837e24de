// What administrators do to groups. Each act asks for the permission and a fresh proof, and is one transaction with its event.

import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { Refusal } from '../refusal.ts'
import {
  addMember,
  createGroup,
  deleteGroup,
  findGroup,
  type Group,
  removeMember,
  renameGroup,
} from '../users/groups.ts'
import { findUser } from '../users/managed-user.ts'
import { mustBePermitted } from './administer.ts'
import type { SignInParts } from './parts.ts'
import type { AnyStanding } from './standing.ts'

type By = { caller: Caller }

function begin(parts: SignInParts, standing: AnyStanding, caller: Caller) {
  mustBePermitted(standing, 'groups.manage')
  return { now: parts.clock(), caller, actor: standing.account.user.id }
}

async function mustFindGroup(trx: DatabaseTransaction, id: string): Promise<Group> {
  const group = await findGroup(trx, id)
  if (!group) throw new Refusal('not-found')
  return group
}

/** Creates a group and gives its id. Throws `conflict` when the name is taken. */
export async function addGroup(
  parts: SignInParts,
  standing: AnyStanding,
  { name, caller }: By & { name: string },
): Promise<string> {
  const about = begin(parts, standing, caller)
  return parts.db.transaction().execute(async (trx) => {
    const group = await createGroup(trx, name, about.now)
    await record(trx, { name: 'group.created', details: { group, name } }, { ...about, subject: null })
    return group
  })
}

/** Gives a group another name. Throws `conflict` or `not-found`. */
export async function changeGroupName(
  parts: SignInParts,
  standing: AnyStanding,
  { groupId, name, caller }: By & { groupId: string; name: string },
): Promise<void> {
  const about = begin(parts, standing, caller)
  await parts.db.transaction().execute(async (trx) => {
    const from = (await mustFindGroup(trx, groupId)).name
    if (from === name) return
    await renameGroup(trx, groupId, name)
    await record(
      trx,
      { name: 'group.renamed', details: { group: groupId, from, to: name } },
      { ...about, subject: null },
    )
  })
}

/** Deletes a group; its members stay. Throws `not-found`. */
export async function removeGroup(
  parts: SignInParts,
  standing: AnyStanding,
  { groupId, caller }: By & { groupId: string },
): Promise<void> {
  const about = begin(parts, standing, caller)
  await parts.db.transaction().execute(async (trx) => {
    const { name } = await mustFindGroup(trx, groupId)
    if (!(await deleteGroup(trx, groupId))) throw new Refusal('not-found')
    await record(trx, { name: 'group.deleted', details: { group: groupId, name } }, { ...about, subject: null })
  })
}

/** Adds a user to a group; nothing happens to who is in it already. Throws `not-found` for group or user. */
export async function addToGroup(
  parts: SignInParts,
  standing: AnyStanding,
  { groupId, userId, caller }: By & { groupId: string; userId: string },
): Promise<void> {
  const about = begin(parts, standing, caller)
  await parts.db.transaction().execute(async (trx) => {
    await mustFindGroup(trx, groupId)
    if (!(await findUser(trx, userId))) throw new Refusal('not-found')
    if (!(await addMember(trx, groupId, userId))) return
    await record(trx, { name: 'group.member-added', details: { group: groupId } }, { ...about, subject: userId })
  })
}

/** Takes a user out of a group. Throws `not-found` when they are not in it. */
export async function removeFromGroup(
  parts: SignInParts,
  standing: AnyStanding,
  { groupId, userId, caller }: By & { groupId: string; userId: string },
): Promise<void> {
  const about = begin(parts, standing, caller)
  await parts.db.transaction().execute(async (trx) => {
    if (!(await removeMember(trx, groupId, userId))) throw new Refusal('not-found')
    await record(trx, { name: 'group.member-removed', details: { group: groupId } }, { ...about, subject: userId })
  })
}
