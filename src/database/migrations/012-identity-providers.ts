// What single sign-on needs: identity providers, the identities of users there, the requests that are on their way to a
// provider, what may be accepted once, and what a session keeps of the provider that it came by. Every statement can run
// twice, so that what a crash may have left half done is simply done again.

import type { ColumnDefinitionBuilder, Kysely } from 'kysely'

/** Adds the tables and columns of single sign-on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumn(db, 'installation', 'provider_version', 'integer', (c) => c.notNull().defaultTo(1))
  await addProviders(db)
  await addRoundTrips(db)
  for (const table of ['sign_ins', 'sessions']) {
    await addColumn(db, table, 'identity_id', 'text')
    await addColumn(db, table, 'provider_session', 'text')
    await addColumn(db, table, 'sealed_id_token', 'text')
  }
  await db.schema.createIndex('sessions_identity').ifNotExists().on('sessions').column('identity_id').execute()
  await db.schema.createIndex('sign_ins_identity').ifNotExists().on('sign_ins').column('identity_id').execute()
}

async function addProviders({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('identity_providers')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('icon', 'text')
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('enabled_at', 'bigint')
    .addColumn('tested_at', 'bigint')
    .addColumn('settings', 'text', (c) => c.notNull())
    .addColumn('sealed_secret', 'text')
    .addColumn('assurance', 'text', (c) => c.notNull())
    .addColumn('allowed_domains', 'text', (c) => c.notNull())
    .addColumn('linking', 'text', (c) => c.notNull())
    .addColumn('admission', 'text', (c) => c.notNull())
    .addColumn('default_groups', 'text', (c) => c.notNull())
    .addColumn('claims', 'text', (c) => c.notNull())
    .addColumn('group_mapping', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .execute()
  await schema
    .createTable('identities')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('provider_id', 'text', (c) => c.notNull().references('identity_providers.id').onDelete('cascade'))
    .addColumn('issuer', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('email', 'text')
    .addColumn('linked_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .addUniqueConstraint('identities_key', ['provider_id', 'issuer', 'subject'])
    .execute()
  await schema.createIndex('identities_user').ifNotExists().on('identities').column('user_id').execute()
}

async function addRoundTrips({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('provider_round_trips')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('provider_id', 'text', (c) => c.notNull().references('identity_providers.id').onDelete('cascade'))
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('browser_hash', 'text', (c) => c.notNull())
    .addColumn('session_id', 'text')
    .addColumn('sign_in_id', 'text')
    .addColumn('request', 'text')
    .addColumn('return_to', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute()
  await schema
    .createIndex('provider_round_trips_expiry')
    .ifNotExists()
    .on('provider_round_trips')
    .column('expires_at')
    .execute()
  await schema
    .createTable('seen_assertions')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute()
  await schema.createIndex('seen_assertions_expiry').ifNotExists().on('seen_assertions').column('expires_at').execute()
}

/** SQLite has no `add column if not exists`, so the schema is asked first. */
async function addColumn(
  db: Kysely<unknown>,
  table: string,
  column: string,
  type: 'integer' | 'text',
  more: (c: ColumnDefinitionBuilder) => ColumnDefinitionBuilder = (c) => c,
): Promise<void> {
  const tables = await db.introspection.getTables()
  const known = tables.find(({ name }) => name === table)?.columns.some(({ name }) => name === column)
  if (!known) await db.schema.alterTable(table).addColumn(column, type, more).execute()
}
