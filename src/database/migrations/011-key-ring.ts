// What data keys need that can be rotated: their own bytes, wrapped by the master key; when one was retired; and for each
// link of the audit chain the key that made it. The first start afterwards wraps the key that is there, because no migration
// knows it. Every statement can run twice.

import type { Kysely } from 'kysely'

/** Adds the columns. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const tables = await db.introspection.getTables()
  const has = (table: string, column: string) =>
    tables.find(({ name }) => name === table)?.columns.some(({ name }) => name === column) ?? false

  if (!has('keys', 'wrapped')) await db.schema.alterTable('keys').addColumn('wrapped', 'text').execute()
  if (!has('keys', 'retired_at')) await db.schema.alterTable('keys').addColumn('retired_at', 'bigint').execute()
  if (!has('audit_links', 'key_number'))
    await db.schema
      .alterTable('audit_links')
      .addColumn('key_number', 'integer', (c) => c.notNull().defaultTo(1))
      .execute()
}
