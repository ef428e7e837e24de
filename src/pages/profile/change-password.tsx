// Changing one's password from the settings. The act is in `sign-in/change-password.ts`.

import { readCookie } from '../../http/cookies.ts'
import type { Door, DoorContext } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { changePassword, type PasswordChange } from '../../sign-in/change-password.ts'
import { minimumLengthFor } from '../../sign-in/new-password.ts'
import { mustBeFresh } from '../../sign-in/protect.ts'
import type { Standing } from '../../sign-in/standing.ts'
import { frameOf, type PageParts, page, setRetryAfter } from '../page-parts.ts'
import { handOverContinued } from '../passage.ts'
import { passwordWords } from '../password-words.ts'
import { waitValues } from '../sign-in.tsx'
import type { Problems } from '../views/parts/frame.ts'
import { ChangePasswordView } from '../views/profile/change-password.tsx'

const path = '/my-profile/settings/change-password'

/** Declares the page. */
export function changePasswordPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  door.signedIn('get', path, async (c, standing) => {
    mustBeFresh(standing)
    return show(c, parts, standing, null)
  })

  door.signedIn('post', path, async (c, standing) => {
    const form = await readForm(c)
    const change = await changePassword(machine, standing, {
      oldPassword: form.text('old'),
      newPassword: form.text('password'),
      knownBrowser: readCookie(c, settings, 'browser'),
      caller: c.get('caller'),
    })
    if (!change.ok) return show(c, parts, standing, change)
    handOverContinued(c, parts, { in: 'session', session: change.session })
    return c.redirect('/my-profile/settings?notice=password-changed', 303)
  })
}

async function show(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  refused: Extract<PasswordChange, { ok: false }> | null,
): Promise<Response> {
  const { machine } = parts
  const { account } = standing
  const frame = frameOf(c, parts, account)
  const minLength = await minimumLengthFor(machine, machine.db, account)
  const now = machine.clock()
  const blocked = refused?.field === 'old' && refused.because === 'blocked' ? refused : null
  if (blocked) setRetryAfter(c, blocked.retryAt, now)
  const problems: Problems<'old' | 'password'> =
    refused === null
      ? {}
      : refused.field === 'new'
        ? { password: passwordWords(frame, refused.problem, minLength) }
        : blocked
          ? { old: frame.t('signIn.blocked', waitValues(frame, blocked.retryAt, now)) }
          : { old: frame.t('stepUp.wrongPassword') }
  const view = <ChangePasswordView frame={frame} email={account.user.email} minLength={minLength} problems={problems} />
  return page(c, view, refused === null ? 200 : blocked ? 429 : 422)
}
