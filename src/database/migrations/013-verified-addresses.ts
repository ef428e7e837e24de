// When somebody was last seen to read mail at the address of their account: what linking by address asks for. Nobody knows
// of those who are there already. It can run twice.

import type { Kysely } from 'kysely'

/** Adds the column. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const tables = await db.introspection.getTables()
  const users = tables.find(({ name }) => name === 'users')
  if (!users?.columns.some(({ name }) => name === 'email_verified_at'))
    await db.schema.alterTable('users').addColumn('email_verified_at', 'bigint').execute()
}
