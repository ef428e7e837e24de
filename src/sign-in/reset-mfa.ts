// Resetting somebody's MFA when phone and recovery codes are gone: by an administrator or the help desk on a page, or by
// whoever runs the host. In one transaction everything that proved or could prove a second factor goes, the account is marked,
// and a one-time set-up link is made. The link is for the person's own hands; the mail that tells them carries none.

import { forget } from '../attempts/attempts.ts'
import { type Caller, type Circumstances, record } from '../audit/record.ts'
import type { DatabaseTransaction } from '../database/database.ts'
import type { Notice } from '../mail/notices.ts'
import { countCodes, removeCodes } from '../recovery-codes/recovery-codes.ts'
import { Refusal } from '../refusal.ts'
import { endOtherSessions } from '../sessions/sessions.ts'
import { type Instant, isoTime } from '../time.ts'
import { removeAuthenticators } from '../totp/authenticators.ts'
import { discardEnrolments } from '../totp/enrolment.ts'
import { takeTurn } from '../users/administrators.ts'
import { accountState, findUser, type ManagedUser } from '../users/managed-user.ts'
import { beginMfaReset } from '../users/mfa-reset.ts'
import { issueLink, type NewLink } from '../users/one-time-links.ts'
import { readAccount } from './account.ts'
import { secondFactorCount } from './guesses.ts'
import { actOnUser, mustNotBeOneself } from './manage-users.ts'
import type { SignInParts } from './parts.ts'
import { endOtherSignIns } from './sign-in.ts'
import type { Standing } from './standing.ts'

export const longestReason = 500

/** Reads the reason for a reset; null when there is none, it is too long, or holds control characters. */
export function parseReason(typed: string): string | null {
  const reason = typed.normalize('NFC').replace(/\r\n?/g, '\n').trim()
  const hidden = /[\p{Cf}\u2028\u2029]|(?!\n)\p{Cc}/u
  return reason === '' || [...reason].length > longestReason || hidden.test(reason) ? null : reason
}

/**
 * Resets the MFA of somebody else, and gives the set-up link. Throws `bad-request` without a reason, and `conflict` for an
 * account that cannot sign in: deactivated, run out, or without a password.
 */
export async function resetMfaOf(
  parts: SignInParts,
  standing: Standing,
  { userId, reason, caller }: { userId: string; reason: string; caller: Caller },
): Promise<NewLink> {
  mustNotBeOneself(standing, userId)
  const { name, email } = standing.account.user
  const notice = { about: 'mfa-reset' as const, by: name ?? email }
  return actOnUser(parts, standing, { permission: 'users.reset-mfa', userId, caller }, async (trx, user, about) => {
    if (user.role === 'administrator') await takeTurnAmongAdministrators(trx, about)
    return reset(trx, parts, user, { reason, by: 'page', notice, about })
  })
}

/**
 * Two administrators who reset each other at the same moment would both be out, each with the link of the other in hand.
 * One comes after the other, and the second finds that their own MFA has been reset: throws `signed-out`.
 */
async function takeTurnAmongAdministrators(
  trx: DatabaseTransaction,
  { actor, now }: { actor: string; now: Instant },
): Promise<void> {
  await takeTurn(trx, now)
  const account = await readAccount(trx, actor, now)
  if (account?.user.mfaResetAt !== null) throw new Refusal('signed-out')
}

/** The same from the host's command line: by whoever runs the machine, who needs no session and is known to nobody here. */
export async function resetMfa(
  parts: SignInParts,
  { userId, reason }: { userId: string; reason: string },
): Promise<NewLink> {
  const about = { now: parts.clock(), caller: null, actor: null }
  return parts.db.transaction().execute(async (trx) => {
    const user = await findUser(trx, userId)
    if (!user) throw new Refusal('not-found')
    return reset(trx, parts, user, { reason, by: 'host', notice: { about: 'mfa-reset-on-host' }, about })
  })
}

/** Gives a new set-up link for a reset that still waits for its person; the older link is void. */
export async function renewSetUpLink(
  parts: SignInParts,
  standing: Standing,
  { userId, caller }: { userId: string; caller: Caller },
): Promise<NewLink> {
  mustNotBeOneself(standing, userId)
  return actOnUser(parts, standing, { permission: 'users.reset-mfa', userId, caller }, async (trx, user, about) => {
    if (user.mfaResetAt === null || accountState(user, about.now) !== 'active') throw new Refusal('conflict')
    return issueSetUpLink(trx, userId, about)
  })
}

async function reset(
  trx: DatabaseTransaction,
  parts: SignInParts,
  user: ManagedUser,
  {
    reason: typed,
    by,
    notice,
    about,
  }: { reason: string; by: 'page' | 'host'; notice: Notice; about: Omit<Circumstances, 'subject'> },
): Promise<NewLink> {
  const { now } = about
  const on = { ...about, subject: user.id }
  const reason = parseReason(typed)
  if (reason === null) throw new Refusal('bad-request')
  if (accountState(user, now) !== 'active') throw new Refusal('conflict')
  // The guesses were at what goes now. First of all, as in every transaction that changes counts.
  await forget(trx, secondFactorCount(user.id))
  await beginMfaReset(trx, user, now)
  await record(trx, { name: 'mfa.reset', details: { reason, by } }, on)
  const factors = await removeAuthenticators(trx, user.id)
  if (factors > 0) await record(trx, { name: 'totp.removed', details: { factors } }, on)
  if (await countCodes(trx, user.id)) await record(trx, { name: 'recovery-codes.removed', details: {} }, on)
  await removeCodes(trx, user.id)
  await discardEnrolments(trx, user.id)
  await endOtherSignIns(trx, user.id, null)
  const count = await endOtherSessions(trx, user.id, null)
  if (count > 0) await record(trx, { name: 'sessions.ended', details: { count, because: 'mfa-reset' } }, on)
  const account = await readAccount(trx, user.id, now)
  if (account) await parts.notify(trx, notice, { account, caller: null, now })
  return issueSetUpLink(trx, user.id, about)
}

async function issueSetUpLink(
  trx: DatabaseTransaction,
  userId: string,
  about: Omit<Circumstances, 'subject'>,
): Promise<NewLink> {
  const link = await issueLink(trx, { purpose: 'set-up-mfa', userId, createdBy: about.actor }, about.now)
  const expiresAt = isoTime(link.expiresAt)
  await record(trx, { name: 'mfa.link-issued', details: { expiresAt } }, { ...about, subject: userId })
  return link
}
