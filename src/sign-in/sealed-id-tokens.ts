// The ID tokens that sign-ins in progress keep, for sealing them anew.

import { changedRows } from '../database/database.ts'
import type { SealedColumn } from '../secrets/sealed-column.ts'
import { idTokensIn } from '../sessions/sealed-id-tokens.ts'

export const sealedSignInTokens: SealedColumn = {
  what: 'ID tokens of sign-ins in progress',
  ...idTokensIn('sign_ins'),
  async replace(trx, { id, sealed: was }, sealed) {
    const replaced = await trx
      .updateTable('sign_ins')
      .set({ sealed_id_token: sealed })
      .where('id', '=', id)
      .where('sealed_id_token', '=', was)
      .executeTakeFirst()
    return changedRows(replaced) === 1
  },
}
