// What enforcing safely needs: an enforcement that lapses unless it is confirmed, why each sign-in was asked for what it
// was asked, when somebody was last warned of guesses behind their password, and how the service looks. Every statement
// can run twice, so that what a crash may have left half done is simply done again.

import type { ColumnDefinitionBuilder, Kysely } from 'kysely'

/** Adds the columns and the table of enforcing safely. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumn(db, 'policies', 'confirm_by', 'bigint')
  await addColumn(db, 'policies', 'reverted_at', 'bigint')
  await addColumn(db, 'sessions', 'explanation', 'text')
  await addColumn(db, 'users', 'guesses_told_at', 'bigint')
  await addColumn(db, 'installation', 'brand_name', 'text')
  await addColumn(db, 'installation', 'brand_color', 'text')
  await addColumn(db, 'installation', 'brand_version', 'bigint', (c) => c.notNull().defaultTo(1))
  await db.schema
    .createTable('brand_logos')
    .ifNotExists()
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('base64', 'text', (c) => c.notNull())
    .execute()
}

/** SQLite has no `add column if not exists`, so the schema is asked first. */
async function addColumn(
  db: Kysely<unknown>,
  table: string,
  column: string,
  type: 'bigint' | 'text',
  build: (c: ColumnDefinitionBuilder) => ColumnDefinitionBuilder = (c) => c,
): Promise<void> {
  const tables = await db.introspection.getTables()
  const known = tables.find(({ name }) => name === table)?.columns.some(({ name }) => name === column)
  if (!known) await db.schema.alterTable(table).addColumn(column, type, build).execute()
}
