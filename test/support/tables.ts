// The whole database as plain values: to see what a request changed, and to put everything back as it was.

import type { Kysely } from 'kysely'
import type { Tables } from '../../src/database/tables.ts'

/** Parents before children, so that rows can be put back in this order. */
const names = [
  'installation',
  'brand_logos',
  'keys',
  'users',
  'identity_providers',
  'identities',
  'provider_round_trips',
  'seen_assertions',
  'policies',
  'invitations',
  'one_time_links',
  'password_reset_requests',
  'groups',
  'group_members',
  'personal_access_tokens',
  'sessions',
  'sign_ins',
  'attempts',
  'totp_factors',
  'totp_enrolments',
  'recovery_code_sets',
  'recovery_codes',
  'audit_events',
  'audit_links',
  'outbox',
  'leases',
] as const satisfies readonly (keyof Tables)[]

export type TableName = (typeof names)[number]
type Row = Record<string, unknown>

/** Every row of every table. */
export type Contents = Record<TableName, Row[]>

/** Reads everything. */
export function readTables(db: Kysely<Tables>): Promise<Contents> {
  return readTablesBy((name) => db.selectFrom(name).selectAll().execute())
}

/** Reads everything in another way: by a connection that is at hand. */
export async function readTablesBy(read: (name: TableName) => Promise<Row[]>): Promise<Contents> {
  const contents: Partial<Contents> = {}
  // One after the other: it may be one connection.
  for (const name of names) contents[name] = (await read(name)).map((row) => ({ ...row }))
  return contents as Contents
}

/** Puts everything back as it was read. */
export async function restoreTables(db: Kysely<Tables>, contents: Contents): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const name of [...names].reverse()) await trx.deleteFrom(name).execute()
    for (const name of names)
      if (contents[name].length > 0)
        await trx
          .insertInto(name)
          .values(contents[name] as never)
          .execute()
  })
}

/** Names what differs, as `table.column`, `table +1` or `table -1`, sorted; empty when nothing changed. */
export function changesBetween(before: Contents, after: Contents): string[] {
  return [...new Set(differencesBetween(before, after))].sort()
}

/** The same, with everything named as often as it differs. */
export function differencesBetween(before: Contents, after: Contents): string[] {
  return names.flatMap((name) => {
    const was = new Map(before[name].map((row) => [keyOf(row), row]))
    const is = new Map(after[name].map((row) => [keyOf(row), row]))
    return [
      ...[...is.keys()].filter((key) => !was.has(key)).map(() => `${name} +1`),
      ...[...was.keys()].filter((key) => !is.has(key)).map(() => `${name} -1`),
      ...[...was].flatMap(([key, row]) => {
        const now = is.get(key)
        return now === undefined ? [] : changedColumns(row, now).map((column) => `${name}.${column}`)
      }),
    ]
  })
}

function keyOf(row: Row): string {
  if ('set_id' in row) return `${row.set_id} ${row.hash}`
  if ('group_id' in row) return `${row.group_id} ${row.user_id}`
  return String(row.id ?? row.key ?? row.number ?? row.sequence ?? row.work)
}

function changedColumns(one: Row, other: Row): string[] {
  return Object.keys(one).filter((column) => one[column] !== other[column])
}
