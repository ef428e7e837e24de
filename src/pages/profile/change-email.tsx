// Changing one's address: asking for it in the settings, and confirming it by the link that came to the new address. The
// acts are in `sign-in/change-email.ts`.

import { readPublicSettings } from '../../enforcement/settings.ts'
import { type Door, type DoorContext, standingOf } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { confirmEmailChange, findEmailChange, requestEmailChange } from '../../sign-in/change-email.ts'
import { mustBeFresh } from '../../sign-in/protect.ts'
import type { Standing } from '../../sign-in/standing.ts'
import { parseEmail } from '../../users/email.ts'
import { frameOf, type PageParts, page, setRetryAfter } from '../page-parts.ts'
import { waitValues } from '../sign-in.tsx'
import { LinkInvalidView } from '../views/arrival/link-invalid.tsx'
import { ChangeEmailView } from '../views/profile/change-email.tsx'
import { ConfirmEmailView } from '../views/profile/confirm-email.tsx'

const path = '/my-profile/settings/change-email'

/** Declares both pages. */
export function changeEmailPages(door: Door, parts: PageParts): void {
  askingPages(door, parts)
  confirmingPages(door, parts)
}

function askingPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.signedIn('get', path, async (c, standing) => {
    mustBeFresh(standing)
    return show(c, parts, standing, { email: '' })
  })

  door.signedIn('post', path, async (c, standing) => {
    const typed = (await readForm(c)).text('email')
    const frame = frameOf(c, parts, standing.account)
    const email = parseEmail(typed)
    if (email === null || email === standing.account.user.email)
      return show(c, parts, standing, {
        email: typed,
        problem: frame.t(email === null ? 'problem.email' : 'problem.sameEmail'),
      })
    const asked = await requestEmailChange(machine, standing, { email, caller: c.get('caller') })
    if (asked.ok) return c.redirect('/my-profile/settings?notice=email-asked', 303)
    const now = machine.clock()
    setRetryAfter(c, asked.retryAt, now)
    const problem = frame.t('signIn.blocked', waitValues(frame, asked.retryAt, now))
    return show(c, parts, standing, { email: typed, problem }, 429)
  })
}

function show(
  c: DoorContext,
  parts: PageParts,
  { account }: Standing,
  { email, problem }: { email: string; problem?: string },
  status: 422 | 429 = 422,
): Promise<Response> {
  const view = (
    <ChangeEmailView
      frame={frameOf(c, parts, account)}
      current={account.user.email}
      email={email}
      problem={problem}
      canSendMail={parts.machine.hasMailServer}
    />
  )
  return page(c, view, problem === undefined ? 200 : status)
}

function confirmingPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  // For anyone, so that no token goes into the address of another page: whoever is not signed in is told to be.
  door.anyone('get', '/confirm-email', async (c) => {
    const token = c.req.query('token') ?? ''
    const standing = await standingOf(c, machine, settings)
    if (standing?.step.at !== 'done') {
      const { helpContact } = await readPublicSettings(machine.db)
      const frame = frameOf(c, parts, null)
      return page(c, <ConfirmEmailView frame={frame} change={null} helpContact={helpContact ?? undefined} />)
    }
    const to = await findEmailChange(machine, standing, token)
    const frame = frameOf(c, parts, standing.account)
    const helpContact = standing.account.helpContact ?? undefined
    if (to === null)
      return page(c, <LinkInvalidView frame={frame} kind="change-email" helpContact={helpContact} />, 404)
    const change = { token, from: standing.account.user.email, to }
    return page(c, <ConfirmEmailView frame={frame} change={change} helpContact={helpContact} />)
  })

  door.signedIn('post', '/confirm-email', async (c, standing) => {
    const token = (await readForm(c)).text('token')
    await confirmEmailChange(machine, standing, { token, caller: c.get('caller') })
    return c.redirect('/my-profile/settings?notice=email-changed', 303)
  })
}
