// The sign-in pages: address and password, then whatever step is due. They read a form, ask the sign-in machine, and show
// what it says; they decide nothing.

import { readPublicSettings } from '../enforcement/settings.ts'
import { clearCookie, readCookie } from '../http/cookies.ts'
import { type Door, type DoorContext, pendingOf, standingOf } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { safeReturnTo } from '../http/return-to.ts'
import { Refusal } from '../refusal.ts'
import { proveByEmailAndPassword, type Unproved } from '../sign-in/prove.ts'
import { findSignOutAtProvider } from '../sign-in/sign-out-at-provider.ts'
import { frameOf, type PageParts, page, setRetryAfter } from './page-parts.ts'
import { endCurrent, handOver, home, pageOf } from './passage.ts'
import type { Frame, Notice } from './views/parts/frame.ts'
import { GoingToProviderView } from './views/sign-in/providers.tsx'
import { SignInView } from './views/sign-in/sign-in.tsx'

/** Declares the way in and the way out. */
export function signInPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  door.anyone('get', '/', async (c) => c.redirect(home, 303))

  door.anyone('get', '/sign-in', async (c) => {
    const next = safeReturnTo(c.req.query('next'), settings.url)
    const standing = await standingOf(c, machine, settings)
    if (standing && ['done', 'enrol', 'recovery-codes'].includes(standing.step.at)) {
      return c.redirect(standing.step.at === 'done' ? (next ?? home) : pageOf(standing.step), 303)
    }
    // A sign-in that waited for something which is no longer required goes on without a new password.
    const pending = await pendingOf(c, machine, settings)
    if (pending?.signIn.purpose === 'sign-in' && pending.step.at === 'done') throw new Refusal('nothing-owed')
    const { helpContact, hasHadAdministrator } = await readPublicSettings(machine.db)
    const frame = frameOf(c, parts, null)
    const notice = noticeOf(frame, hasHadAdministrator ? c.req.query('notice') : 'no-administrator')
    return page(
      c,
      <SignInView
        frame={frame}
        next={next ?? undefined}
        notice={notice}
        helpContact={helpContact ?? undefined}
        providers={await machine.providers.now(machine.db)}
      />,
    )
  })

  door.anyone('post', '/sign-in', async (c) => {
    const form = await readForm(c)
    const next = safeReturnTo(form.text('next'), settings.url)
    const email = form.text('email')
    c.set('showAgain', (refusal) => showSignInAgain(c, parts, refusal, { email, next }))
    const proving = await proveByEmailAndPassword(machine, {
      email,
      password: form.text('password'),
      returnTo: next ?? home,
      caller: c.get('caller'),
      knownBrowser: readCookie(c, settings, 'browser'),
    })
    if (proving.ok) {
      // Whoever was signed in here before is not any more: one browser, one person at a time.
      await endCurrent(c, parts)
      return c.redirect(handOver(c, parts, proving.progress), 303)
    }
    if (proving.because === 'blocked') setRetryAfter(c, proving.retryAt, machine.clock())
    const { helpContact } = await readPublicSettings(machine.db)
    const frame = frameOf(c, parts, null)
    const view = (
      <SignInView
        frame={frame}
        next={next ?? undefined}
        email={email}
        problem={passwordProblemOf(frame, proving, machine.clock())}
        providers={await machine.providers.now(machine.db)}
        helpContact={helpContact ?? undefined}
      />
    )
    return page(c, view, proving.because === 'blocked' ? 429 : 422)
  })

  door.anyone('post', '/sign-out', async (c) => {
    const standing = await standingOf(c, machine, settings)
    const elsewhere = standing && (await findSignOutAtProvider(machine, standing, `${settings.url}/sign-in`))
    await endCurrent(c, parts)
    clearCookie(c, settings, 'sign-in')
    clearCookie(c, settings, 'session')
    // `cookies` is not among them: the browser stays known to the account, which opens nothing.
    c.header('Clear-Site-Data', '"cache", "storage"')
    if (elsewhere) {
      const frame = frameOf(c, parts, null)
      return page(c, <GoingToProviderView frame={frame} name={elsewhere.name} address={elsewhere.address} />)
    }
    return c.redirect('/sign-in?notice=signed-out', 303)
  })
}

/** The form again, with the address that was typed, for somebody who is to try again in a moment. It asks nothing of the database. */
function showSignInAgain(
  c: DoorContext,
  parts: PageParts,
  refusal: Refusal,
  { email, next }: { email: string; next: string | null },
): Promise<Response> {
  const frame = frameOf(c, parts, null)
  if (refusal.retryAt !== undefined) setRetryAfter(c, refusal.retryAt, parts.machine.clock())
  const problem = frame.t(refusal.code === 'busy' ? 'refusal.busy.detail' : 'refusal.unavailable.detail')
  return page(c, <SignInView frame={frame} next={next ?? undefined} email={email} problem={problem} />, refusal.status)
}

/** Gives the words for a password that was not accepted: the same for every reason, with the time to try again when there is one. */
export function passwordProblemOf(frame: Frame, unproved: Unproved, now: number): string {
  if (unproved.because === 'blocked') return frame.t('signIn.blocked', waitValues(frame, unproved.retryAt, now))
  return unproved.retryAt === null
    ? frame.t('signIn.wrong')
    : frame.t('signIn.wrongAndBlocked', waitValues(frame, unproved.retryAt, now))
}

/** The way in again, for a sign-in that five wrong codes have ended; says how long to wait. */
export async function showEnded(
  c: DoorContext,
  parts: PageParts,
  { returnTo, retryAt }: { returnTo: string; retryAt: number },
): Promise<Response> {
  const { db, clock } = parts.machine
  const { helpContact } = await readPublicSettings(db)
  const frame = frameOf(c, parts, null)
  const text = `${frame.t('signIn.notice.ended')} ${frame.t('guess.wait', waitValues(frame, retryAt, clock()))}`
  setRetryAfter(c, retryAt, clock())
  clearCookie(c, parts.settings, 'sign-in')
  const view = (
    <SignInView
      frame={frame}
      next={returnTo}
      notice={{ kind: 'warning', text }}
      helpContact={helpContact ?? undefined}
    />
  )
  return page(c, view, 429)
}

/** How long to wait, in words: seconds while it is about a minute, else minutes, and the time on the clock. */
export function waitValues(
  frame: Frame,
  retryAt: number,
  now: number,
): { seconds: number; minutes: number; time: string } {
  const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000))
  return { seconds, minutes: seconds <= 90 ? 0 : Math.ceil(seconds / 60), time: frame.formatInstant(retryAt, 'time') }
}

const notices = {
  over: 'signIn.notice.over',
  'signed-out': 'signIn.notice.signedOut',
  ended: 'signIn.notice.ended',
  'password-reset': 'signIn.notice.passwordReset',
  'no-administrator': 'signIn.notice.noAdministrator',
} as const

function noticeOf(frame: Frame, name: string | undefined): Notice | undefined {
  if (name === undefined || !Object.hasOwn(notices, name)) return undefined
  const kind = name === 'password-reset' ? 'success' : name === 'signed-out' ? 'info' : 'warning'
  return { kind, text: frame.t(notices[name as keyof typeof notices]) }
}
