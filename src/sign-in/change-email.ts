// Changing one's own address: asked for with a fresh proof, confirmed by a link to the new address and in a session of the
// same account, told to the old address both times. Whether the new address is taken is told to its owner alone.

import { admit } from '../attempts/attempts.ts'
import { type Caller, record } from '../audit/record.ts'
import { Refusal } from '../refusal.ts'
import type { Instant } from '../time.ts'
import { emailKey } from '../users/email.ts'
import { consumeLink, findLink, issueLink, voidLinks } from '../users/one-time-links.ts'
import { findUserId, setEmail } from '../users/users.ts'
import { readAccount } from './account.ts'
import { changeEmailLimits } from './guesses.ts'
import type { SignInParts } from './parts.ts'
import { mustBeFresh } from './protect.ts'
import type { Standing } from './standing.ts'

export type EmailChange = { ok: true } | { ok: false; retryAt: Instant }

/** Asks for a change of the session's own address. Throws `step-up-needed`, or `unavailable` without a mail server. */
export async function requestEmailChange(
  parts: SignInParts,
  standing: Standing,
  { email, caller }: { email: string; caller: Caller },
): Promise<EmailChange> {
  mustBeFresh(standing)
  if (!parts.hasMailServer) throw new Refusal('unavailable')
  const now = parts.clock()
  const { account } = standing
  const { id, name, language } = account.user
  const key = emailKey(email)
  const admission = await admit(parts, changeEmailLimits({ userId: id, emailKey: key }), now)
  if (!admission.admitted) return { ok: false, retryAt: admission.retryAt }
  await parts.db.transaction().execute(async (trx) => {
    const link = await issueLink(trx, { purpose: 'change-email', userId: id, email }, now)
    await record(trx, { name: 'email.change-asked', details: {} }, { now, caller, actor: id, subject: id })
    await parts.notify(trx, { about: 'email-change-asked' }, { account, caller, now })
    const ownerId = await findUserId(trx, key)
    const owner = ownerId === null || ownerId === id ? null : await readAccount(trx, ownerId, now)
    // Either way one mail goes to the new address: the link, or, to somebody who has it already, a word of it.
    if (owner) await parts.notify(trx, { about: 'email-is-yours' }, { account: owner, caller: null, now })
    else
      await parts.mailLink(
        trx,
        { about: 'change-email', ...link },
        { to: { email, name }, language: language ?? 'en', helpContact: account.helpContact, caller, now },
      )
  })
  return { ok: true }
}

/** Finds the change that a link would make, if it is one of the session's own account; null otherwise. */
export async function findEmailChange(parts: SignInParts, standing: Standing, token: string): Promise<string | null> {
  const link = await findLink(parts.db, 'change-email', token, parts.clock())
  return link?.userId === standing.account.user.id ? link.email : null
}

/**
 * Makes the change that was asked for. Throws `link-invalid` for a link that does not work, or is for another account,
 * and `conflict` when somebody else has taken the address meanwhile.
 */
export async function confirmEmailChange(
  parts: SignInParts,
  standing: Standing,
  { token, caller }: { token: string; caller: Caller },
): Promise<void> {
  const { id } = standing.account.user
  const now = parts.clock()
  await parts.db.transaction().execute(async (trx) => {
    const link = await consumeLink(trx, 'change-email', token, now)
    if (link?.userId !== id || link.email === null) throw new Refusal('link-invalid')
    const account = await readAccount(trx, id, now)
    if (!account) throw new Refusal('signed-out')
    await setEmail(trx, id, link.email, now)
    await voidLinks(trx, id)
    await record(trx, { name: 'email.changed', details: {} }, { now, caller, actor: id, subject: id })
    // To the old address: the account was read before the change.
    await parts.notify(trx, { about: 'email-changed' }, { account, caller, now })
  })
}
