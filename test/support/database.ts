// A database of a test's own, migrated and empty, for tests of one store beside its source.

import { openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { createUser } from '../../src/users/users.ts'
import { createDatabase } from './postgres.ts'
import type { Dialect } from './service.ts'

let template: Promise<string> | undefined

/** Migrates one database and has the others copied from it, which is quicker. It goes with the cluster. */
async function makeTemplate(): Promise<string> {
  const { url } = await createDatabase()
  const db = await openDatabase({ postgres: url })
  await migrate(db)
  await db.destroy()
  return url
}

async function openMigrated(dialect: Dialect) {
  if (dialect === 'postgres') {
    template ??= makeTemplate()
    const { url, drop } = await createDatabase(await template)
    return { db: await openDatabase({ postgres: url }), drop }
  }
  const db = await openDatabase({ sqliteFile: ':memory:' })
  await migrate(db)
  return { db, drop: async () => {} }
}

/** Opens one; `close` also deletes what was made for it. */
export async function openTestDatabase(dialect: Dialect) {
  const { db, drop } = await openMigrated(dialect)
  let users = 0
  return {
    db,
    /** Adds a user with nothing but an id and an address, for rows that must belong to somebody. */
    addUser: (now = 0): Promise<string> => {
      users += 1
      const user = { email: `user${users}@example.org`, name: null, role: 'member' as const, passwordHash: null }
      return db
        .transaction()
        .execute((trx) => createUser(trx, user, 'administrator', { now, caller: null, actor: null }))
    },
    close: async () => {
      await db.destroy()
      await drop()
    },
  }
}

export type TestDatabase = Awaited<ReturnType<typeof openTestDatabase>>
