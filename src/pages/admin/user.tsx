// One user's page: reads what there is to know of an account and shows what whoever looks may do. Nothing is done here.

import { listAccessTokens } from '../../access-tokens/access-tokens.ts'
import { everything } from '../../audit/filter.ts'
import { readEvents } from '../../audit/read.ts'
import type { Door, DoorContext } from '../../http/door.ts'
import { countCodes } from '../../recovery-codes/recovery-codes.ts'
import { Refusal } from '../../refusal.ts'
import { listSessionsOf } from '../../sign-in/manage-users.ts'
import type { SignInParts } from '../../sign-in/parts.ts'
import type { Standing } from '../../sign-in/standing.ts'
import type { Instant } from '../../time.ts'
import { listAuthenticators } from '../../totp/authenticators.ts'
import { groupsOf } from '../../users/groups.ts'
import { accountState, findUser, type ManagedUser } from '../../users/managed-user.ts'
import { linkState } from '../../users/one-time-links.ts'
import { may, mayActOn } from '../../users/roles.ts'
import { mfaStateOf } from '../../users/user-list.ts'
import { shownAt } from '../access-tokens.tsx'
import { eventMessage } from '../event-words.ts'
import { frameOf, noticeNamed, type PageParts, page } from '../page-parts.ts'
import { shownSession } from '../profile/sessions.tsx'
import { AdminUserView, type ShownUser, type UserAct } from '../views/admin/user.tsx'
import type { Frame } from '../views/parts/frame.ts'

const notices = {
  saved: 'adminUser.notice.saved',
  deactivated: 'adminUser.notice.deactivated',
  reactivated: 'adminUser.notice.reactivated',
  'sessions-ended': 'adminUser.notice.sessionsEnded',
  'invitation-revoked': 'adminUser.notice.invitationRevoked',
  'token-revoked': 'adminUser.notice.tokenRevoked',
} as const

/** Declares the page of one user. */
export function userPage(door: Door, parts: PageParts): void {
  door.permitted('users.read', 'get', '/admin/users/:id', async (c, standing) => {
    const { machine } = parts
    const user = await mustFind(c, machine)
    const frame = frameOf(c, parts, standing.account)
    const view = (
      <AdminUserView
        frame={frame}
        user={{ ...(await describe(machine, user)), events: await eventsFor(standing, frame, machine, user.id) }}
        acts={[...invitationActs(standing, user, machine.clock()), ...actsFor(standing, user, machine.clock())]}
        own={standing.account.user.id === user.id}
        now={machine.clock()}
        notice={noticeNamed(frame, notices, c.req.query('notice'))}
      />
    )
    return page(c, view)
  })
}

/** Finds the user that the address names; throws `not-found`. */
export async function mustFind(c: DoorContext, machine: SignInParts): Promise<ManagedUser> {
  const id = c.req.param('id') ?? ''
  const user = /^[\w-]{1,64}$/.test(id) ? await findUser(machine.db, id) : null
  if (!user) throw new Refusal('not-found')
  return user
}

/** What this person may do about the invitation of somebody who has not chosen a password yet. */
function invitationActs({ account }: Standing, user: ManagedUser, now: Instant): UserAct[] {
  const { role } = account.user
  const mayInvite = may(role, 'users.invite') && mayActOn(role, user.role) && accountState(user, now) === 'invited'
  if (!mayInvite) return []
  return user.invitedUntil === null || user.invitedUntil <= now
    ? ['invite-again']
    : ['invite-again', 'revoke-invitation']
}

/** What this person may do to that user; each act asks again for itself. */
function actsFor({ account }: Standing, user: ManagedUser, now: Instant): UserAct[] {
  const { id, role } = account.user
  if (!mayActOn(role, user.role)) return []
  const others = id !== user.id
  const reset: UserAct = user.mfaResetAt === null ? 'reset-mfa' : 'set-up-link'
  return [
    ...(may(role, 'users.manage') ? (['edit'] as const) : []),
    ...(others && may(role, 'users.reset-mfa') && accountState(user, now) === 'active' ? [reset] : []),
    ...(others && may(role, 'users.manage')
      ? (['end-sessions', 'revoke-token', user.deactivatedAt === null ? 'deactivate' : 'reactivate', 'delete'] as const)
      : []),
  ]
}

const eventsShown = 10

/** The newest events about this user, for whoever may read the audit log; those of the actor's own doing among them. */
async function eventsFor(
  { account }: Standing,
  { t }: Frame,
  { db }: SignInParts,
  userId: string,
): Promise<ShownUser['events']> {
  if (!may(account.user.role, 'audit.read')) return null
  const filter = { ...everything, subject: userId }
  const { events } = await readEvents(db, { filter, order: 'newest first', after: null, limit: eventsShown })
  return events.map(({ id, at, name, actor }) => {
    const words = eventMessage(name)
    const by = actor === null || actor.id === userId ? null : (actor.email ?? actor.id)
    return { id, at, words: words === null ? name : t(words), actor: by }
  })
}

async function describe(machine: SignInParts, user: ManagedUser): Promise<Omit<ShownUser, 'events'>> {
  const { db } = machine
  const now = machine.clock()
  const authenticators = await listAuthenticators(db, user.id)
  const codes = await countCodes(db, user.id)
  const saved = codes?.savedAt != null ? codes : null
  const state = accountState(user, now)
  const link = user.mfaResetAt === null ? null : await linkState(db, 'set-up-mfa', user.id)
  return {
    ...user,
    state,
    authenticators,
    groups: await groupsOf(db, user.id),
    recoveryCodes: saved,
    tokens: shownAt(await listAccessTokens(db, user.id), now),
    mfa: mfaStateOf({
      hasFactor: authenticators.length > 0,
      hasUsableFactor: authenticators.some(({ disabledAt }) => disabledAt === null),
      hasSavedCodes: saved !== null,
      mfaResetAt: user.mfaResetAt,
    }),
    setUpLink: link,
    sessions: (await listSessionsOf(machine, user)).map(shownSession),
  }
}
