// Accepting the answer of a SAML provider: read and verified, and then used up, in every process and after every restart.

import type { Database, DatabaseTransaction } from '../../database/database.ts'
import { spendAssertion } from '../seen-assertions.ts'
import { type Expected, readResponse, type SamlAssertion } from './read-response.ts'
import { SamlRefused } from './refused.ts'

/** Reads a response and uses up its assertion. Throws `SamlRefused`: for what cannot be believed, and the second time. */
export async function acceptResponse(
  db: Database | DatabaseTransaction,
  providerId: string,
  encoded: string,
  expected: Expected,
): Promise<SamlAssertion> {
  const assertion = await readResponse(encoded, expected)
  const { assertionId: id, expiresAt } = assertion
  if (!(await spendAssertion(db, { providerId, id, expiresAt })))
    throw new SamlRefused('replayed', 'this assertion was accepted before')
  return assertion
}
