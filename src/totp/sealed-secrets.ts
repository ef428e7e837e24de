// The sealed secrets of authenticators, and of those that are being added, for sealing them anew.

import { sql } from 'kysely'
import { changedRows } from '../database/database.ts'
import { type SealedColumn, sealedBy } from '../secrets/sealed-column.ts'
import { secretBinding } from './enrolment.ts'

export const sealedEnrolments: SealedColumn = {
  what: 'secrets that are being set up',
  ...secretsIn('totp_enrolments'),
  async replace(trx, { id, sealed: was }, sealed) {
    const replaced = await trx
      .updateTable('totp_enrolments')
      .set({ sealed_secret: sealed })
      .where('id', '=', id)
      .where('sealed_secret', '=', was)
      .executeTakeFirst()
    return changedRows(replaced) === 1
  },
}

export const sealedAuthenticators: SealedColumn = {
  what: 'authenticators',
  ...secretsIn('totp_factors'),
  async replace(trx, { id, sealed: was }, sealed) {
    const replaced = await trx
      .updateTable('totp_factors')
      .set({ sealed_secret: sealed })
      .where('id', '=', id)
      .where('sealed_secret', '=', was)
      .executeTakeFirst()
    return changedRows(replaced) === 1
  },
}

function secretsIn(table: 'totp_enrolments' | 'totp_factors'): Pick<SealedColumn, 'readOthers' | 'count'> {
  return {
    async readOthers(db, key, after, limit) {
      const rows = await db
        .selectFrom(table)
        .select(['id', 'user_id', 'sealed_secret'])
        .where('id', '>', after)
        .where('sealed_secret', 'not like', sealedBy(key))
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        id: row.id,
        sealed: row.sealed_secret,
        boundTo: secretBinding(row.user_id, row.id),
      }))
    },
    async count(db, key) {
      const others = sql<number>`count(case when sealed_secret not like ${sealedBy(key)} then 1 end)`
      const row = await db
        .selectFrom(table)
        .select((e) => [e.fn.countAll<number>().as('all'), others.as('others')])
        .executeTakeFirstOrThrow()
      return { all: Number(row.all), others: Number(row.others) }
    },
  }
}
