// Where a person is signed in, and signing out elsewhere. The act is in `sign-in/own-sessions.ts`.

import type { Door } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { Refusal } from '../../refusal.ts'
import { deviceFrom } from '../../sessions/device.ts'
import { listSessions } from '../../sessions/sessions.ts'
import { endOwnSessions } from '../../sign-in/own-sessions.ts'
import { frameOf, type PageParts, page } from '../page-parts.ts'
import type { Notice } from '../views/parts/frame.ts'
import { MySessionsView } from '../views/profile/my-sessions.tsx'

const path = '/my-profile/sessions'

/** Declares the page of one's own sessions. */
export function ownSessionsPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.signedIn('get', path, async (c, { account, session }) => {
    const frame = frameOf(c, parts, account)
    const sessions = await listSessions(machine.db, account.user.id, machine.limits, machine.clock())
    const notice: Notice | undefined =
      c.req.query('notice') === 'ended' ? { kind: 'success', text: frame.t('mySessions.notice.ended') } : undefined
    const view = (
      <MySessionsView
        frame={frame}
        sessions={sessions.map(({ userAgent, proofs, ...shown }) => ({
          ...shown,
          device: deviceFrom(userAgent),
          proofs: proofs.map((proof) => proof.by),
          own: shown.id === session.id,
        }))}
        notice={notice}
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
