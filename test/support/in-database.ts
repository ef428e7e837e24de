// A look into a database past any service, opened for it and closed again.

import { type Database, type DatabaseAt, openDatabase } from '../../src/database/database.ts'

/** Does something in the database that is there. */
export async function inDatabase<Result>(
  { at }: { at: DatabaseAt },
  act: (db: Database) => Promise<Result>,
): Promise<Result> {
  const db = await openDatabase(at)
  try {
    return await act(db)
  } finally {
    await db.destroy()
  }
}
