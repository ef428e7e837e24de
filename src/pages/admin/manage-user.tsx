// What may be done to an account, each behind a page that says what it means: deactivating, reactivating, deleting, ending
// sessions. The acts are in `sign-in/manage-users.ts`.

import type { Door, DoorContext } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import type { MessageId } from '../../messages.ts'
import { Refusal } from '../../refusal.ts'
import { deviceFrom } from '../../sessions/device.ts'
import { listSessions } from '../../sessions/sessions.ts'
import {
  deactivateUser,
  endSessionsOf,
  mustNotBeOneself,
  reactivateUser,
  removeUser,
} from '../../sign-in/manage-users.ts'
import type { Standing } from '../../sign-in/standing.ts'
import { emailKey } from '../../users/email.ts'
import type { ManagedUser } from '../../users/managed-user.ts'
import { frameOf, type PageParts, page } from '../page-parts.ts'
import { type ConfirmActProps, ConfirmActView } from '../views/admin/confirm-act.tsx'
import { deviceWords } from '../views/parts/device.ts'
import { Field } from '../views/parts/field.tsx'
import type { Frame } from '../views/parts/frame.ts'
import { mustFind } from './user.tsx'

/** Declares the pages that ask before something is done to a user, and the acts behind them. */
export function manageUserPages(door: Door, parts: PageParts): void {
  switchPages(door, parts, 'deactivate')
  switchPages(door, parts, 'reactivate')
  deletePages(door, parts)
  sessionPages(door, parts)
}

/** Finds somebody else, and asks for a fresh proof before a page is shown, so that its button will do what it says. */
export async function mustFindToManage(
  c: DoorContext,
  { machine }: PageParts,
  standing: Standing,
): Promise<ManagedUser> {
  const user = await mustFind(c, machine)
  mustNotBeOneself(standing, user.id)
  if (standing.sensitiveStep.at !== 'done') throw new Refusal('step-up-needed')
  return user
}

type Texts = Pick<ConfirmActProps, 'title' | 'points' | 'button' | 'act'>

function textsOf({ t }: Frame, act: string, title: MessageId, points: readonly MessageId[]): Texts {
  return { title: t(title), points: points.map((point) => t(point)), button: t(title), act }
}

const switches = {
  deactivate: {
    title: 'adminUser.deactivate',
    points: ['deactivateUser.out', 'deactivateUser.links', 'deactivateUser.kept'],
    act: deactivateUser,
  },
  reactivate: {
    title: 'adminUser.reactivate',
    points: ['reactivateUser.in', 'reactivateUser.nothingOpen'],
    act: reactivateUser,
  },
} as const

function switchPages(door: Door, parts: PageParts, to: keyof typeof switches): void {
  const path = `/admin/users/:id/${to}`
  const { title, points, act } = switches[to]

  door.permitted('users.manage', 'get', path, async (c, standing) => {
    const user = await mustFindToManage(c, parts, standing)
    if ((user.deactivatedAt === null) !== (to === 'deactivate')) return c.redirect(`/admin/users/${user.id}`, 303)
    const frame = frameOf(c, parts, standing.account)
    return page(c, <ConfirmActView frame={frame} user={user} {...textsOf(frame, to, title, points)} />)
  })

  door.permitted('users.manage', 'post', path, async (c, standing) => {
    await readForm(c)
    const { id } = await mustFind(c, parts.machine)
    await act(parts.machine, standing, { userId: id, caller: c.get('caller') })
    return c.redirect(`/admin/users/${id}?notice=${to}d`, 303)
  })
}

function deletePages(door: Door, parts: PageParts): void {
  const path = '/admin/users/:id/delete'

  door.permitted('users.manage', 'get', path, async (c, standing) =>
    showDelete(c, parts, standing, { user: await mustFindToManage(c, parts, standing), typed: null }),
  )

  door.permitted('users.manage', 'post', path, async (c, standing) => {
    const form = await readForm(c)
    const user = await mustFindToManage(c, parts, standing)
    const typed = form.text('email')
    if (emailKey(typed) !== user.emailKey) return showDelete(c, parts, standing, { user, typed })
    await removeUser(parts.machine, standing, { userId: user.id, caller: c.get('caller') })
    return c.redirect('/admin/users?notice=deleted', 303)
  })
}

function showDelete(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  { user, typed }: { user: ManagedUser; typed: string | null },
): Promise<Response> {
  const frame = frameOf(c, parts, standing.account)
  const points = ['deleteUser.gone', 'deleteUser.out'] as const
  const texts = textsOf(frame, 'delete', 'adminUser.delete', points)
  const view = (
    <ConfirmActView
      frame={frame}
      user={user}
      {...texts}
      points={[...texts.points, frame.t('deleteUser.kept', { id: user.id })]}
      danger
      hasProblem={typed !== null}
    >
      <Field
        frame={frame}
        name="email"
        label={frame.t('deleteUser.typeEmail')}
        hint={user.email}
        value={typed ?? ''}
        problem={typed === null ? undefined : frame.t('problem.deleteEmail')}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        autofocus
        required
      />
    </ConfirmActView>
  )
  return page(c, view, typed === null ? 200 : 422)
}

function sessionPages(door: Door, parts: PageParts): void {
  const { machine } = parts
  const path = '/admin/users/:id/end-sessions'

  door.permitted('users.manage', 'get', path, async (c, standing) => {
    const user = await mustFindToManage(c, parts, standing)
    const frame = frameOf(c, parts, standing.account)
    const wanted = c.req.query('session')
    const sessions = await listSessions(machine.db, user.id, machine.limits, machine.clock())
    const session = wanted === undefined ? null : sessions.find(({ id }) => id === wanted)
    if (session === undefined) return c.redirect(`/admin/users/${user.id}`, 303)
    const points = session
      ? [
          frame.t('endSessions.one', {
            device: deviceWords(frame, deviceFrom(session.userAgent)),
            address: session.address,
          }),
        ]
      : [frame.t('endSessions.all', { count: sessions.length }), frame.t('endSessions.signIns')]
    const title = frame.t(session ? 'adminUser.endSession' : 'adminUser.endSessions')
    const view = (
      <ConfirmActView
        frame={frame}
        user={user}
        title={title}
        points={[...points, frame.t('endSessions.mail')]}
        button={title}
        act="end-sessions"
      >
        {session && <input type="hidden" name="session" value={session.id} />}
      </ConfirmActView>
    )
    return page(c, view)
  })

  door.permitted('users.manage', 'post', path, async (c, standing) => {
    const form = await readForm(c)
    const { id } = await mustFind(c, machine)
    // A field that is there but cannot be read must not end more than was asked for.
    const asked = form.all('session')
    const sessionId = asked.length === 0 ? null : form.text('session')
    await endSessionsOf(machine, standing, { userId: id, sessionId, caller: c.get('caller') })
    return c.redirect(`/admin/users/${id}?notice=sessions-ended`, 303)
  })
}
