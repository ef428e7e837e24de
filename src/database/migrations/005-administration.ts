// What administration needs: a note that an account's end was recorded, a day from which browsers are known, a row that acts
// which take administrators away write first, and indexes for lists of users. Every statement can run twice.

import type { Kysely } from 'kysely'

/** Adds the columns and indexes of administration. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await addColumn(db, 'users', 'expiry_noted_at')
  await addColumn(db, 'users', 'browsers_known_since')
  await addColumn(db, 'installation', 'administrators_changed_at')
  await schema.createIndex('users_expiry').ifNotExists().on('users').column('expires_at').execute()
  await schema.createIndex('users_role').ifNotExists().on('users').columns(['role', 'email_key']).execute()
}

/** SQLite has no `add column if not exists`, so the schema is asked first. */
async function addColumn(db: Kysely<unknown>, table: string, column: string): Promise<void> {
  const tables = await db.introspection.getTables()
  const known = tables.find(({ name }) => name === table)?.columns.some(({ name }) => name === column)
  if (!known) await db.schema.alterTable(table).addColumn(column, 'bigint').execute()
}
