// The administrators' pages: where they begin, and adding a user. What may be done is decided and guarded in `sign-in/administer.ts`.

import type { Door } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { Refusal } from '../refusal.ts'
import { addUser } from '../sign-in/invite-users.ts'
import { parseEmail } from '../users/email.ts'
import { parsePersonName } from '../users/names.ts'
import { rolesToGive } from '../users/roles.ts'
import { showInvited } from './admin/invitations.tsx'
import { adminSettingsPages } from './admin-settings.tsx'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { AdminNewUserView } from './views/admin/new-user.tsx'
import type { Problems } from './views/parts/frame.ts'

/** Declares the pages of administrators. */
export function adminPages(door: Door, parts: PageParts): void {
  door.permitted('users.read', 'get', '/admin', (c) => c.redirect('/admin/users', 303))
  userPages(door, parts)
  adminSettingsPages(door, parts)
}

function userPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  door.permitted('users.invite', 'get', '/admin/users/new', (c, standing) => {
    if (standing.sensitiveStep.at !== 'done') throw new Refusal('step-up-needed')
    const values = { email: '', name: '', role: 'member' }
    return page(
      c,
      <AdminNewUserView
        frame={frameOf(c, parts, standing.account)}
        values={values}
        roles={rolesToGive(standing.account.user.role)}
        canSendMail={machine.hasMailServer}
      />,
    )
  })

  door.permitted('users.invite', 'post', '/admin/users/new', async (c, standing) => {
    const form = await readForm(c)
    const frame = frameOf(c, parts, standing.account)
    const values = { email: form.text('email'), name: form.text('name'), role: form.text('role') }
    const email = parseEmail(values.email)
    const name = values.name.trim() === '' ? null : parsePersonName(values.name)
    const role = rolesToGive(standing.account.user.role).find((known) => known === values.role)
    const showAgain = (problems: Problems<'email' | 'name' | 'role'>) =>
      page(
        c,
        <AdminNewUserView
          frame={frame}
          values={values}
          roles={rolesToGive(standing.account.user.role)}
          problems={problems}
          canSendMail={machine.hasMailServer}
        />,
        422,
      )
    if (email === null || !role || (name === null && values.name.trim() !== '')) {
      return showAgain({
        email: email === null ? frame.t('problem.email') : undefined,
        name: name === null && values.name.trim() !== '' ? frame.t('problem.name') : undefined,
        role: role ? undefined : frame.t('problem.choice'),
      })
    }
    try {
      const sent = await addUser(machine, standing, { email, name, role }, c.get('caller'))
      return page(c, showInvited(frame, settings, { email, sent, title: 'adminUserAdded.title' }))
    } catch (error) {
      if (error instanceof Refusal && error.code === 'conflict')
        return showAgain({ email: frame.t('problem.emailTaken') })
      throw error
    }
  })
}
