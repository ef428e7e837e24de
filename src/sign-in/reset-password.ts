// Forgotten passwords. Asking costs the same work for every address: counters and one row; whose address it is, the mail
// worker looks up afterwards. The link sets a password, once. It never leads to a session and touches no factor.

import { admit } from '../attempts/attempts.ts'
import { type Caller, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { findPasswordOwner } from '../passwords/passwords.ts'
import {
  keepResetRequest,
  listResetRequests,
  type ResetRequest,
  takeResetRequest,
} from '../passwords/reset-requests.ts'
import type { PasswordProblem } from '../passwords/rules.ts'
import { Refusal } from '../refusal.ts'
import { emailKey } from '../users/email.ts'
import { consumeLink, findLink, issueLink } from '../users/one-time-links.ts'
import { noteEmailVerified } from '../users/users.ts'
import { type Account, readAccount } from './account.ts'
import { resetMailLimits } from './guesses.ts'
import { minimumLengthFor, newPasswordProblem, replacePassword } from './new-password.ts'
import type { SignInParts } from './parts.ts'

/** Takes a request for a link. Comes back alike for every address, known or not, and when the limit is reached. */
export async function requestPasswordReset(
  parts: SignInParts,
  { email, language, caller }: { email: string; language: string; caller: Caller },
): Promise<void> {
  if (!parts.hasMailServer) return
  const now = parts.clock()
  const key = emailKey(email)
  const admission = await admit(parts, resetMailLimits({ emailKey: key, address: caller.address }), now)
  if (admission.admitted) await keepResetRequest(parts.db, { emailKey: key, language, caller }, now)
}

/**
 * Works off the requests that wait: each becomes a mail to the stored address, or nothing. One that fails waits on, and holds
 * up no other; `onFault` is told why.
 */
export async function answerResetRequests(parts: SignInParts, onFault: (error: unknown) => void): Promise<void> {
  for (const request of await listResetRequests(parts.db))
    await parts.db
      .transaction()
      .execute(async (trx) => {
        if (await takeResetRequest(trx, request.id)) await answer(trx, parts, request)
      })
      .catch(onFault)
}

async function answer(trx: DatabaseTransaction, parts: SignInParts, request: ResetRequest): Promise<void> {
  const now = parts.clock()
  const { caller } = request
  const owner = await findPasswordOwner(trx, request.emailKey, now)
  const outcome = !owner
    ? 'no-such-user'
    : !owner.active
      ? 'deactivated'
      : owner.hash === null
        ? 'no-password'
        : 'mailed'
  const about = { now, caller, actor: null, subject: owner?.id ?? null }
  await record(trx, { name: 'password.reset-requested', details: { outcome } }, about)
  if (!owner || outcome !== 'mailed') return
  const account = await readAccount(trx, owner.id, now)
  if (!account) return
  const { email, name, language } = account.user
  const link = await issueLink(trx, { purpose: 'reset-password', userId: owner.id }, now)
  await parts.mailLink(
    trx,
    { about: 'reset-password', ...link },
    { to: { email, name }, language: language ?? request.language, helpContact: account.helpContact, caller, now },
  )
}

/** A link that may still be used: whose password it sets, and how long that must be. */
export interface OpenReset {
  account: Account
  minLength: number
}

/** Finds what a link would reset, without using it up; null for a link that does not work. */
export async function findPasswordReset(parts: SignInParts, token: string): Promise<OpenReset | null> {
  const now = parts.clock()
  const link = await findLink(parts.db, 'reset-password', token, now)
  const account = link && (await readAccount(parts.db, link.userId, now))
  return account ? { account, minLength: await minimumLengthFor(parts, parts.db, account) } : null
}

/**
 * Sets the password that a link is for, and signs its owner out everywhere. Says what is wrong with the password, and
 * then the link may be used again. Throws `link-invalid` when it may not, or somebody was quicker.
 */
export async function resetPassword(
  parts: SignInParts,
  { token, password, caller }: { token: string; password: string; caller: Caller },
): Promise<PasswordProblem | null> {
  const found = await findPasswordReset(parts, token)
  if (!found) throw new Refusal('link-invalid')
  const problem = await newPasswordProblem(parts, found.account, password)
  if (problem !== null) return problem
  const hash = await parts.hashing.hashPassword(password, caller)
  const now = parts.clock()
  await parts.db.transaction().execute(async (trx) => {
    const link = await consumeLink(trx, 'reset-password', token, now)
    const account = link && (await readAccount(trx, link.userId, now))
    if (!account) throw new Refusal('link-invalid')
    // The link went to the address of the account, and nowhere else.
    await noteEmailVerified(trx, account.user.id, now)
    await replacePassword(trx, parts, account, { hash, by: 'reset', keepSession: null, caller, now })
  })
  return null
}
