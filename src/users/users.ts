// Users: create, and what they prefer. Lists are in `user-list.ts`. Whether someone may sign in is decided in `sign-in/`.

import type { AuditEvent } from '../audit/events.ts'
import { type Circumstances, record } from '../audit/record.ts'
import type { Database, DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'
import type { Role, Theme } from '../database/tables.ts'
import { isTaken } from '../database/unique.ts'
import { Refusal } from '../refusal.ts'
import { newId } from '../secrets/tokens.ts'
import type { Instant } from '../time.ts'
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
    // Whoever arrives first creates themselves; whoever is added on the host was added by nobody that has an account.
    { ...about, actor: by === 'host' ? null : (about.actor ?? id), subject: id },
  )
  return id
}

/** Finds whose address it is, by its canonical form; null for nobody's. */
export async function findUserId(db: Database, key: string): Promise<string | null> {
  const row = await db.selectFrom('users').select('id').where('email_key', '=', key).executeTakeFirst()
  return row?.id ?? null
}

/** Notes that the person has read mail at the address of their account. */
export async function noteEmailVerified(trx: DatabaseTransaction, userId: string, now: Instant): Promise<void> {
  await trx.updateTable('users').set({ email_verified_at: now }).where('id', '=', userId).execute()
}

/** Tells whether anybody has been seen to read mail at the address of this account. */
export async function isEmailVerified(db: Database, userId: string): Promise<boolean> {
  const row = await db.selectFrom('users').select('email_verified_at').where('id', '=', userId).executeTakeFirst()
  return (row?.email_verified_at ?? null) !== null
}

/** Gives a user another address, which they have just confirmed by a mail to it. Throws the refusal `conflict` when somebody else has it. */
export async function setEmail(trx: DatabaseTransaction, userId: string, email: string, now: Instant): Promise<void> {
  const key = emailKey(email)
  await trx
    .updateTable('users')
    .set({ email, email_key: key, email_verified_at: now })
    .where('id', '=', userId)
    .execute()
    .catch((cause: unknown) => {
      throw isTaken(cause) ? new Refusal('conflict', { cause }) : cause
    })
}

/** Keeps a person's own preferences; what is left out stays. A null language follows the browser. */
export async function setPreferences(
  trx: DatabaseTransaction,
  userId: string,
  preferences: { language?: string | null; theme?: Theme },
): Promise<void> {
  await trx.updateTable('users').set(preferences).where('id', '=', userId).execute()
}

/** Gives a user another name, as they want to be called. */
export async function setName(trx: DatabaseTransaction, userId: string, name: string | null): Promise<void> {
  await trx.updateTable('users').set({ name }).where('id', '=', userId).execute()
}

const signInNote = prepare((db, given: { id: string; now: Instant }) =>
  db.updateTable('users').set({ last_sign_in_at: given.now }).where('id', '=', given.id),
)

/** Notes when somebody signed in last. */
export async function noteSignIn(trx: DatabaseTransaction, id: string, now: Instant): Promise<void> {
  await signInNote.changed(trx, { id, now })
}
