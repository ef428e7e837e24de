// Which process does the work that is to be done once, and not once a process.

import type { Kysely } from 'kysely'

/** Adds the table. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('leases')
    .ifNotExists()
    .addColumn('work', 'text', (c) => c.primaryKey())
    .addColumn('holder', 'text')
    .addColumn('term', 'integer', (c) => c.notNull())
    .addColumn('asked', 'integer', (c) => c.notNull())
    .execute()
}
