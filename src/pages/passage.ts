// From one step to the next: what the browser is told when a sign-in has moved on. Cookies for tokens are written here and
// nowhere else.

import { record } from '../audit/record.ts'
import { clearCookie, readCookie, writeCookie } from '../http/cookies.ts'
import { type DoorContext, pendingOf, standingOf } from '../http/door.ts'
import { Refusal } from '../refusal.ts'
import { newToken } from '../secrets/tokens.ts'
import { endSession } from '../sessions/sessions.ts'
import { knownBrowserLife } from '../sign-in/known-browsers.ts'
import type { Step } from '../sign-in/next-step.ts'
import type { Continued } from '../sign-in/protect.ts'
import { abandonSignIn, beginStepUp, finishSignIn, type Progress } from '../sign-in/sign-in.ts'
import type { Standing } from '../sign-in/standing.ts'
import type { PageParts } from './page-parts.ts'

/** Where people land who were not on their way to anywhere. */
export const home = '/my-profile'

/** The page of a step that is due. */
export function pageOf(step: Step): string {
  switch (step.at) {
    case 'first-factor':
      return '/sign-in/password'
    case 'second-factor':
      // The authenticator app first, unless it is disabled and a recovery code is all that is left.
      return step.offer.includes('totp') || step.offer.length === 0
        ? '/sign-in/verification-code'
        : '/sign-in/recovery-code'
    case 'set-up-link':
      return '/sign-in/set-up-link'
    case 'enrol':
      return '/set-up-mfa'
    case 'recovery-codes':
      return '/recovery-codes'
    case 'done':
      return home
    case 'refused':
      return '/sign-in'
  }
}

/** Hands over the new token. Says where to go next. */
export function handOver(c: DoorContext, parts: PageParts, progress: Progress): string {
  const { settings } = parts
  if (progress.at === 'pending') {
    writeCookie(c, settings, 'sign-in', progress.token)
    // A new sign-in has ended the session that this browser had; a step-up goes on within it.
    if (progress.purpose === 'sign-in' && readCookie(c, settings, 'session') !== null)
      clearCookie(c, settings, 'session')
    return pageOf(progress.step)
  }
  clearCookie(c, settings, 'sign-in')
  writeCookie(c, settings, 'session', progress.session.token)
  writeCookie(c, settings, 'browser', progress.knownBrowser, knownBrowserLife / 1000)
  return progress.returnTo
}

/** Hands over the new token after a change of factors; null when the session or sign-in simply goes on where it is. */
export function handOverContinued(c: DoorContext, parts: PageParts, continued: Continued): string | null {
  if (continued.in === 'sign-in') return handOver(c, parts, continued.progress)
  writeCookie(c, parts.settings, 'session', continued.session.token)
  return null
}

/** Long enough for every round trip that is under way; the row ends earlier. */
const roundTripSeconds = 15 * 60

/** Gives the browser the token that its round trips to providers belong to. Several tabs may be on their way at once: they share it. */
export function roundTripToken(c: DoorContext, { settings }: PageParts): string {
  const known = readCookie(c, settings, 'round-trip')
  const token = known !== null && /^[\w-]{43}$/.test(known) ? known : newToken()
  writeCookie(c, settings, 'round-trip', token, roundTripSeconds)
  return token
}

/** Ends the session and the sign-in that this browser has, whatever state they are in. Its cookies are the caller's to replace or clear. */
export async function endCurrent(c: DoorContext, parts: PageParts): Promise<void> {
  const { machine, settings } = parts
  const pending = await pendingOf(c, machine, settings)
  if (pending) await abandonSignIn(machine, pending.signIn.id)
  const standing = await standingOf(c, machine, settings)
  if (standing) {
    const userId = standing.account.user.id
    await machine.db.transaction().execute(async (trx) => {
      if (!(await endSession(trx, standing.session.id))) return
      await record(
        trx,
        { name: 'sign-out', details: {} },
        { now: machine.clock(), caller: c.get('caller'), actor: userId, subject: userId },
      )
    })
    c.set('standing', null)
  }
}

/** Finishes the sign-in of this browser, which has come to owe nothing. Says where to go next. */
export async function finishPending(c: DoorContext, parts: PageParts): Promise<string> {
  const pending = await pendingOf(c, parts.machine, parts.settings)
  if (!pending) return home
  try {
    return handOver(c, parts, await finishSignIn(parts.machine, pending.signIn, c.get('caller')))
  } catch (error) {
    // Finished in another tab meanwhile: that tab has the session.
    if (error instanceof Refusal && error.code === 'sign-in-over') return home
    throw error
  }
}

/** Leads to a fresh proof of the strongest factor, and back to `returnTo` afterwards. */
export async function stepUp(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  returnTo: string,
): Promise<Response> {
  const progress = await beginStepUp(parts.machine, standing, returnTo, c.get('caller'))
  return c.redirect(handOver(c, parts, progress), 303)
}

/** Tells where a refusal leads instead of to a page that says no; null when it leads nowhere. */
export function wayOn(c: DoorContext, refusal: Refusal): string | null {
  const wanted = c.req.method === 'GET' ? `${c.req.path}${new URL(c.req.url).search}` : null
  const next = wanted !== null && wanted !== '/' ? `?next=${encodeURIComponent(wanted)}` : ''
  switch (refusal.code) {
    case 'signed-out':
      return `/sign-in${next}`
    case 'sign-in-over':
      return '/sign-in?notice=over'
    case 'second-factor-owed':
      return '/sign-in/verification-code'
    case 'set-up-link-owed':
      return '/sign-in/set-up-link'
    case 'enrolment-owed':
      return `/set-up-mfa${next}`
    case 'recovery-codes-owed':
      return `/recovery-codes${next}`
    default:
      return null
  }
}
