// Where the link leads that an administrator hands over after a reset of 2FA. Opening it uses nothing up. It signs nobody in
// by itself: with the right password it becomes part of a sign-in, once.

import { readPublicSettings } from '../enforcement/settings.ts'
import { readCookie } from '../http/cookies.ts'
import { type Door, type DoorContext, pendingOf } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { readAccount } from '../sign-in/account.ts'
import { proveByEmailAndPassword } from '../sign-in/prove.ts'
import { proveSetUpLink } from '../sign-in/set-up-link.ts'
import type { PendingSignIn } from '../sign-in/standing.ts'
import { findLink } from '../users/one-time-links.ts'
import { frameOf, type PageParts, page, setRetryAfter } from './page-parts.ts'
import { endCurrent, handOver, home } from './passage.ts'
import { passwordProblemOf } from './sign-in.tsx'
import { LinkInvalidView } from './views/arrival/link-invalid.tsx'
import { SetUpLinkView } from './views/sign-in/set-up-link.tsx'

/** Declares the page of the set-up link. */
export function setUpLinkPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts
  const path = '/set-up-mfa-link'

  door.anyone('get', path, async (c) => {
    const found = await look(c, parts, c.req.query('token') ?? '')
    return found ? show(c, parts, found, undefined) : showInvalid(c, parts)
  })

  door.anyone('post', path, async (c) => {
    const form = await readForm(c)
    const found = await look(c, parts, form.text('token'))
    if (!found) return showInvalid(c, parts)
    const { token, email, waiting } = found
    if (waiting) {
      const progress = await proveSetUpLink(machine, waiting, { token, caller: c.get('caller') })
      return c.redirect(handOver(c, parts, progress), 303)
    }
    const proving = await proveByEmailAndPassword(machine, {
      email,
      password: form.text('password'),
      returnTo: home,
      caller: c.get('caller'),
      knownBrowser: readCookie(c, settings, 'browser'),
      setUpLink: token,
    })
    if (proving.ok) {
      await endCurrent(c, parts)
      return c.redirect(handOver(c, parts, proving.progress), 303)
    }
    const blocked = proving.because === 'blocked'
    if (blocked) setRetryAfter(c, proving.retryAt, machine.clock())
    const problem = passwordProblemOf(frameOf(c, parts, null), proving, machine.clock())
    return show(c, parts, found, { problem, status: blocked ? 429 : 422 })
  })
}

interface Found {
  token: string
  email: string
  /** The sign-in in this browser that waits for this very link. */
  waiting: PendingSignIn | null
}

async function look(c: DoorContext, { machine, settings }: PageParts, token: string): Promise<Found | null> {
  const now = machine.clock()
  const link = await findLink(machine.db, 'set-up-mfa', token, now)
  const account = link && (await readAccount(machine.db, link.userId, now))
  if (!account) return null
  const pending = await pendingOf(c, machine, settings)
  const waits = pending?.step.at === 'set-up-link' && pending.account.user.id === account.user.id
  return { token, email: account.user.email, waiting: waits ? pending : null }
}

async function show(
  c: DoorContext,
  parts: PageParts,
  { token, email, waiting }: Found,
  fault: { problem: string; status: 422 | 429 } | undefined,
): Promise<Response> {
  const { helpContact } = await readPublicSettings(parts.machine.db)
  const view = (
    <SetUpLinkView
      frame={frameOf(c, parts, waiting?.account ?? null)}
      token={token}
      email={email}
      asksPassword={waiting === null}
      problem={fault?.problem}
      helpContact={helpContact ?? undefined}
    />
  )
  return page(c, view, fault?.status ?? 200)
}

async function showInvalid(c: DoorContext, parts: PageParts): Promise<Response> {
  const { helpContact } = await readPublicSettings(parts.machine.db)
  const view = (
    <LinkInvalidView frame={frameOf(c, parts, null)} kind="set-up-mfa" helpContact={helpContact ?? undefined} />
  )
  return page(c, view, 404)
}
