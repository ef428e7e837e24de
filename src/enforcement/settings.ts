// Settings of the installation that administrators change in the pages.

import { type Circumstances, record } from '../audit/record.ts'
import type { Database, DatabaseTransaction } from '../database/database.ts'
import { prepare } from '../database/prepared.ts'

/** Sets whom people may ask for help; null for nobody. False when it stood like that already. */
export async function setHelpContact(
  trx: DatabaseTransaction,
  contact: string | null,
  about: Omit<Circumstances, 'subject'>,
): Promise<boolean> {
  const changed = await trx
    .updateTable('installation')
    .set({ help_contact: contact })
    .where('id', '=', 1)
    .where((where) =>
      contact === null
        ? where('help_contact', 'is not', null)
        : where.or([where('help_contact', 'is', null), where('help_contact', '!=', contact)]),
    )
    .returning('id')
    .executeTakeFirst()
  if (changed)
    await record(trx, { name: 'settings.changed', details: { setting: 'help-contact' } }, { ...about, subject: null })
  return changed !== undefined
}

const publicSettings = prepare((db) =>
  db.selectFrom('installation').select(['help_contact', 'first_administrator_at']).where('id', '=', 1),
)

/** Reads what the sign-in page shows to anyone: whom to ask for help, and whether there has ever been an administrator. */
export async function readPublicSettings(
  db: Database,
): Promise<{ helpContact: string | null; hasHadAdministrator: boolean }> {
  const row = await publicSettings.first(db, {})
  if (!row) throw new Error('The row of the installation is missing.')
  return { helpContact: row.help_contact, hasHadAdministrator: row.first_administrator_at !== null }
}
