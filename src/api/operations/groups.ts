// The API's operations about groups. Who is in one is asked of the users: `GET /api/v1/users?group=…`.

import { z } from 'zod'
import { addGroup, addToGroup, changeGroupName, removeFromGroup, removeGroup } from '../../sign-in/manage-groups.ts'
import type { SignInParts } from '../../sign-in/parts.ts'
import { listGroups } from '../../users/groups.ts'
import type { Operations } from '../operation.ts'
import { id, personName } from '../schemas.ts'

const Group = z.object({ id, name: z.string(), members: z.int() }).meta({ id: 'Group' })
const GroupName = z.strictObject({ name: personName }).meta({ id: 'GroupName' })

const tag = 'Groups'
const one = '/api/v1/groups/:group'
const changing = { tag, access: 'groups.manage', scope: 'groups:write', fresh: true } as const

/** Declares them. */
export function groupOperations(operations: Operations, machine: SignInParts): void {
  operations.add(
    {
      method: 'get',
      path: '/api/v1/groups',
      id: 'listGroups',
      tag,
      summary: 'Every group, by name',
      access: 'users.read',
      scope: 'users:read',
      answer: { status: 200, schema: z.object({ groups: z.array(Group) }), what: 'With how many members each has.' },
    },
    async () => ({ groups: await listGroups(machine.db) }),
  )

  operations.add(
    {
      ...changing,
      method: 'post',
      path: '/api/v1/groups',
      id: 'addGroup',
      summary: 'Make a group',
      body: GroupName,
      answer: { status: 201, schema: z.object({ id }), what: 'Its id.' },
      refusals: ['conflict'],
    },
    async ({ c, standing, body }) => ({
      id: await addGroup(machine, standing, { name: body.name, caller: c.get('caller') }),
    }),
  )

  operations.add(
    {
      ...changing,
      method: 'patch',
      path: one,
      id: 'renameGroup',
      summary: 'Give a group another name',
      body: GroupName,
      answer: { status: 204, what: 'It has the name.' },
      refusals: ['conflict'],
    },
    async ({ c, standing, ids, body }) => {
      await changeGroupName(machine, standing, { groupId: ids.group, name: body.name, caller: c.get('caller') })
      return null
    },
  )

  operations.add(
    {
      ...changing,
      method: 'delete',
      path: one,
      id: 'deleteGroup',
      summary: 'Delete a group; its members stay',
      answer: { status: 204, what: 'It is gone.' },
    },
    async ({ c, standing, ids }) => {
      await removeGroup(machine, standing, { groupId: ids.group, caller: c.get('caller') })
      return null
    },
  )

  memberOperations(operations, machine)
}

function memberOperations(operations: Operations, machine: SignInParts): void {
  const path = `${one}/members/:user` as const

  operations.add(
    {
      ...changing,
      method: 'put',
      path,
      id: 'addToGroup',
      summary: 'Put a user into a group',
      answer: { status: 204, what: 'They are in it, also if they were before.' },
    },
    async ({ c, standing, ids }) => {
      await addToGroup(machine, standing, { groupId: ids.group, userId: ids.user, caller: c.get('caller') })
      return null
    },
  )

  operations.add(
    {
      ...changing,
      method: 'delete',
      path,
      id: 'removeFromGroup',
      summary: 'Take a user out of a group',
      answer: { status: 204, what: 'They are out of it.' },
    },
    async ({ c, standing, ids }) => {
      await removeFromGroup(machine, standing, { groupId: ids.group, userId: ids.user, caller: c.get('caller') })
      return null
    },
  )
}
