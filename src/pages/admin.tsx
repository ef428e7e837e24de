// The administrators' pages: users with their MFA state, adding a user, and the service's settings. What may be done is
// decided and guarded in `sign-in/administer.ts`.

import { isMfaEnforced } from '../enforcement/policies.ts'
import type { Door, DoorContext } from '../http/door.ts'
import { readForm } from '../http/form.ts'
import { Refusal } from '../refusal.ts'
import { addUser, changeServiceSettings, hasMfa } from '../sign-in/administer.ts'
import type { Standing } from '../sign-in/standing.ts'
import { parseEmail } from '../users/email.ts'
import { parsePersonName } from '../users/names.ts'
import { mayActOn, roles } from '../users/roles.ts'
import { countUsers, listUsers } from '../users/users.ts'
import { frameOf, type PageParts, page } from './page-parts.ts'
import { stepUp } from './passage.ts'
import { AdminNewUserView } from './views/admin/new-user.tsx'
import { AdminSettingsView } from './views/admin/settings.tsx'
import { AdminUserAddedView } from './views/admin/user-added.tsx'
import { AdminUsersView } from './views/admin/users.tsx'
import type { Notice, Problems } from './views/parts/frame.ts'

const longestContact = 200

/** Declares the pages of administrators. */
export function adminPages(door: Door, parts: PageParts): void {
  door.permitted('users.read', 'get', '/admin', (c) => c.redirect('/admin/users', 303))
  userPages(door, parts)
  settingsPages(door, parts)
}

function userPages(door: Door, parts: PageParts): void {
  const { machine, settings } = parts

  door.permitted('users.read', 'get', '/admin/users', async (c, { account }) => {
    // U+0000 is in no address and no name, and PostgreSQL cannot be asked for it.
    const search = (c.req.query('search') ?? '').replaceAll('\0', '').slice(0, 200)
    const after = c.req.query('after')?.replaceAll('\0', '') || null
    const { users, next } = await listUsers(machine.db, { search, after })
    const counts = await countUsers(machine.db)
    const frame = frameOf(c, parts, account)
    const deleted = c.req.query('notice') === 'deleted'
    const view = (
      <AdminUsersView
        frame={frame}
        users={users}
        counts={counts}
        search={search || undefined}
        nextCursor={next ?? undefined}
        isLaterPage={after !== null}
        notice={deleted ? { kind: 'success', text: frame.t('adminUsers.notice.deleted') } : undefined}
      />
    )
    return page(c, view)
  })

  door.permitted('users.invite', 'get', '/admin/users/new', (c, standing) => {
    if (standing.sensitiveStep.at !== 'done') throw new Refusal('step-up-needed')
    const values = { email: '', name: '', role: 'member' }
    return page(
      c,
      <AdminNewUserView frame={frameOf(c, parts, standing.account)} values={values} roles={rolesFor(standing)} />,
    )
  })

  door.permitted('users.invite', 'post', '/admin/users/new', async (c, standing) => {
    const form = await readForm(c)
    const frame = frameOf(c, parts, standing.account)
    const values = { email: form.text('email'), name: form.text('name'), role: form.text('role') }
    const email = parseEmail(values.email)
    const name = values.name.trim() === '' ? null : parsePersonName(values.name)
    const role = rolesFor(standing).find((known) => known === values.role)
    const showAgain = (problems: Problems<'email' | 'name' | 'role'>) =>
      page(c, <AdminNewUserView frame={frame} values={values} roles={rolesFor(standing)} problems={problems} />, 422)
    if (email === null || !role || (name === null && values.name.trim() !== '')) {
      return showAgain({
        email: email === null ? frame.t('problem.email') : undefined,
        name: name === null && values.name.trim() !== '' ? frame.t('problem.name') : undefined,
        role: role ? undefined : frame.t('problem.choice'),
      })
    }
    try {
      const { token, expiresAt } = await addUser(machine, standing, { email, name, role }, c.get('caller'))
      const link = `${settings.url}/accept-invitation?token=${token}`
      return page(c, <AdminUserAddedView frame={frame} email={email} link={link} expiresAt={expiresAt} />)
    } catch (error) {
      if (error instanceof Refusal && error.code === 'conflict')
        return showAgain({ email: frame.t('problem.emailTaken') })
      throw error
    }
  })
}

/** The roles that this person may give. */
function rolesFor({ account }: Standing) {
  return roles.filter((role) => mayActOn(account.user.role, role))
}

function settingsPages(door: Door, parts: PageParts): void {
  const { machine } = parts

  door.permitted('settings.read', 'get', '/admin/settings', (c, standing) => {
    // Back from a step-up: the form as it was sent, to be saved now.
    const enforce = c.req.query('enforce')
    const helpContact = c.req.query('help-contact')
    const saved = c.req.query('notice') === 'saved'
    return showSettings(c, parts, standing, {
      ...(enforce === undefined ? {} : { wanted: enforce === 'on' }),
      ...(helpContact === undefined ? {} : { helpContact: helpContact.slice(0, longestContact) }),
      notice: saved ? 'adminSettings.notice.saved' : enforce === undefined ? null : 'adminSettings.notice.confirmed',
    })
  })

  door.permitted('settings.change', 'post', '/admin/settings', async (c, standing) => {
    const form = await readForm(c)
    const frame = frameOf(c, parts, standing.account)
    const wanted = form.text('enforce') === 'on'
    const helpContact = form.text('helpContact').normalize('NFC').trim()
    if (helpContact.length > longestContact || /\p{Cc}/u.test(helpContact)) {
      return showSettings(c, parts, standing, {
        wanted,
        helpContact,
        problems: { helpContact: frame.t('problem.helpContact') },
        notice: null,
      })
    }
    if (wanted && !hasMfa(standing.account) && !(await isMfaEnforced(machine.db))) {
      return showSettings(c, parts, standing, {
        wanted: false,
        helpContact,
        problems: { enforce: frame.t('adminSettings.mfaFirst') },
        notice: null,
      })
    }
    if (standing.sensitiveStep.at !== 'done') {
      const filledIn = new URLSearchParams({ enforce: wanted ? 'on' : 'off', 'help-contact': helpContact })
      return stepUp(c, parts, standing, `/admin/settings?${filledIn}`)
    }
    await changeServiceSettings(
      machine,
      standing,
      { enforceMfa: wanted, helpContact: helpContact || null },
      c.get('caller'),
    )
    return c.redirect('/admin/settings?notice=saved', 303)
  })
}

interface SettingsShown {
  wanted?: boolean
  helpContact?: string
  problems?: Problems<'enforce' | 'helpContact'>
  notice: 'adminSettings.notice.saved' | 'adminSettings.notice.confirmed' | null
}

async function showSettings(
  c: DoorContext,
  parts: PageParts,
  standing: Standing,
  shown: SettingsShown,
): Promise<Response> {
  const { db } = parts.machine
  const frame = frameOf(c, parts, standing.account)
  const { total, withMfa } = await countUsers(db)
  const notice: Notice | undefined =
    shown.notice === null
      ? undefined
      : { kind: shown.notice === 'adminSettings.notice.saved' ? 'success' : 'info', text: frame.t(shown.notice) }
  const view = (
    <AdminSettingsView
      frame={frame}
      enforced={await isMfaEnforced(db)}
      wanted={shown.wanted}
      actorHasMfa={hasMfa(standing.account)}
      usersWithoutMfa={total - withMfa}
      helpContact={standing.account.helpContact ?? ''}
      values={shown.helpContact === undefined ? undefined : { helpContact: shown.helpContact }}
      problems={shown.problems}
      notice={notice}
    />
  )
  return page(c, view, shown.problems ? 422 : 200)
}
