// Fills an empty database with people, in bulk: by SQL and past the service, so that a million take a minute or two. What
// stands there afterwards is what the service would have written, sealed with a key that the benchmark knows.

import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Client } from 'pg'
import { type Database, type DatabaseAt, openDatabase, waitAsLongAsItTakes } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { createHashing } from '../../src/passwords/hashing.ts'
import type { DataKey } from '../../src/secrets/data-key.ts'
import { keyRing } from '../../src/secrets/key-ring.ts'
import { beginKeys } from '../../src/secrets/key-table.ts'
import { masterKey } from '../../src/secrets/master-key.ts'
import { password, secretKey } from './people.ts'
import { type Batch, codesEach, rowsOf } from './rows.ts'

/** Takes batches of rows in, and makes the database ready when all are there. */
interface Intake {
  take(batch: Batch): Promise<void>
  run(statement: string): Promise<void>
  close(): Promise<void>
}

const atOnce = 10_000

/** Migrates the database and puts `users` people into it. Tells how many there are so far. */
export async function seed(
  at: DatabaseAt,
  users: number,
  { now, onProgress }: { now: number; onProgress: (done: number) => void },
): Promise<void> {
  const db = await openDatabase(at)
  let key: DataKey
  try {
    await migrate(db)
    await beginKeys(db, [masterKey(secretKey)], now)
    key = await newestKey(db)
    await db.updateTable('installation').set({ first_administrator_at: now }).execute()
  } finally {
    await db.destroy()
  }
  const passwordHash = await createHashing(() => now, { concurrency: 1 }).hashPassword(password)
  const intake = 'postgres' in at ? await openPostgres(at.postgres) : openSqlite(at.sqliteFile)
  try {
    for (let from = 0; from < users; from += atOnce) {
      const batches = rowsOf(from, Math.min(users, from + atOnce), { key, passwordHash, now })
      for (const batch of batches) await intake.take(batch)
      onProgress(Math.min(users, from + atOnce))
    }
    await intake.run(recoveryCodes(at))
    for (const statement of 'postgres' in at ? ['analyze'] : ['analyze', 'pragma wal_checkpoint(truncate)'])
      await intake.run(statement)
  } finally {
    await intake.close()
  }
}

/** Reads the data key of a seeded database. */
export function newestKey(db: Database): Promise<DataKey> {
  return keyRing(async () => [masterKey(secretKey)]).newest(db)
}

/** The recovery codes are made by the database itself: there are ten times as many of them as of people, and nobody types one. */
function recoveryCodes(at: DatabaseAt): string {
  const [numbers, hash] =
    'postgres' in at
      ? [`generate_series(1, ${codesEach}) as numbers(n)`, `md5(id || n) || left(md5(n || id), 12)`]
      : [
          `(with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${codesEach}) select n from numbers)`,
          `hex(randomblob(22))`,
        ]
  return `insert into recovery_codes (set_id, hash) select id, ${hash} from recovery_code_sets cross join ${numbers}`
}

function openSqlite(file: string): Intake {
  const connection = new DatabaseSync(file)
  // A crash on the way loses nothing that anybody wants: it is seeded anew.
  connection.exec('pragma synchronous = off; pragma foreign_keys = off; pragma cache_size = -200000')
  return {
    async take({ table, columns, rows }) {
      const places = columns.map(() => '?').join(', ')
      const insert = connection.prepare(`insert into ${table} (${columns.join(', ')}) values (${places})`)
      connection.exec('begin')
      for (const row of rows) insert.run(...(row as SQLInputValue[]))
      connection.exec('commit')
    },
    run: async (statement) => connection.exec(statement),
    close: async () => connection.close(),
  }
}

async function openPostgres(url: string): Promise<Intake> {
  const client = new Client({ connectionString: url })
  await client.connect()
  // What refers to what is known to be there: asking for each of ten million rows would be most of the time.
  await client.query('set session_replication_role = replica')
  const types = new Map<string, string>()
  for (const { name, type } of (await client.query(columnTypes)).rows) types.set(name, type)
  return {
    async take({ table, columns, rows }) {
      const arrays = columns.map((_, column) => rows.map((row) => row[column] ?? null))
      const places = columns.map((column, index) => `$${index + 1}::${types.get(`${table}.${column}`)}[]`)
      await client.query(
        `insert into ${table} (${columns.join(', ')}) select * from unnest(${places.join(', ')})`,
        arrays,
      )
    },
    run: async (statement) => void (await client.query(statement)),
    close: () => client.end(),
  }
}

const columnTypes = `select table_name || '.' || column_name as name, data_type as type from information_schema.columns where table_schema = 'public'`

/** What has to be so before each stretch of load: no code of these people is spent, and their sessions were just used. */
export async function refresh(at: DatabaseAt, now: number): Promise<void> {
  const db = await openDatabase(at)
  try {
    await db.transaction().execute(async (trx) => {
      await waitAsLongAsItTakes(trx)
      await trx.updateTable('totp_factors').set({ last_step: 0, failures: 0 }).where('last_step', '>', 0).execute()
      await trx.deleteFrom('attempts').execute()
      await trx.updateTable('sessions').set({ last_seen_at: now }).execute()
    })
  } finally {
    await db.destroy()
  }
}
