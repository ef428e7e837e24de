// Inviting somebody again, and taking an invitation back, from their page. The acts are in `sign-in/invite-users.ts`.

import type { Door, DoorContext } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import type { HttpSettings } from '../../http/settings.ts'
import { Refusal } from '../../refusal.ts'
import { inviteAgain, revokeInvitation, type SentInvitation } from '../../sign-in/invite-users.ts'
import { mustBeFresh } from '../../sign-in/protect.ts'
import type { Standing } from '../../sign-in/standing.ts'
import { accountState, type ManagedUser } from '../../users/managed-user.ts'
import { addressOfLink } from '../../users/one-time-links.ts'
import { mayActOn } from '../../users/roles.ts'
import { frameOf, type PageParts, page } from '../page-parts.ts'
import { ConfirmActView } from '../views/admin/confirm-act.tsx'
import { type AdminUserAddedProps, AdminUserAddedView } from '../views/admin/user-added.tsx'
import type { Frame } from '../views/parts/frame.ts'
import { mustFind } from './user.tsx'

/** Makes the page that follows an invitation: the link to hand over, or the word that it was mailed. */
export function showInvited(
  frame: Frame,
  settings: HttpSettings,
  { email, sent, title }: { email: string; sent: SentInvitation; title: AdminUserAddedProps['title'] },
) {
  const link = sent.token === null ? null : addressOfLink(settings, 'invitation', sent.token)
  return (
    <AdminUserAddedView
      frame={frame}
      title={title}
      email={email}
      userId={sent.userId}
      link={link}
      expiresAt={sent.expiresAt}
    />
  )
}

/** Declares both pages and the acts behind them. */
export function invitationPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts
  const again = '/admin/users/:id/invite-again'
  const revoke = '/admin/users/:id/revoke-invitation'

  door.permitted('users.invite', 'get', again, async (c, standing) => {
    const user = await mustFindInvited(c, parts, standing)
    const frame = frameOf(c, parts, standing.account)
    const points = [
      frame.t('inviteAgain.void'),
      machine.hasMailServer ? frame.t('inviteAgain.mail', { email: user.email }) : frame.t('inviteAgain.handOver'),
    ]
    const title = frame.t('adminUser.inviteAgain')
    const view = (
      <ConfirmActView frame={frame} user={user} title={title} points={points} button={title} act="invite-again" />
    )
    return page(c, view)
  })

  door.permitted('users.invite', 'post', again, async (c, standing) => {
    await readForm(c)
    const { id, email } = await mustFind(c, machine)
    const sent = await inviteAgain(machine, standing, { userId: id, caller: c.get('caller') })
    const frame = frameOf(c, parts, standing.account)
    return page(c, showInvited(frame, settings, { email, sent, title: 'adminUserAdded.titleAgain' }))
  })

  door.permitted('users.invite', 'get', revoke, async (c, standing) => {
    const user = await mustFindInvited(c, parts, standing)
    if (user.invitedUntil === null) return c.redirect(`/admin/users/${user.id}`, 303)
    const frame = frameOf(c, parts, standing.account)
    const points = [frame.t('revokeInvitation.void'), frame.t('revokeInvitation.stays')]
    const title = frame.t('adminUser.revokeInvitation')
    const view = (
      <ConfirmActView frame={frame} user={user} title={title} points={points} button={title} act="revoke-invitation" />
    )
    return page(c, view)
  })

  door.permitted('users.invite', 'post', revoke, async (c, standing) => {
    await readForm(c)
    const { id } = await mustFind(c, machine)
    await revokeInvitation(machine, standing, { userId: id, caller: c.get('caller') })
    return c.redirect(`/admin/users/${id}?notice=invitation-revoked`, 303)
  })
}

/** Whoever opens such a page is asked for a fresh proof first, so that the button will do what it says. */
async function mustFindInvited(c: DoorContext, { machine }: PageParts, standing: Standing): Promise<ManagedUser> {
  const user = await mustFind(c, machine)
  if (!mayActOn(standing.account.user.role, user.role)) throw new Refusal('not-allowed')
  if (accountState(user, machine.clock()) !== 'invited') throw new Refusal('conflict')
  mustBeFresh(standing)
  return user
}
