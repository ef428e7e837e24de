// Where a person is signed in, and signing out elsewhere. The act is in `sign-in/own-sessions.ts`.

import type { Door } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { Refusal } from '../../refusal.ts'
import { deviceFrom } from '../../sessions/device.ts'
import { type ListedSession, listSessions } from '../../sessions/sessions.ts'
import { endOwnSessions } from '../../sign-in/own-sessions.ts'
import { frameOf, noticeNamed, type PageParts, page } from '../page-parts.ts'
import { MySessionsView } from '../views/profile/my-sessions.tsx'

const path = '/my-profile/sessions'

/** Prepares a session for showing, one's own or another's. */
export function shownSession({ userAgent, proofs, ...session }: ListedSession) {
  return { ...session, device: deviceFrom(userAgent), proofs: proofs.map(({ by }) => by) }
}

/** Declares the page of one's own sessions. */
export function ownSessionsPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.signedIn('get', path, async (c, { account, session }) => {
    const frame = frameOf(c, parts, account)
    const sessions = await listSessions(machine.db, account.user.id, machine.limits, machine.clock())
    const view = (
      <MySessionsView
        frame={frame}
        sessions={sessions.map((listed) => ({ ...shownSession(listed), own: listed.id === session.id }))}
        notice={noticeNamed(frame, { ended: 'mySessions.notice.ended' }, c.req.query('notice'))}
      />
    )
    return page(c, view)
  })

  door.signedIn('post', path, async (c, standing) => {
    const form = await readForm(c)
    const others = form.text('others') === 'yes'
    const sessionId = form.text('session')
    // One or all: a form that says neither, or both, ends nothing.
    if (others === (sessionId !== '')) throw new Refusal('bad-request')
    await endOwnSessions(machine, standing, { sessionId: others ? null : sessionId, caller: c.get('caller') })
    return c.redirect(`${path}?notice=ended`, 303)
  })
}
