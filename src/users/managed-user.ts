// One account as those see it who manage it, and what they change of its row. A change is written only while role, end and
// deactivation are still what the one who decided had read; what takes an administrator away, only while another remains.

import type { ExpressionBuilder } from 'kysely'
import { changedRows, type Database, type DatabaseTransaction } from '../database/database.ts'
import type { Role, Tables } from '../database/tables.ts'
import { Refusal } from '../refusal.ts'
import type { Instant } from '../time.ts'
import { takeTurn, whereAnotherAdministratorRemains } from './administrators.ts'
import { hasExpired } from './state.ts'

export interface ManagedUser {
  id: string
  email: string
  emailKey: string
  name: string | null
  role: Role
  hasPassword: boolean
  createdAt: Instant
  lastSignInAt: Instant | null
  passwordChangedAt: Instant | null
  deactivatedAt: Instant | null
  expiresAt: Instant | null
  mfaResetAt: Instant | null
  /** Until when the newest invitation that nobody accepted works, or worked; null when there is none. */
  invitedUntil: Instant | null
}

/** Finds one user; null when there is no such one. */
export async function findUser(db: Database, id: string): Promise<ManagedUser | null> {
  const row = await db
    .selectFrom('users')
    .selectAll()
    .select((e) =>
      e
        .selectFrom('invitations')
        .whereRef('invitations.user_id', '=', 'users.id')
        .where('invitations.accepted_at', 'is', null)
        .select((i) => i.fn.max('invitations.expires_at').as('until'))
        .as('invited_until'),
    )
    .where('users.id', '=', id)
    .executeTakeFirst()
  if (!row) return null
  return {
    id: row.id,
    email: row.email,
    emailKey: row.email_key,
    name: row.name,
    role: row.role,
    hasPassword: row.password_hash !== null,
    createdAt: row.created_at,
    lastSignInAt: row.last_sign_in_at,
    passwordChangedAt: row.password_changed_at,
    deactivatedAt: row.deactivated_at,
    expiresAt: row.expires_at,
    mfaResetAt: row.mfa_reset_at,
    invitedUntil: row.invited_until,
  }
}

export type AccountState = 'active' | 'invited' | 'deactivated' | 'expired'

/** Tells how an account stands: what keeps its owner out, if anything does. */
export function accountState(
  user: Pick<ManagedUser, 'deactivatedAt' | 'expiresAt' | 'hasPassword'>,
  now: Instant,
): AccountState {
  if (user.deactivatedAt !== null) return 'deactivated'
  if (hasExpired({ expires_at: user.expiresAt }, now)) return 'expired'
  return user.hasPassword ? 'active' : 'invited'
}

export interface UserChanges {
  name?: string | null
  role?: Role
  deactivatedAt?: Instant | null
  expiresAt?: Instant | null
}

/**
 * Changes what is given. Throws `last-administrator` when no administrator would remain who can sign in, and `conflict`
 * when somebody else has changed this user meanwhile.
 */
export async function changeUser(
  trx: DatabaseTransaction,
  user: ManagedUser,
  { name, role, deactivatedAt, expiresAt }: UserChanges,
  now: Instant,
): Promise<void> {
  const goes =
    (role ?? user.role) !== 'administrator' || (deactivatedAt ?? null) !== null || (expiresAt ?? null) !== null
  let update = trx
    .updateTable('users')
    .set({
      ...(name === undefined ? {} : { name }),
      ...(role === undefined ? {} : { role }),
      ...(deactivatedAt === undefined ? {} : { deactivated_at: deactivatedAt }),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt, expiry_noted_at: null }),
    })
    .where('users.id', '=', user.id)
    .where(whereUnchanged(user))
  if (goes && user.role === 'administrator') {
    await takeTurn(trx, now)
    update = update.where(whereAnotherAdministratorRemains)
  }
  if (changedRows(await update.executeTakeFirst()) !== 1) throw await whyNot(trx, user)
}

/** Deletes a user with all that is theirs but the record of what happened. Throws as `changeUser` does. */
export async function deleteUser(trx: DatabaseTransaction, user: ManagedUser, now: Instant): Promise<void> {
  let deletion = trx.deleteFrom('users').where('users.id', '=', user.id).where(whereUnchanged(user))
  if (user.role === 'administrator') {
    await takeTurn(trx, now)
    deletion = deletion.where(whereAnotherAdministratorRemains)
  }
  if (changedRows(await deletion.executeTakeFirst()) !== 1) throw await whyNot(trx, user)
}

/** A condition: the row still says what was read of it, as far as it decides who may do what. */
export function whereUnchanged({ role, deactivatedAt, expiresAt }: ManagedUser) {
  return (e: ExpressionBuilder<Tables, 'users'>) =>
    e.and([
      e('users.role', '=', role),
      deactivatedAt === null ? e('users.deactivated_at', 'is', null) : e('users.deactivated_at', '=', deactivatedAt),
      expiresAt === null ? e('users.expires_at', 'is', null) : e('users.expires_at', '=', expiresAt),
    ])
}

/** Nothing was written: because the row is not what was read any more, or else because nobody would remain. */
async function whyNot(trx: DatabaseTransaction, was: ManagedUser): Promise<Refusal> {
  const is = await findUser(trx, was.id)
  const same =
    is !== null && is.role === was.role && is.deactivatedAt === was.deactivatedAt && is.expiresAt === was.expiresAt
  return new Refusal(same ? 'last-administrator' : 'conflict')
}
