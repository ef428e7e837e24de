// What account life needs: an end to accounts, mailed one-time links, groups, and tokens for programs. Every statement can
// run twice, so that what a crash may have left half done is simply done again.

import type { ColumnDefinitionBuilder, Kysely } from 'kysely'

/** Adds the columns and tables of account life. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = db.schema
  const userId = (c: ColumnDefinitionBuilder) => c.notNull().references('users.id').onDelete('cascade')

  await addColumn(db, 'users', 'expires_at', 'bigint')
  await addColumn(db, 'users', 'mfa_reset_at', 'bigint')

  await schema
    .createTable('one_time_links')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', userId)
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('email', 'text')
    .addColumn('created_by', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute()
  await schema
    .createIndex('one_time_links_user')
    .ifNotExists()
    .on('one_time_links')
    .columns(['user_id', 'purpose'])
    .execute()
  await schema.createIndex('one_time_links_expiry').ifNotExists().on('one_time_links').column('expires_at').execute()

  await schema
    .createTable('groups')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('name_key', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await schema
    .createTable('group_members')
    .ifNotExists()
    .addColumn('group_id', 'text', (c) => c.notNull().references('groups.id').onDelete('cascade'))
    .addColumn('user_id', 'text', userId)
    .addPrimaryKeyConstraint('group_members_key', ['group_id', 'user_id'])
    .execute()
  await schema.createIndex('group_members_user').ifNotExists().on('group_members').column('user_id').execute()

  await schema
    .createTable('personal_access_tokens')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', userId)
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('scopes', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .execute()
  await schema
    .createIndex('personal_access_tokens_user')
    .ifNotExists()
    .on('personal_access_tokens')
    .column('user_id')
    .execute()
}

/** SQLite has no `add column if not exists`, so the schema is asked first. */
async function addColumn(db: Kysely<unknown>, table: string, column: string, type: 'bigint' | 'text'): Promise<void> {
  const tables = await db.introspection.getTables()
  const known = tables.find(({ name }) => name === table)?.columns.some(({ name }) => name === column)
  if (!known) await db.schema.alterTable(table).addColumn(column, type).execute()
}
