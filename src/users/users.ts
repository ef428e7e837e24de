// Users: create, find, list, and what they prefer. Whether someone may sign in is decided in `sign-in/`.

import { sql } from 'kysely'
import type { AuditEvent } from '../audit/events.ts'
import { type Circumstances, record } from '../audit/record.ts'
import type { Database, DatabaseTransaction } from '../database/database.ts'
import type { Role, Theme } from '../database/tables.ts'
import { Refusal } from '../refusal.ts'
import { newId } from '../secrets/tokens.ts'
import { emailKey } from './email.ts'

export interface NewUser {
  email: string
  name: string | null
  role: Role
  passwordHash: string | null
}

type CreatedBy = Extract<AuditEvent, { name: 'user.created' }>['details']['by']

/** Creates a user and returns its id. Throws the refusal `conflict` when the address is taken. */
export async function createUser(
  trx: DatabaseTransaction,
  user: NewUser,
  by: CreatedBy,
  about: Omit<Circumstances, 'subject'>,
): Promise<string> {
  const id = newId()
  const row = await trx
    .insertInto('users')
    .values({
      id,
      email: user.email,
      email_key: emailKey(user.email),
      name: user.name,
      role: user.role,
      password_hash: user.passwordHash,
      password_changed_at: user.passwordHash === null ? null : about.now,
      theme: 'system',
      created_at: about.now,
    })
    .onConflict((conflict) => conflict.column('email_key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!row) throw new Refusal('conflict')
  await record(
    trx,
    { name: 'user.created', details: { role: user.role, by } },
    { ...about, actor: about.actor ?? id, subject: id },
  )
  return id
}

/** Finds whose address it is, by its canonical form; null for nobody's. */
export async function findUserId(db: Database, key: string): Promise<string | null> {
  const row = await db.selectFrom('users').select('id').where('email_key', '=', key).executeTakeFirst()
  return row?.id ?? null
}

/** Gives a user another address. Throws the refusal `conflict` when somebody else has it. */
export async function setEmail(trx: DatabaseTransaction, userId: string, email: string): Promise<void> {
  const key = emailKey(email)
  await trx
    .updateTable('users')
    .set({ email, email_key: key })
    .where('id', '=', userId)
    .execute()
    .catch((cause: unknown) => {
      throw isTaken(cause) ? new Refusal('conflict', { cause }) : cause
    })
}

/** The unique index has said no: SQLite says it in words, PostgreSQL with the code `unique_violation`. */
function isTaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.message.includes('UNIQUE constraint') || ('code' in error && error.code === '23505'))
  )
}

/** Keeps a person's own preferences. A null language follows the browser. */
export async function setPreferences(
  db: Database,
  userId: string,
  { language, theme }: { language: string | null; theme: Theme },
): Promise<void> {
  await db.updateTable('users').set({ language, theme }).where('id', '=', userId).execute()
}

export type MfaState = 'on' | 'off' | 'codes-unsaved' | 'disabled'

export interface ListedUser {
  id: string
  email: string
  name: string | null
  role: Role
  active: boolean
  mfa: MfaState
  lastSignInAt: number | null
  createdAt: number
  /** Invited, and no password chosen yet. */
  invited: boolean
}

export const usersPerPage = 50

/** Lists users by address, a page at a time, starting behind the address key `after`, with everyone's MFA state. */
export async function listUsers(
  db: Database,
  { search, after }: { search: string; after: string | null },
): Promise<{ users: ListedUser[]; next: string | null }> {
  let query = db
    .selectFrom('users')
    .select([
      'id',
      'email',
      'email_key',
      'name',
      'role',
      'password_hash',
      'deactivated_at',
      'last_sign_in_at',
      'created_at',
    ])
    .select((e) => [
      e
        .selectFrom('totp_factors')
        .whereRef('totp_factors.user_id', '=', 'users.id')
        .select((f) => f.fn.countAll<number>().as('n'))
        .as('factors'),
      e
        .selectFrom('totp_factors')
        .whereRef('totp_factors.user_id', '=', 'users.id')
        .where('disabled_at', 'is', null)
        .select((f) => f.fn.countAll<number>().as('n'))
        .as('usable_factors'),
      e
        .selectFrom('recovery_code_sets')
        .whereRef('recovery_code_sets.user_id', '=', 'users.id')
        .select('saved_at')
        .as('codes_saved_at'),
    ])
    .orderBy('email_key')
    .limit(usersPerPage + 1)
  if (after !== null) query = query.where('email_key', '>', after)
  const wanted = search.trim().toLowerCase()
  if (wanted) {
    const pattern = `%${wanted.replace(/[\\%_]/g, '\\$&')}%`
    query = query.where(
      sql<boolean>`(email_key like ${pattern} escape '\\' or lower(name) like ${pattern} escape '\\')`,
    )
  }
  const rows = await query.execute()
  const page = rows.slice(0, usersPerPage)
  const next = rows.length > usersPerPage ? (page.at(-1)?.email_key ?? null) : null
  return { users: page.map(listed), next }
}

function listed(row: {
  id: string
  email: string
  name: string | null
  role: Role
  password_hash: string | null
  deactivated_at: number | null
  last_sign_in_at: number | null
  created_at: number
  factors: number | string | null
  usable_factors: number | string | null
  codes_saved_at: number | null
}): ListedUser {
  const mfa =
    Number(row.factors) === 0
      ? 'off'
      : Number(row.usable_factors) === 0
        ? 'disabled'
        : row.codes_saved_at === null
          ? 'codes-unsaved'
          : 'on'
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    active: row.deactivated_at === null,
    mfa,
    lastSignInAt: row.last_sign_in_at,
    createdAt: row.created_at,
    invited: row.password_hash === null,
  }
}

/** Counts users, and those who have a second factor. */
export async function countUsers(db: Database): Promise<{ total: number; withMfa: number }> {
  const row = await db
    .selectFrom('users')
    .select((e) => [
      e.fn.countAll<number>().as('total'),
      e
        .selectFrom('totp_factors')
        .select((f) => f.fn.count<number>('user_id').distinct().as('n'))
        .as('with_mfa'),
    ])
    .executeTakeFirstOrThrow()
  return { total: Number(row.total), withMfa: Number(row.with_mfa) }
}
