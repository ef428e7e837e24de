// Forgotten passwords: asking for a link, and choosing a new password by it. Neither says whether an account exists, and
// neither ends in a session: the way in is the sign-in page, as ever.

import { readPublicSettings } from '../enforcement/settings.ts'
import { clearCookie } from '../http/cookies.ts'
import type { Door, DoorContext } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import type { PasswordProblem } from '../passwords/rules.ts'
import { findPasswordReset, type OpenReset, requestPasswordReset, resetPassword } from '../sign-in/reset-password.ts'
import { parseEmail } from '../users/email.ts'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { endCurrent } from './passage.ts'
import { passwordWords } from './password-words.ts'
import { LinkInvalidView } from './views/arrival/link-invalid.tsx'
import { ForgotPasswordView } from './views/forgotten/forgot-password.tsx'
import { ResetPasswordView } from './views/forgotten/reset-password.tsx'
import { ResetRequestedView } from './views/forgotten/reset-requested.tsx'

/** Declares both pages. */
export function forgottenPasswordPages(door: Door, parts: PageParts): void {
  askingPages(door, parts)
  choosingPages(door, parts)
}

function askingPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.anyone('get', '/forgot-password', async (c) => {
    if (c.req.query('notice') === 'sent') return showRequested(c, parts)
    return showAsking(c, parts, {})
  })

  door.anyone('post', '/forgot-password', async (c) => {
    const typed = (await readForm(c)).text('email')
    const frame = frameOf(c, parts, null)
    const email = parseEmail(typed)
    if (email === null) return showAsking(c, parts, { email: typed, problem: frame.t('problem.email') })
    await requestPasswordReset(machine, { email, language: frame.locale, caller: c.get('caller') })
    return c.redirect(`/forgot-password${machine.hasMailServer ? '?notice=sent' : ''}`, 303)
  })
}

async function showAsking(
  c: DoorContext,
  parts: PageParts,
  { email, problem }: { email?: string; problem?: string },
): Promise<Response> {
  const { helpContact } = await readPublicSettings(parts.machine.db)
  const view = (
    <ForgotPasswordView
      frame={frameOf(c, parts, null)}
      email={email}
      problem={problem}
      canSendMail={parts.machine.hasMailServer}
      helpContact={helpContact ?? undefined}
    />
  )
  return page(c, view, problem === undefined ? 200 : 422)
}

async function showRequested(c: DoorContext, parts: PageParts): Promise<Response> {
  const { helpContact } = await readPublicSettings(parts.machine.db)
  return page(c, <ResetRequestedView frame={frameOf(c, parts, null)} helpContact={helpContact ?? undefined} />)
}

function choosingPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  door.anyone('get', '/reset-password', async (c) => {
    const token = c.req.query('token') ?? ''
    const found = await findPasswordReset(machine, token)
    return found ? showChoosing(c, parts, { token, found, problem: null }) : showInvalid(c, parts)
  })

  door.anyone('post', '/reset-password', async (c) => {
    const form = await readForm(c)
    const token = form.text('token')
    const found = await findPasswordReset(machine, token)
    if (!found) return showInvalid(c, parts)
    const problem = await resetPassword(machine, { token, password: form.text('password'), caller: c.get('caller') })
    if (problem !== null) return showChoosing(c, parts, { token, found, problem })
    // Whoever was signed in here is not any more, whose account it was: the new password is to be typed next.
    await endCurrent(c, parts)
    clearCookie(c, settings, 'sign-in')
    clearCookie(c, settings, 'session')
    return c.redirect('/sign-in?notice=password-reset', 303)
  })
}

function showChoosing(
  c: DoorContext,
  parts: PageParts,
  { token, found, problem }: { token: string; found: OpenReset; problem: PasswordProblem | null },
): Promise<Response> {
  const { account, minLength } = found
  const frame = frameOf(c, parts, account)
  const view = (
    <ResetPasswordView
      frame={frame}
      token={token}
      email={account.user.email}
      problem={problem === null ? undefined : passwordWords(frame, problem, minLength)}
      minLength={minLength}
      helpContact={account.helpContact ?? undefined}
    />
  )
  return page(c, view, problem === null ? 200 : 422)
}

async function showInvalid(c: DoorContext, parts: PageParts): Promise<Response> {
  const { helpContact } = await readPublicSettings(parts.machine.db)
  const frame = frameOf(c, parts, null)
  return page(c, <LinkInvalidView frame={frame} kind="reset-password" helpContact={helpContact ?? undefined} />, 404)
}
