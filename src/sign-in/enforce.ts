// "Enforce MFA for all users", switched safely. Whoever switches it on must have MFA; then an administrator must confirm,
// from a sign-in that came after the switch, that signing in still works. If nobody does, the enforcement lapses by itself
// at its deadline (see `enforcement/requirement.ts`), and here that is written down, once, and told.

import type { Caller } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import { confirmMfaEnforced, isRevertDue, revertUnconfirmed, setMfaEnforced } from '../enforcement/policies.ts'
import { setHelpContact } from '../enforcement/settings.ts'
import { Refusal } from '../refusal.ts'
import { type Instant, minutes } from '../time.ts'
import { may } from '../users/roles.ts'
import { type Account, readAccount } from './account.ts'
import { mustBePermitted } from './administer.ts'
import type { SignInParts } from './parts.ts'
import type { Standing } from './standing.ts'

/** How long an enforcement holds that nobody has confirmed. */
export const confirmWithin = minutes(15)

/** Tells whether this person has a second factor that works, and saved recovery codes. */
export function hasMfa(account: Account): boolean {
  return account.enrolled.some((factor) => !factor.disabled) && account.recoveryCodes.saved
}

/**
 * Switches enforcement on, until it is confirmed or lapses. Does nothing when it is on already: the time to confirm is not
 * prolonged. Throws `mfa-needed-first`, `step-up-needed` or `not-allowed`.
 */
export async function switchEnforcementOn(parts: SignInParts, standing: Standing, caller: Caller): Promise<void> {
  mustBePermitted(standing, 'settings.change')
  const about = { now: parts.clock(), caller, actor: standing.account.user.id }
  await parts.db.transaction().execute(async (trx) => {
    // One that has lapsed and was not written down yet is not on any more.
    await writeRevert(trx, parts, about.now)
    const changed = await setMfaEnforced(trx, true, about, about.now + confirmWithin)
    // Asked after the write and inside the transaction: only now is it known that this switches enforcement on, and a
    // refusal takes it back.
    const account = await readAccount(trx, about.actor, about.now)
    if (changed && !(account && hasMfa(account))) throw new Refusal('mfa-needed-first')
  })
}

export interface ServiceSettings {
  /** True to switch enforcement off. Switching it on is an act of its own. */
  endEnforcement: boolean
  helpContact: string | null
}

/** Saves what an administrator chose, in one transaction. Throws `step-up-needed` or `not-allowed`. */
export async function changeServiceSettings(
  parts: SignInParts,
  standing: Standing,
  { endEnforcement, helpContact }: ServiceSettings,
  caller: Caller,
): Promise<void> {
  mustBePermitted(standing, 'settings.change')
  const about = { now: parts.clock(), caller, actor: standing.account.user.id }
  await parts.db.transaction().execute(async (trx) => {
    if (endEnforcement) {
      await writeRevert(trx, parts, about.now)
      await setMfaEnforced(trx, false, about)
    }
    await setHelpContact(trx, helpContact, about)
  })
}

/**
 * Confirms that signing in works under enforcement. False when there is nothing to confirm any more, or when this session
 * was not signed in, from the password on, after the switch. Throws `step-up-needed` or `not-allowed`.
 */
export async function confirmEnforcement(parts: SignInParts, standing: Standing, caller: Caller): Promise<boolean> {
  mustBePermitted(standing, 'settings.change')
  const about = { now: parts.clock(), caller, actor: standing.account.user.id }
  return parts.db.transaction().execute((trx) => confirmMfaEnforced(trx, signedInSince(standing), about))
}

/** Tells whether this session may confirm the enforcement that waits for it. */
export function mayConfirmEnforcement(standing: Standing): boolean {
  const { account, enforcement } = standing
  if (enforcement.is !== 'unconfirmed' || !may(account.user.role, 'settings.change')) return false
  return signedInSince(standing) > enforcement.since
}

/** When the sign-in of this session began: a step-up renews proofs, but does not make the session a newer one. */
function signedInSince({ session }: Standing): Instant {
  return Math.min(session.createdAt, ...session.proofs.map(({ at }) => at))
}

/** Writes down and tells that an enforcement has lapsed unconfirmed, when one has. True for the one who did. */
export async function sweepEnforcement(parts: SignInParts): Promise<boolean> {
  const now = parts.clock()
  if (!(await isRevertDue(parts.db, now))) return false
  return parts.db.transaction().execute((trx) => writeRevert(trx, parts, now))
}

async function writeRevert(trx: DatabaseTransaction, parts: SignInParts, now: Instant): Promise<boolean> {
  const reverted = await revertUnconfirmed(trx, now)
  if (!reverted) return false
  const account = reverted.switchedOnBy === null ? null : await readAccount(trx, reverted.switchedOnBy, now)
  if (account?.user.active) await parts.notify(trx, { about: 'enforcement-reverted' }, { account, caller: null, now })
  return true
}
