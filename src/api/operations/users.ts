// The API's operations about users: finding them, adding one, changing one. The acts judge who may.

import { z } from 'zod'
import type { Role } from '../../database/tables.ts'
import { Refusal } from '../../refusal.ts'
import { addUser, inviteAgain, revokeInvitation, type SentInvitation } from '../../sign-in/invite-users.ts'
import { editUser, removeUser } from '../../sign-in/manage-users.ts'
import type { SignInParts } from '../../sign-in/parts.ts'
import { isoTime, isoTimeOrNull } from '../../time.ts'
import { parseEmail } from '../../users/email.ts'
import { groupsOf } from '../../users/groups.ts'
import { addressOfLink } from '../../users/one-time-links.ts'
import {
  everyUser,
  factorFilters,
  findListedUser,
  type ListedUser,
  listUsers,
  mfaStates,
  seenFilters,
  stateFilters,
} from '../../users/user-list.ts'
import type { ApiParts } from '../api.ts'
import { InvalidInput } from '../input.ts'
import type { Operations } from '../operation.ts'
import { id, moment, next, personName, queryText, role } from '../schemas.ts'

const tag = 'Users'

const User = z
  .object({
    id,
    email: z.string(),
    name: z.string().nullable(),
    role,
    state: z.enum(stateFilters),
    mfa: z.enum(mfaStates),
    recovery_codes_left: z.int(),
    created_at: moment,
    last_sign_in_at: moment.nullable(),
    expires_at: moment.nullable().describe('When the account ends by itself.'),
  })
  .meta({ id: 'User' })

const UserWithGroups = User.extend({ groups: z.array(z.object({ id, name: z.string() })) }).meta({
  id: 'UserWithGroups',
})

const email = z
  .string()
  .max(300)
  .refine((typed) => parseEmail(typed) !== null, 'Expected one e-mail address.')
  .overwrite((typed) => parseEmail(typed) ?? typed)

const NewUser = z
  .strictObject({ email, name: personName.nullable().default(null), role: role.default('member') })
  .meta({ id: 'NewUser' })

const UserChange = z
  .strictObject({ name: personName.nullable(), role, expires_at: moment.nullable() })
  .partial()
  .meta({ id: 'UserChange' })

const Invitation = z
  .object({
    user: id,
    expires_at: moment,
    link: z.url().nullable().describe('For handing over, shown this once; null where it was sent by mail.'),
  })
  .meta({ id: 'Invitation' })

const Found = z.strictObject({
  search: queryText.optional().describe('Part of the name or the address.'),
  role: role.optional(),
  state: z.enum(stateFilters).optional().describe('`usable` is active or invited; `ended` is deactivated or expired.'),
  mfa: z.enum(mfaStates).optional(),
  factor: z.enum(factorFilters).optional(),
  group: id.optional(),
  seen: z.enum(seenFilters).optional().describe('Signed in within so many days, longer ago, never, or at some time.'),
  after: queryText.optional().describe('What the page before gave as `next`.'),
})

/** Declares them. */
export function userOperations(operations: Operations, parts: ApiParts): void {
  readOperations(operations, parts.machine)
  changeOperations(operations, parts.machine)
  invitationOperations(operations, parts)
}

function readOperations(operations: Operations, { db, clock }: SignInParts): void {
  const reading = { method: 'get', tag, access: 'users.read', scope: 'users:read' } as const

  operations.add(
    {
      ...reading,
      path: '/api/v1/users',
      id: 'listUsers',
      summary: 'Find users, by address, fifty at a time',
      query: Found,
      answer: { status: 200, schema: z.object({ users: z.array(User), next }), what: 'One page.' },
    },
    async ({ query: { after = null, ...given } }) => {
      const found = await listUsers(db, { filter: { ...everyUser, ...given }, after, now: clock() })
      return { users: found.users.map(userOf), next: found.next }
    },
  )

  operations.add(
    {
      ...reading,
      path: '/api/v1/users/:user',
      id: 'getUser',
      summary: 'One user, with their groups',
      answer: { status: 200, schema: UserWithGroups, what: 'The user.' },
    },
    async ({ ids }) => {
      const user = await findListedUser(db, ids.user, clock())
      if (!user) throw new Refusal('not-found')
      return { ...userOf(user), groups: await groupsOf(db, user.id) }
    },
  )
}

function userOf(user: ListedUser): z.input<typeof User> {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    role: user.role,
    state: user.state,
    mfa: user.mfa,
    recovery_codes_left: user.codesLeft,
    created_at: isoTime(user.createdAt),
    last_sign_in_at: isoTimeOrNull(user.lastSignInAt),
    expires_at: isoTimeOrNull(user.expiresAt),
  }
}

function changeOperations(operations: Operations, machine: SignInParts): void {
  const managing = { tag, access: 'users.manage', scope: 'users:write', fresh: true } as const

  operations.add(
    {
      ...managing,
      method: 'patch',
      path: '/api/v1/users/:user',
      id: 'changeUser',
      summary: 'Change a user’s name, role or end',
      description: 'What is left out stays. A token changes members only, and gives no other role.',
      body: UserChange,
      answer: { status: 204, what: 'It is changed.' },
      refusals: ['conflict', 'last-administrator'],
    },
    async ({ c, standing, ids, body }) => {
      await editUser(machine, standing, { userId: ids.user, caller: c.get('caller'), ...editOf(body, machine.clock()) })
      return null
    },
  )

  operations.add(
    {
      ...managing,
      method: 'delete',
      path: '/api/v1/users/:user',
      id: 'deleteUser',
      summary: 'Delete a user for good',
      answer: { status: 204, what: 'The account is gone; the audit log keeps what happened.' },
      refusals: ['conflict', 'last-administrator', 'not-on-yourself'],
    },
    async ({ c, standing, ids }) => {
      await removeUser(machine, standing, { userId: ids.user, caller: c.get('caller') })
      return null
    },
  )
}

function editOf({ name, role: given, expires_at }: z.output<typeof UserChange>, now: number) {
  const expiresAt = expires_at == null ? expires_at : Date.parse(expires_at)
  if (expiresAt != null && !(expiresAt > now))
    throw new InvalidInput([{ pointer: '#/expires_at', detail: 'Expected a moment that is yet to come.' }])
  return {
    ...(name === undefined ? {} : { name }),
    ...(given === undefined ? {} : { role: given as Role }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

function invitationOperations(operations: Operations, { machine, settings }: ApiParts): void {
  const inviting = { tag, access: 'users.invite', scope: 'users:write', fresh: true } as const
  const invitationOf = ({ userId, expiresAt, token }: SentInvitation): z.input<typeof Invitation> => ({
    user: userId,
    expires_at: isoTime(expiresAt),
    link: token === null ? null : addressOfLink(settings, 'invitation', token),
  })

  operations.add(
    {
      ...inviting,
      method: 'post',
      path: '/api/v1/users',
      id: 'addUser',
      summary: 'Add a user and invite them',
      description: 'They choose a password by a one-time link, which is mailed where there is a mail server.',
      body: NewUser,
      answer: { status: 201, schema: Invitation, what: 'The invitation.' },
      refusals: ['conflict', 'too-many-attempts'],
    },
    async ({ c, standing, body }) => invitationOf(await addUser(machine, standing, body, c.get('caller'))),
  )

  operations.add(
    {
      ...inviting,
      method: 'post',
      path: '/api/v1/users/:user/invitation',
      id: 'inviteAgain',
      summary: 'Invite somebody again who has no password yet',
      description: 'The older link stops working.',
      answer: { status: 201, schema: Invitation, what: 'The new invitation.' },
      refusals: ['conflict', 'too-many-attempts'],
    },
    async ({ c, standing, ids }) =>
      invitationOf(await inviteAgain(machine, standing, { userId: ids.user, caller: c.get('caller') })),
  )

  operations.add(
    {
      ...inviting,
      method: 'delete',
      path: '/api/v1/users/:user/invitation',
      id: 'revokeInvitation',
      summary: 'Take an invitation back',
      answer: { status: 204, what: 'The link works no longer.' },
      refusals: ['conflict'],
    },
    async ({ c, standing, ids }) => {
      await revokeInvitation(machine, standing, { userId: ids.user, caller: c.get('caller') })
      return null
    },
  )
}
