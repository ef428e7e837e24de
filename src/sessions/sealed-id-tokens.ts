// The ID tokens that sign-ins and sessions keep for signing out at the provider: sealed for the identity, so that one goes as
// it is from the sign-in to the session that it becomes. Both columns are described here for sealing them anew; those of
// sign-ins are written by `sign-in/`, which hands its part in.

import { sql } from 'kysely'
import { changedRows } from '../database/database.ts'
import { type SealedColumn, sealedBy } from '../secrets/sealed-column.ts'

/** Names what a sealed ID token is bound to. */
export function idTokenBinding(identityId: string): string {
  return `id-token:${identityId}`
}

export const sealedSessionTokens: SealedColumn = {
  what: 'ID tokens of sessions',
  ...idTokensIn('sessions'),
  async replace(trx, { id, sealed: was }, sealed) {
    const replaced = await trx
      .updateTable('sessions')
      .set({ sealed_id_token: sealed })
      .where('id', '=', id)
      .where('sealed_id_token', '=', was)
      .executeTakeFirst()
    return changedRows(replaced) === 1
  },
}

/** Reads and counts the ID tokens of a table. */
export function idTokensIn(table: 'sessions' | 'sign_ins'): Pick<SealedColumn, 'readOthers' | 'count'> {
  return {
    async readOthers(db, key, after, limit) {
      const rows = await db
        .selectFrom(table)
        .select(['id', 'identity_id', 'sealed_id_token'])
        .where('id', '>', after)
        .where('sealed_id_token', 'is not', null)
        .where('sealed_id_token', 'not like', sealedBy(key))
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.flatMap(({ id, identity_id, sealed_id_token: sealed }) =>
        sealed === null || identity_id === null ? [] : [{ id, sealed, boundTo: idTokenBinding(identity_id) }],
      )
    },
    async count(db, key) {
      const others = sql<number>`count(case when sealed_id_token not like ${sealedBy(key)} then 1 end)`
      const row = await db
        .selectFrom(table)
        .select((e) => [e.fn.count<number>('sealed_id_token').as('all'), others.as('others')])
        .executeTakeFirstOrThrow()
      return { all: Number(row.all), others: Number(row.others) }
    },
  }
}
