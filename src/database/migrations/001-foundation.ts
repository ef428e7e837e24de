// The first schema: users, sign-ins, sessions, attempts, TOTP, recovery codes, the policy, audit events and outgoing mail.
// Every statement can run twice, so that what a crash may have left half done is simply done again.

import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely'

/** Creates every table of the first release, and the rows that there is one of. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = db.schema

  await schema
    .createTable('installation')
    .ifNotExists()
    .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('first_administrator_at', 'bigint')
    .addColumn('policy_version', 'integer', (c) => c.notNull().defaultTo(1))
    .addColumn('help_contact', 'text')
    .execute()

  await schema
    .createTable('keys')
    .ifNotExists()
    .addColumn('number', 'integer', (c) => c.primaryKey())
    .addColumn('sealed_check', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()

  await schema
    .createTable('users')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('email', 'text', (c) => c.notNull())
    .addColumn('email_key', 'text', (c) => c.notNull().unique())
    .addColumn('name', 'text')
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('password_changed_at', 'bigint')
    .addColumn('deactivated_at', 'bigint')
    .addColumn('language', 'text')
    .addColumn('theme', 'text', (c) => c.notNull().defaultTo('system'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_sign_in_at', 'bigint')
    .execute()

  const userId = (c: ColumnDefinitionBuilder) => c.notNull().references('users.id').onDelete('cascade')

  await schema
    .createTable('invitations')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', userId)
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_by', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('accepted_at', 'bigint')
    .execute()
  await schema.createIndex('invitations_user').ifNotExists().on('invitations').column('user_id').execute()

  await schema
    .createTable('sessions')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('user_id', 'text', userId)
    .addColumn('proofs', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('user_agent', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute()
  await schema.createIndex('sessions_user').ifNotExists().on('sessions').column('user_id').execute()
  await schema.createIndex('sessions_expiry').ifNotExists().on('sessions').column('expires_at').execute()

  await schema
    .createTable('sign_ins')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', userId)
    .addColumn('session_id', 'text', (c) => c.references('sessions.id').onDelete('cascade'))
    .addColumn('proofs', 'text', (c) => c.notNull())
    .addColumn('fresh_since', 'bigint')
    .addColumn('return_to', 'text', (c) => c.notNull())
    .addColumn('guesses', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('version', 'integer', (c) => c.notNull().defaultTo(1))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute()
  await schema.createIndex('sign_ins_user').ifNotExists().on('sign_ins').column('user_id').execute()
  await schema.createIndex('sign_ins_session').ifNotExists().on('sign_ins').column('session_id').execute()
  await schema.createIndex('sign_ins_expiry').ifNotExists().on('sign_ins').column('expires_at').execute()

  await schema
    .createTable('attempts')
    .ifNotExists()
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('blocked_until', 'bigint', (c) => c.notNull())
    .addColumn('last_at', 'bigint', (c) => c.notNull())
    .execute()
  await schema.createIndex('attempts_last').ifNotExists().on('attempts').column('last_at').execute()

  await schema
    .createTable('totp_factors')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', userId)
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('sealed_secret', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .addColumn('last_step', 'bigint', (c) => c.notNull())
    .addColumn('failures', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('disabled_at', 'bigint')
    .execute()
  await schema.createIndex('totp_factors_user').ifNotExists().on('totp_factors').column('user_id').execute()

  await schema
    .createTable('totp_enrolments')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', userId)
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('sealed_secret', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('totp_enrolments_holder', ['user_id', 'holder'])
    .execute()

  await schema
    .createTable('recovery_code_sets')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => userId(c).unique())
    .addColumn('salt', 'text', (c) => c.notNull())
    .addColumn('memory_kib', 'integer', (c) => c.notNull())
    .addColumn('passes', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('saved_at', 'bigint')
    .execute()

  await schema
    .createTable('recovery_codes')
    .ifNotExists()
    .addColumn('set_id', 'text', (c) => c.notNull().references('recovery_code_sets.id').onDelete('cascade'))
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .addPrimaryKeyConstraint('recovery_codes_key', ['set_id', 'hash'])
    .execute()

  await schema
    .createTable('policies')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('requires', 'text', (c) => c.notNull())
    .addColumn('changed_at', 'bigint', (c) => c.notNull())
    .addColumn('changed_by', 'text')
    .execute()

  await schema
    .createTable('audit_events')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('actor_id', 'text')
    .addColumn('subject_id', 'text')
    .addColumn('address', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('request_id', 'text')
    .addColumn('details', 'text', (c) => c.notNull())
    .execute()
  await schema.createIndex('audit_events_at').ifNotExists().on('audit_events').column('at').execute()
  await schema
    .createIndex('audit_events_subject')
    .ifNotExists()
    .on('audit_events')
    .columns(['subject_id', 'at'])
    .execute()

  await schema
    .createTable('outbox')
    .ifNotExists()
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('recipient', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('body_text', 'text', (c) => c.notNull())
    .addColumn('body_html', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('sent_at', 'bigint')
    .addColumn('tries', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('next_try_at', 'bigint', (c) => c.notNull())
    .addColumn('last_error', 'text')
    .execute()
  await schema.createIndex('outbox_due').ifNotExists().on('outbox').columns(['sent_at', 'next_try_at']).execute()

  const now = Date.now()
  await sql`insert into installation (id, created_at, policy_version) values (1, ${now}, 1) on conflict do nothing`.execute(
    db,
  )
  await sql`insert into policies (id, requires, changed_at) values ('everyone', 'nothing', ${now}) on conflict do nothing`.execute(
    db,
  )
}
