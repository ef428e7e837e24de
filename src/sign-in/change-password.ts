// Changing one's own password: asks for a fresh proof and for the old password, whose guesses are counted with all the
// others. Everywhere else the person is signed out; this session goes on under a new token.

import { admit, forgive } from '../attempts/attempts.ts'
import { type Caller, recordAlone } from '../audit/record.ts'
import { checkPassword, findPasswordOwner } from '../passwords/passwords.ts'
import type { PasswordProblem } from '../passwords/rules.ts'
import { Refusal } from '../refusal.ts'
import type { NewSession } from '../sessions/sessions.ts'
import type { Instant } from '../time.ts'
import { readAccount } from './account.ts'
import { inOrder, passwordLimits } from './guesses.ts'
import { browserOwner, knownBrowserId } from './known-browsers.ts'
import { newPasswordProblem, replacePassword } from './new-password.ts'
import type { SignInParts } from './parts.ts'
import { mustBeFresh } from './protect.ts'
import { addProofToSession } from './sign-in.ts'
import type { Standing } from './standing.ts'

export type PasswordChange =
  | { ok: true; session: NewSession }
  | { ok: false; field: 'new'; problem: PasswordProblem }
  | { ok: false; field: 'old'; because: 'wrong' }
  | { ok: false; field: 'old'; because: 'blocked'; retryAt: Instant }

export interface AskedChange {
  oldPassword: string
  newPassword: string
  /** The browser's `known-browser` cookie, if it sent one. */
  knownBrowser: string | null
  caller: Caller
}

/** Changes the password of the session's own user. Throws `step-up-needed`. */
export async function changePassword(
  parts: SignInParts,
  standing: Standing,
  { oldPassword, newPassword, knownBrowser, caller }: AskedChange,
): Promise<PasswordChange> {
  mustBeFresh(standing)
  const problem = await newPasswordProblem(parts, standing.account, newPassword)
  if (problem !== null) return { ok: false, field: 'new', problem }
  const proved = await proveOldPassword(parts, standing, { oldPassword, knownBrowser, caller })
  if (!proved.ok) return proved

  const hash = await parts.hashing.hashPassword(newPassword, caller)
  const now = parts.clock()
  const session = await parts.db.transaction().execute(async (trx) => {
    const account = await readAccount(trx, standing.account.user.id, now)
    if (!account) throw new Refusal('signed-out')
    await replacePassword(trx, parts, account, {
      hash,
      by: 'change',
      keepSession: standing.session.id,
      caller,
      now,
    })
    return addProofToSession(trx, parts, {
      session: standing.session,
      proof: { by: 'password', at: now },
      now,
    })
  })
  return { ok: true, session }
}

async function proveOldPassword(
  parts: SignInParts,
  { account: { user } }: Standing,
  { oldPassword, knownBrowser, caller }: Omit<AskedChange, 'newPassword'>,
): Promise<{ ok: true } | Extract<PasswordChange, { field: 'old' }>> {
  const now = parts.clock()
  const browser = knownBrowserId(await parts.keys.inUse(parts.db, now), browserOwner(user), knownBrowser, now)
  const limits = passwordLimits({ emailKey: user.emailKey, browser, address: caller.address })
  const admission = await admit(parts, inOrder(limits), now)
  if (!admission.admitted) return { ok: false, field: 'old', because: 'blocked', retryAt: admission.retryAt }
  const owner = await findPasswordOwner(parts.db, user.emailKey, now)
  const verdict = await checkPassword(parts.hashing, owner, oldPassword, { ...caller, isKnown: true })
  if (verdict.ok && verdict.owner.id === user.id) {
    await forgive(parts.db, limits.own, limits.shared)
    return { ok: true }
  }
  const because = verdict.ok ? 'wrong' : verdict.because
  const about = { now, caller, actor: user.id, subject: user.id }
  await recordAlone(parts.db, { name: 'password.refused', details: { because } }, about)
  return { ok: false, field: 'old', because: 'wrong' }
}
