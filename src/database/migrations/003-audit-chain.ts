// What the audit log needs to be chained and read: links in a table of their own, a mark on each event that has one, and
// indexes for the ways in which events are looked for. Every statement can run twice.

import type { Kysely } from 'kysely'

/** Adds the chain, and lets every event that is there already be linked from the first one on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = db.schema

  const tables = await db.introspection.getTables()
  const events = tables.find(({ name }) => name === 'audit_events')
  if (!events?.columns.some(({ name }) => name === 'linked_at'))
    await schema.alterTable('audit_events').addColumn('linked_at', 'bigint').execute()

  await schema
    .createTable('audit_links')
    .ifNotExists()
    .addColumn('sequence', 'bigint', (c) => c.primaryKey())
    .addColumn('event_id', 'text', (c) => c.notNull().unique())
    .addColumn('linked_at', 'bigint', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute()

  // Empty but for what has not been linked yet, so that looking for it costs nothing however long the log is.
  await schema
    .createIndex('audit_events_unlinked')
    .ifNotExists()
    .on('audit_events')
    .columns(['at', 'id'])
    .where('linked_at' as never, 'is', null)
    .execute()
  await schema.createIndex('audit_events_order').ifNotExists().on('audit_events').columns(['at', 'id']).execute()
  await schema.dropIndex('audit_events_at').ifExists().execute()
  await schema.createIndex('audit_events_actor').ifNotExists().on('audit_events').columns(['actor_id', 'at']).execute()
  await schema.createIndex('audit_events_name').ifNotExists().on('audit_events').columns(['name', 'at']).execute()
}
