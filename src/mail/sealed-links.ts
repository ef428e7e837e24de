// The sealed links of mails that wait, for sealing them anew.

import { sql } from 'kysely'
import { changedRows } from '../database/database.ts'
import { type SealedColumn, type SealedValue, sealedBy } from '../secrets/sealed-column.ts'
import { linkBinding } from './outbox.ts'

export const sealedLinks: SealedColumn = {
  what: 'links in mails that wait',
  async readOthers(db, key, after, limit) {
    const rows = await db
      .selectFrom('outbox')
      .select(['id', 'sealed_link'])
      .where('id', '>', after)
      .where('sealed_link', 'not like', sealedBy(key))
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.flatMap(({ id, sealed_link: sealed }): SealedValue[] =>
      sealed === null ? [] : [{ id, sealed, boundTo: linkBinding(id) }],
    )
  },
  async replace(trx, { id, sealed: was }, sealed) {
    const replaced = await trx
      .updateTable('outbox')
      .set({ sealed_link: sealed })
      .where('id', '=', id)
      .where('sealed_link', '=', was)
      .executeTakeFirst()
    return changedRows(replaced) === 1
  },
  async count(db, key) {
    const row = await db
      .selectFrom('outbox')
      .select((e) => [
        e.fn.count<number>('sealed_link').as('all'),
        sql<number>`count(case when sealed_link not like ${sealedBy(key)} then 1 end)`.as('others'),
      ])
      .executeTakeFirstOrThrow()
    return { all: Number(row.all), others: Number(row.others) }
  },
}
