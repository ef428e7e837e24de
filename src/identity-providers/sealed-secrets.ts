// The sealed secrets of identity providers, for sealing them anew.

import { sql } from 'kysely'
import { changedRows } from '../database/database.ts'
import { type SealedColumn, sealedBy } from '../secrets/sealed-column.ts'
import { secretBinding } from './providers.ts'

export const sealedProviderSecrets: SealedColumn = {
  what: 'secrets of identity providers',
  async readOthers(db, key, after, limit) {
    const rows = await db
      .selectFrom('identity_providers')
      .select(['id', 'sealed_secret'])
      .where('id', '>', after)
      .where('sealed_secret', 'is not', null)
      .where('sealed_secret', 'not like', sealedBy(key))
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.flatMap(({ id, sealed_secret: sealed }) =>
      sealed === null ? [] : [{ id, sealed, boundTo: secretBinding(id) }],
    )
  },
  async replace(trx, { id, sealed: was }, sealed) {
    const replaced = await trx
      .updateTable('identity_providers')
      .set({ sealed_secret: sealed })
      .where('id', '=', id)
      .where('sealed_secret', '=', was)
      .executeTakeFirst()
    return changedRows(replaced) === 1
  },
  async count(db, key) {
    const others = sql<number>`count(case when sealed_secret not like ${sealedBy(key)} then 1 end)`
    const row = await db
      .selectFrom('identity_providers')
      .select((e) => [e.fn.count<number>('sealed_secret').as('all'), others.as('others')])
      .executeTakeFirstOrThrow()
    return { all: Number(row.all), others: Number(row.others) }
  },
}
