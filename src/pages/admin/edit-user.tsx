// Editing a user: name, role, last day. The form speaks of the last day on which the account works; what is kept is the
// instant at which it ends.

import type { Door, DoorContext } from '../../http/door.ts'
import { readForm } from '../../http/form.ts'
import { Refusal } from '../../refusal.ts'
import { editUser } from '../../sign-in/manage-users.ts'
import type { Standing } from '../../sign-in/standing.ts'
import { days, type Instant, isoDay, parseDay } from '../../time.ts'
import type { ManagedUser } from '../../users/managed-user.ts'
import { parsePersonName } from '../../users/names.ts'
import { may, rolesToGive } from '../../users/roles.ts'
import { frameOf, type PageParts, page } from '../page-parts.ts'
import { home } from '../passage.ts'
import { AdminEditUserView } from '../views/admin/edit-user.tsx'
import type { Problems } from '../views/parts/frame.ts'
import { mustFind } from './user.tsx'

type Field = 'name' | 'role' | 'lastDay'
type Values = Record<Field, string>

/** Declares the form for a user's name, role and last day. */
export function editUserPages(door: Door, parts: PageParts): void {
  const { machine } = parts
  const path = '/admin/users/:id/edit'

  door.permitted('users.manage', 'get', path, async (c, standing) => {
    const user = await mustFind(c, machine)
    if (standing.sensitiveStep.at !== 'done') throw new Refusal('step-up-needed')
    const values = { name: user.name ?? '', role: user.role, lastDay: lastDayOf(user.expiresAt) }
    return show(c, parts, standing, { user, values })
  })

  door.permitted('users.manage', 'post', path, async (c, standing) => {
    const form = await readForm(c)
    const user = await mustFind(c, machine)
    const { t } = frameOf(c, parts, standing.account)
    const values = { name: form.text('name'), role: form.text('role'), lastDay: form.text('lastDay') }
    const name = values.name.trim() === '' ? null : parsePersonName(values.name)
    const role = rolesToGive(standing.account.user.role).find((known) => known === values.role)
    const expiresAt = values.lastDay === lastDayOf(user.expiresAt) ? user.expiresAt : endOfDay(values.lastDay)
    const inPast = expiresAt != null && expiresAt !== user.expiresAt && expiresAt <= machine.clock()
    const problems: Problems<Field> = {
      ...(name === null && values.name.trim() !== '' ? { name: t('problem.name') } : {}),
      ...(role ? {} : { role: t('problem.choice') }),
      ...(expiresAt === undefined || inPast ? { lastDay: t('problem.lastDay') } : {}),
    }
    if (!role || expiresAt === undefined || Object.keys(problems).length > 0)
      return show(c, parts, standing, { user, values, problems })
    try {
      await editUser(machine, standing, { userId: user.id, name, role, expiresAt, caller: c.get('caller') })
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'last-administrator')) throw error
      const problem = t('problem.lastAdministrator')
      return show(c, parts, standing, {
        user,
        values,
        problems: role === 'administrator' ? { lastDay: problem } : { role: problem },
        status: error.status,
      })
    }
    const own = standing.account.user.id === user.id
    return c.redirect(own && !may(role, 'users.read') ? home : `/admin/users/${user.id}?notice=saved`, 303)
  })
}

function show(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  shown: { user: ManagedUser; values: Values; problems?: Problems<Field>; status?: Refusal['status'] },
): Promise<Response> {
  const view = (
    <AdminEditUserView
      frame={frameOf(c, parts, standing.account)}
      user={shown.user}
      values={shown.values}
      roles={rolesToGive(standing.account.user.role)}
      problems={shown.problems}
    />
  )
  return page(c, view, shown.status ?? (shown.problems ? 422 : 200))
}

/** The last day (UTC) on which an account works that ends then. */
function lastDayOf(expiresAt: Instant | null): string {
  return expiresAt === null ? '' : isoDay(expiresAt - 1)
}

/** The end of a day as typed; null for an empty field, undefined for what is no day. */
function endOfDay(typed: string): Instant | null | undefined {
  if (typed === '') return null
  const day = parseDay(typed)
  return day === null ? undefined : day + days(1)
}
