// Groups: who is in which. Whoever may see users sees them; administrators change them. Forms stand on the pages themselves,
// so an old proof leads back to the page, where the form is sent again.

import type { Door, DoorContext } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { Refusal } from '../../refusal.ts'
import { addGroup, addToGroup, changeGroupName, removeFromGroup, removeGroup } from '../../sign-in/manage-groups.ts'
import type { Standing } from '../../sign-in/standing.ts'
import { emailKey } from '../../users/email.ts'
import { findGroup, type Group, listGroups } from '../../users/groups.ts'
import { parsePersonName } from '../../users/names.ts'
import { everyUser, listUsers } from '../../users/user-list.ts'
import { findUserId } from '../../users/users.ts'
import { frameOf, noticeNamed, type PageParts, page } from '../page-parts.ts'
import { stepUp } from '../passage.ts'
import { DeleteGroupView } from '../views/admin/delete-group.tsx'
import { AdminGroupView } from '../views/admin/group.tsx'
import { AdminGroupsView } from '../views/admin/groups.tsx'
import type { Problems } from '../views/parts/frame.ts'

const list = '/admin/groups'
const one = '/admin/groups/:group'

/** Declares the list of groups, the page of one, and what is changed there. */
export function groupPages(door: Door, parts: PageParts): void {
  listPages(door, parts)
  namePages(door, parts)
  memberPages(door, parts)
}

async function mustFind(c: DoorContext, { machine }: PageParts): Promise<Group> {
  const id = c.req.param('group') ?? ''
  const group = /^[\w-]{1,64}$/.test(id) ? await findGroup(machine.db, id) : null
  if (!group) throw new Refusal('not-found')
  return group
}

const isFresh = (standing: Standing) => standing.sensitiveStep.at === 'done'

function isConflict(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'conflict'
}

function listPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.permitted('users.read', 'get', list, (c, standing) => showList(c, parts, standing, {}))

  door.permitted('groups.manage', 'post', list, async (c, standing) => {
    const form = await readForm(c)
    if (!isFresh(standing)) return stepUp(c, parts, standing, list)
    const { t } = frameOf(c, parts, standing.account)
    const typed = form.text('name')
    const name = parsePersonName(typed)
    if (name === null) return showList(c, parts, standing, { typed, problem: t('problem.name') })
    try {
      const id = await addGroup(machine, standing, { name, caller: c.get('caller') })
      return c.redirect(`${list}/${id}`, 303)
    } catch (error) {
      if (!isConflict(error)) throw error
      return showList(c, parts, standing, { typed, problem: t('problem.groupTaken') })
    }
  })
}

async function showList(
  c: DoorContext,
  parts: PageParts,
  { account }: Standing,
  { typed = '', problem }: { typed?: string; problem?: string },
): Promise<Response> {
  const frame = frameOf(c, parts, account)
  const groups = await listGroups(parts.machine.db)
  const view = (
    <AdminGroupsView
      frame={frame}
      groups={groups}
      typed={typed}
      problem={problem}
      notice={noticeNamed(frame, { deleted: 'adminGroups.notice.deleted' }, c.req.query('notice'))}
    />
  )
  return page(c, view, problem === undefined ? 200 : 422)
}

function namePages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.permitted('users.read', 'get', one, async (c, standing) =>
    showGroup(c, parts, standing, { group: await mustFind(c, parts) }),
  )

  door.permitted('groups.manage', 'post', one, async (c, standing) => {
    const form = await readForm(c)
    const group = await mustFind(c, parts)
    if (!isFresh(standing)) return stepUp(c, parts, standing, `${list}/${group.id}`)
    const { t } = frameOf(c, parts, standing.account)
    const typed = form.text('name')
    const name = parsePersonName(typed)
    const again = (problem: string) =>
      showGroup(c, parts, standing, { group, name: typed, problems: { name: problem } })
    if (name === null) return again(t('problem.name'))
    try {
      await changeGroupName(machine, standing, { groupId: group.id, name, caller: c.get('caller') })
      return c.redirect(`${list}/${group.id}?notice=renamed`, 303)
    } catch (error) {
      if (!isConflict(error)) throw error
      return again(t('problem.groupTaken'))
    }
  })

  door.permitted('groups.manage', 'get', `${one}/delete`, async (c, standing) => {
    const group = await mustFind(c, parts)
    if (!isFresh(standing)) throw new Refusal('step-up-needed')
    return page(c, <DeleteGroupView frame={frameOf(c, parts, standing.account)} group={group} />)
  })

  door.permitted('groups.manage', 'post', `${one}/delete`, async (c, standing) => {
    await readForm(c)
    const group = await mustFind(c, parts)
    await removeGroup(machine, standing, { groupId: group.id, caller: c.get('caller') })
    return c.redirect(`${list}?notice=deleted`, 303)
  })
}

function memberPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.permitted('groups.manage', 'post', `${one}/add`, async (c, standing) => {
    const form = await readForm(c)
    const group = await mustFind(c, parts)
    if (!isFresh(standing)) return stepUp(c, parts, standing, `${list}/${group.id}`)
    const email = form.text('email')
    const userId = await findUserId(machine.db, emailKey(email))
    if (userId === null) {
      const problem = frameOf(c, parts, standing.account).t('problem.noSuchUser')
      return showGroup(c, parts, standing, { group, email, problems: { email: problem } })
    }
    await addToGroup(machine, standing, { groupId: group.id, userId, caller: c.get('caller') })
    return c.redirect(`${list}/${group.id}?notice=added`, 303)
  })

  door.permitted('groups.manage', 'post', `${one}/remove`, async (c, standing) => {
    const form = await readForm(c)
    const group = await mustFind(c, parts)
    if (!isFresh(standing)) return stepUp(c, parts, standing, `${list}/${group.id}`)
    await removeFromGroup(machine, standing, { groupId: group.id, userId: form.text('user'), caller: c.get('caller') })
    return c.redirect(`${list}/${group.id}?notice=removed`, 303)
  })
}

const notices = {
  renamed: 'adminGroup.notice.renamed',
  added: 'adminGroup.notice.added',
  removed: 'adminGroup.notice.removed',
} as const

async function showGroup(
  c: DoorContext,
  parts: PageParts,
  { account }: Standing,
  shown: { group: Group; name?: string; email?: string; problems?: Problems<'name' | 'email'> },
): Promise<Response> {
  const { db, clock } = parts.machine
  const frame = frameOf(c, parts, account)
  const after = c.req.query('after')?.replaceAll('\0', '') || null
  const filter = { ...everyUser, group: shown.group.id }
  const { users, next } = await listUsers(db, { filter, after, now: clock() })
  const view = (
    <AdminGroupView
      frame={frame}
      group={shown.group}
      members={users}
      nextCursor={next ?? undefined}
      isLaterPage={after !== null}
      name={shown.name ?? shown.group.name}
      email={shown.email ?? ''}
      problems={shown.problems}
      notice={noticeNamed(frame, notices, c.req.query('notice'))}
    />
  )
  return page(c, view, shown.problems ? 422 : 200)
}
