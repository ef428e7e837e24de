// Which of several processes on one database does the work that is to be done once. Whoever holds the lease answers when
// another process asks for it; who does not answer is taken for dead, and another one takes over. Nobody's clock is
// compared with anybody else's: each asks, and waits by its own. A process that was only slow may find that it has lost the
// lease while it worked, so what is done under it must bear being done twice; the lease saves work, it guards nothing.

import { changedRows, type Database } from '../database/database.ts'
import { newId } from '../secrets/tokens.ts'
import { type Duration, seconds } from '../time.ts'

export interface Lease {
  /** Tells whether this process is to do the work. Asks, answers or takes over, as is due; call it every other second. */
  hold(): Promise<boolean>
  /** Lets another process have it at once. */
  release(): Promise<void>
}

/** Whoever has not answered for so long is taken for dead. */
export const longestSilence = seconds(6)

/** Makes a process's view of the lease. `monotonic` is a clock that nobody sets: it only measures how long nobody answers. */
export function createLease(db: Database, work: string, monotonic: () => Duration): Lease {
  const me = newId()
  /** Since when the lease has stood at one term, as far as this process has seen. */
  let asking: { term: number; since: Duration } | null = null

  async function take(term: number): Promise<boolean> {
    const taken = await db
      .updateTable('leases')
      .set({ holder: me, term: term + 1 })
      .where('work', '=', work)
      .where('term', '=', term)
      .executeTakeFirst()
    asking = null
    return changedRows(taken) === 1
  }

  /** Nothing is written while nobody asks: one process alone only reads. */
  async function answer({ term, asked }: { term: number; asked: number }): Promise<boolean> {
    return asked < term || take(term)
  }

  async function ask({ term, asked }: { term: number; asked: number }): Promise<boolean> {
    if (asking?.term !== term) asking = { term, since: monotonic() }
    if (asked >= term) return monotonic() - asking.since >= longestSilence && take(term)
    await db.updateTable('leases').set({ asked: term }).where('work', '=', work).where('term', '=', term).execute()
    return false
  }

  return {
    async hold() {
      const row = await db.selectFrom('leases').selectAll().where('work', '=', work).executeTakeFirst()
      if (!row) {
        const first = { work, holder: me, term: 1, asked: 0 }
        const made = await db
          .insertInto('leases')
          .values(first)
          .onConflict((c) => c.doNothing())
          .executeTakeFirst()
        return changedRows(made) === 1
      }
      if (row.holder === me) return answer(row)
      return row.holder === null ? take(row.term) : ask(row)
    },
    async release() {
      await db
        .updateTable('leases')
        .set((e) => ({ holder: null, term: e('term', '+', 1) }))
        .where('work', '=', work)
        .where('holder', '=', me)
        .execute()
    },
  }
}
