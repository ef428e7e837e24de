// Every column that holds something sealed. The test of rotation looks for others by their names, so that none is forgotten.

import { sealedProviderSecrets } from '../identity-providers/sealed-secrets.ts'
import { sealedLinks } from '../mail/sealed-links.ts'
import type { SealedColumn } from '../secrets/sealed-column.ts'
import { sealedSessionTokens } from '../sessions/sealed-id-tokens.ts'
import { sealedSignInTokens } from '../sign-in/sealed-id-tokens.ts'
import { sealedAuthenticators, sealedEnrolments } from '../totp/sealed-secrets.ts'

/** In this order: what goes as it is from one table to another is looked for where it comes from first. */
export const sealedColumns: readonly SealedColumn[] = [
  sealedEnrolments,
  sealedAuthenticators,
  sealedLinks,
  sealedProviderSecrets,
  sealedSignInTokens,
  sealedSessionTokens,
]
