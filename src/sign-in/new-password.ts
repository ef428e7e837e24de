// What every new password of an existing account has in common, however it comes about: what it must be, and what ends with
// the old one: other sessions and sign-ins, open links, and the count of guesses at it. It touches no factor.

import { forgive } from '../attempts/attempts.ts'
import type { AuditEvent } from '../audit/events.ts'
import { type Caller, record } from '../audit/record.ts'
import type { Database, DatabaseTransaction } from '../database/database.ts'
import { setPassword } from '../passwords/passwords.ts'
import { minimumAlone, minimumWithMfa, type PasswordProblem, passwordProblem } from '../passwords/rules.ts'
import { endOtherSessions } from '../sessions/sessions.ts'
import type { Instant } from '../time.ts'
import { voidLinks } from '../users/one-time-links.ts'
import type { Account } from './account.ts'
import { passwordLimits } from './guesses.ts'
import type { SignInParts } from './parts.ts'
import { endOtherSignIns } from './sign-in.ts'
import { requirementOf } from './standing.ts'

/** How long a new password of this account must be: shorter where a second factor is required of its owner. */
export async function minimumLengthFor(parts: SignInParts, db: Database, account: Account): Promise<number> {
  return (await requirementOf(parts, db, account)).level === 'nothing' ? minimumAlone : minimumWithMfa
}

/** Says what is wrong with a new password of this account, or null when it may be used. */
export async function newPasswordProblem(
  parts: SignInParts,
  account: Account,
  password: string,
): Promise<PasswordProblem | null> {
  const { email, name } = account.user
  const mfaRequired = (await requirementOf(parts, parts.db, account)).level !== 'nothing'
  return passwordProblem(password, { mfaRequired, words: [parts.serviceName, email, name ?? ''] })
}

type SetBy = Extract<AuditEvent, { name: 'password.set' }>['details']['by']

/** Puts a new password, hashed before the transaction, in place of the old one, and ends what hung on that. */
export async function replacePassword(
  trx: DatabaseTransaction,
  parts: SignInParts,
  account: Account,
  {
    hash,
    by,
    keepSession,
    caller,
    now,
  }: { hash: string; by: SetBy; keepSession: string | null; caller: Caller; now: Instant },
): Promise<void> {
  const { id, emailKey } = account.user
  const about = { now, caller, actor: id, subject: id }
  // Guesses at the old password are no guesses at this one, and whoever has just chosen it shall not have to wait. First of
  // all, as in every transaction that changes counts.
  await forgive(trx, passwordLimits({ emailKey, browser: null, address: caller.address }).own, [])
  await setPassword(trx, id, hash, now)
  await record(trx, { name: 'password.set', details: { by } }, about)
  await voidLinks(trx, id)
  await endOtherSignIns(trx, id, null)
  const count = await endOtherSessions(trx, id, keepSession)
  if (count > 0) await record(trx, { name: 'sessions.ended', details: { count, because: 'password-changed' } }, about)
  await parts.notify(trx, { about: 'password-changed' }, { account, caller, now })
}
