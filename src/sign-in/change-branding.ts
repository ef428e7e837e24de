// Changing how the service looks, as an administrator.

import type { Caller } from '../audit/record.ts'
import { type BrandChange, setBrand } from '../branding/branding.ts'
import { mustBePermitted } from './administer.ts'
import type { SignInParts } from './parts.ts'
import type { Standing } from './standing.ts'

/** Sets name, accent and logo. Throws `not-allowed` or `step-up-needed`. */
export async function changeBranding(
  parts: SignInParts,
  standing: Standing,
  change: BrandChange,
  caller: Caller,
): Promise<void> {
  mustBePermitted(standing, 'settings.change')
  const about = { now: parts.clock(), caller, actor: standing.account.user.id }
  await parts.db.transaction().execute((trx) => setBrand(trx, change, about))
  parts.branding.outdate()
}
