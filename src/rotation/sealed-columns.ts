// Every column that holds something sealed. The test of rotation looks for others by their names, so that none is forgotten.

import { sealedLinks } from '../mail/sealed-links.ts'
import type { SealedColumn } from '../secrets/sealed-column.ts'
import { sealedAuthenticators, sealedEnrolments } from '../totp/sealed-secrets.ts'

/** In this order: a secret that is being set up becomes an authenticator as it is, so it is looked for where it comes from first. */
export const sealedColumns: readonly SealedColumn[] = [sealedEnrolments, sealedAuthenticators, sealedLinks]
