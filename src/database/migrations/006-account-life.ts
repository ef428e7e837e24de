// What mail with one-time links needs: a place for the sealed link beside a message that waits, and the requests for a
// password reset that wait for the mail worker. Every statement can run twice.

import type { Kysely } from 'kysely'

/** Adds the column and the table. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const tables = await db.introspection.getTables()
  const outbox = tables.find(({ name }) => name === 'outbox')
  if (!outbox?.columns.some(({ name }) => name === 'sealed_link'))
    await db.schema.alterTable('outbox').addColumn('sealed_link', 'text').execute()

  await db.schema
    .createTable('password_reset_requests')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('email_key', 'text', (c) => c.notNull())
    .addColumn('language', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('user_agent', 'text', (c) => c.notNull())
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
}
