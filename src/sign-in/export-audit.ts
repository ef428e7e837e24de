// What somebody does who takes the audit log out of the service. That they did is an event itself.

import { type ExportFormat, exportEvents } from '../audit/export.ts'
import type { Filter } from '../audit/filter.ts'
import { narrowedBy } from '../audit/filter.ts'
import { type Caller, recordAlone } from '../audit/record.ts'
import { Refusal } from '../refusal.ts'
import { may } from '../users/roles.ts'
import type { SignInParts } from './parts.ts'
import type { Standing } from './standing.ts'

/** Notes the export, and hands out its text piece by piece. Throws `not-allowed`. */
export async function exportAudit(
  { db, clock }: SignInParts,
  { account }: Standing,
  { filter, format }: { filter: Filter; format: ExportFormat },
  caller: Caller,
): Promise<AsyncGenerator<string>> {
  if (!may(account.user.role, 'audit.read')) throw new Refusal('not-allowed')
  const now = clock()
  const details = { format, by: 'page' as const, filters: narrowedBy(filter) }
  await recordAlone(db, { name: 'audit.exported', details }, { now, caller, actor: account.user.id, subject: null })
  return exportEvents(db, { filter, format, until: now })
}
