// Resetting somebody's MFA, and giving a new set-up link to who has not used theirs. Both show the link once, as text and as
// QR code. What may be done is decided in `sign-in/reset-mfa.ts`.

import type { Door, DoorContext } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { Refusal } from '../../refusal.ts'
import { longestReason, parseReason, renewSetUpLink, resetMfaOf } from '../../sign-in/reset-mfa.ts'
import type { Standing } from '../../sign-in/standing.ts'
import type { ManagedUser } from '../../users/managed-user.ts'
import { addressOfLink, type NewLink } from '../../users/one-time-links.ts'
import { mayActOn } from '../../users/roles.ts'
import { frameOf, type PageParts, page } from '../page-parts.ts'
import { qrCode } from '../qr-code.ts'
import { ConfirmActView } from '../views/admin/confirm-act.tsx'
import { SetUpLinkMadeView } from '../views/admin/set-up-link-made.tsx'
import { TextField } from '../views/parts/field.tsx'
import { mustFindToManage } from './manage-user.tsx'

/** Declares the pages for a reset and for a new link. */
export function resetMfaPages(door: Door, parts: PageParts): void {
  const { machine } = parts
  const resetPath = '/admin/users/:id/reset-mfa'
  const linkPath = '/admin/users/:id/set-up-link'

  door.permitted('users.reset-mfa', 'get', resetPath, async (c, standing) =>
    showReset(c, parts, standing, { user: await mustFindToHelp(c, parts, standing), reason: '', wrong: false }),
  )

  door.permitted('users.reset-mfa', 'post', resetPath, async (c, standing) => {
    const form = await readForm(c)
    const user = await mustFindToHelp(c, parts, standing)
    const reason = form.text('reason')
    if (parseReason(reason) === null) return showReset(c, parts, standing, { user, reason, wrong: true })
    const made = await resetMfaOf(machine, standing, { userId: user.id, reason, caller: c.get('caller') })
    return showLink(c, parts, standing, { user, made, justReset: true })
  })

  door.permitted('users.reset-mfa', 'get', linkPath, async (c, standing) => {
    const user = await mustFindToHelp(c, parts, standing)
    if (user.mfaResetAt === null) return c.redirect(`/admin/users/${user.id}`, 303)
    const frame = frameOf(c, parts, standing.account)
    const { t } = frame
    const view = (
      <ConfirmActView
        frame={frame}
        user={user}
        title={t('adminUser.newSetUpLink')}
        points={[t('newSetUpLink.shown'), t('newSetUpLink.older')]}
        button={t('adminUser.newSetUpLink')}
        act="set-up-link"
      />
    )
    return page(c, view)
  })

  door.permitted('users.reset-mfa', 'post', linkPath, async (c, standing) => {
    await readForm(c)
    const user = await mustFindToHelp(c, parts, standing)
    const made = await renewSetUpLink(machine, standing, { userId: user.id, caller: c.get('caller') })
    return showLink(c, parts, standing, { user, made, justReset: false })
  })
}

/** The page itself is not for those who may not act on this user: it would only lead to a refusal. */
async function mustFindToHelp(c: DoorContext, parts: PageParts, standing: Standing): Promise<ManagedUser> {
  const user = await mustFindToManage(c, parts, standing)
  if (!mayActOn(standing.account.user.role, user.role)) throw new Refusal('not-allowed')
  return user
}

function showReset(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  { user, reason, wrong }: { user: ManagedUser; reason: string; wrong: boolean },
): Promise<Response> {
  const frame = frameOf(c, parts, standing.account)
  const { t } = frame
  const view = (
    <ConfirmActView
      frame={frame}
      user={user}
      title={t('adminUser.resetMfa')}
      points={[t('resetMfa.sure'), t('resetMfa.gone'), t('resetMfa.link'), t('resetMfa.told')]}
      button={t('adminUser.resetMfa')}
      danger
      act="reset-mfa"
      hasProblem={wrong}
    >
      <TextField
        name="reason"
        label={t('field.reason')}
        hint={t('resetMfa.reasonHint')}
        value={reason}
        problem={wrong ? t('problem.reason', { longest: longestReason }) : undefined}
        maxlength={longestReason}
        autofocus
        required
      />
    </ConfirmActView>
  )
  return page(c, view, wrong ? 422 : 200)
}

function showLink(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  { user, made, justReset }: { user: ManagedUser; made: NewLink; justReset: boolean },
): Promise<Response> {
  const link = addressOfLink(parts.settings, 'set-up-mfa', made.token)
  const view = (
    <SetUpLinkMadeView
      frame={frameOf(c, parts, standing.account)}
      user={user}
      justReset={justReset}
      link={link}
      qrSvg={qrCode(link)}
      expiresAt={made.expiresAt}
    />
  )
  return page(c, view)
}
