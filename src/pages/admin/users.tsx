// The list of users for whoever may see them: searched, filtered, page by page, and as a file. A filter that there is not
// narrows nothing.

import type { Door } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { exportUserList } from '../../sign-in/export-users.ts'
import { isoDay } from '../../time.ts'
import { listGroups } from '../../users/groups.ts'
import { roles } from '../../users/roles.ts'
import { countFound } from '../../users/user-counts.ts'
import {
  factorFilters,
  listUsers,
  mfaStates,
  seenFilters,
  stateFilters,
  type UserFilter,
} from '../../users/user-list.ts'
import { frameOf, noticeNamed, type PageParts, page } from '../page-parts.ts'
import { sendText } from '../send-text.ts'
import { AdminUsersView } from '../views/admin/users.tsx'

/** Declares the list of users and its export. */
export function usersPage(door: Door, parts: PageParts): void {
  const { db, clock } = parts.machine

  door.permitted('users.read', 'get', '/admin/users', async (c, { account }) => {
    const filter = readFilter((name) => c.req.query(name) ?? '')
    const after = c.req.query('after')?.replaceAll('\0', '') || null
    const { users, next } = await listUsers(db, { filter, after, now: clock() })
    const frame = frameOf(c, parts, account)
    const view = (
      <AdminUsersView
        frame={frame}
        users={users}
        counts={await parts.countUsers()}
        found={Object.values(filter).some(Boolean) ? await countFound(db, filter, clock()) : undefined}
        filter={filter}
        groups={await listGroups(db)}
        nextCursor={next ?? undefined}
        isLaterPage={after !== null}
        notice={noticeNamed(frame, { deleted: 'adminUsers.notice.deleted' }, c.req.query('notice'))}
      />
    )
    return page(c, view)
  })

  // Sent by a form, because it leaves an event behind.
  door.permitted('users.read', 'post', '/admin/users/export', async (c, standing) => {
    const form = await readForm(c)
    const pieces = await exportUserList(parts.machine, standing, readFilter(form.text), c.get('caller'))
    const day = isoDay(clock())
    return sendText(pieces, { type: 'text/csv; charset=utf-8', fileName: `users-${day}.csv` })
  })
}

function readFilter(read: (name: string) => string): UserFilter {
  const choose = <Choice extends string>(name: string, choices: readonly Choice[]): Choice | null =>
    choices.find((choice) => choice === read(name)) ?? null
  const group = read('group')
  return {
    // U+0000 is in no address and no name, and PostgreSQL cannot be asked for it.
    search: read('search').replaceAll('\0', '').slice(0, 200),
    mfa: choose('mfa', mfaStates),
    factor: choose('factor', factorFilters),
    group: /^[\w-]{1,64}$/.test(group) ? group : null,
    role: choose('role', roles),
    state: choose('state', stateFilters),
    seen: choose('seen', seenFilters),
  }
}
