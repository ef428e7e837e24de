/**
 * Everyone with an account, and whether they have 2FA. On a narrow screen only the person keeps a column; the rest moves
 * under the name.
 */
import { MfaBadge, type MfaState } from '../parts/badges.tsx'
import type { Frame, Notice } from '../parts/frame.ts'
import { Paging } from '../parts/paging.tsx'
import { type RoleName, roleNames } from '../parts/roles.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { type AccountStateName, stateNames } from './account-states.ts'
import { filterParameters, type ShownFilter, UserFilterForm } from './user-filter.tsx'

/** Describes one person in the list. */
export interface ListedUser {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly role: RoleName
  readonly state: AccountStateName
  readonly mfa: MfaState
  readonly lastSignInAt: number | null
  readonly createdAt: number
}

/** Holds what the list of users shows. */
export interface AdminUsersProps {
  readonly frame: Frame
  readonly users: readonly ListedUser[]
  /** Over all users, not only those on this page. */
  readonly counts: {
    readonly total: number
    readonly withMfa: number
    /** When they were counted, where that was not just now. */
    readonly countedAt: number | null
  }
  /** How many the search and the filters leave, on all pages, or how many at least; absent where nothing is looked for. */
  readonly found?: { readonly count: number; readonly more: boolean } | undefined
  readonly filter: ShownFilter
  readonly groups: readonly { readonly id: string; readonly name: string }[]
  /** Where the next page starts; absent on the last one. */
  readonly nextCursor?: string | undefined
  /** True from the second page on, to offer the way back to the first. */
  readonly isLaterPage?: boolean | undefined
  readonly notice?: Notice | undefined
}

/** Shows the list; searching, filtering and paging are links and a GET form: `/admin/users?search=…&after=…`. */
export function AdminUsersView({ frame, users, counts, found, filter, groups, notice, ...paging }: AdminUsersProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('adminUsers.title')}
      width="wide"
      notice={notice}
      action={
        frame.user?.permissions.includes('users.invite') && (
          <a href="/admin/users/new" class="btn btn-primary">
            {t('adminUsers.add')}
          </a>
        )
      }
    >
      <div class="mt-6 grid items-start gap-6 lg:grid-cols-[20rem_1fr]">
        <Coverage frame={frame} counts={counts} />
        <UserFilterForm frame={frame} filter={filter} groups={groups} />
      </div>
      {found !== undefined && (
        <p class="mt-6 flex flex-wrap items-center gap-x-4 gap-y-1">
          <span class="font-medium">
            {t(found.more ? 'adminUsers.foundMore' : 'adminUsers.found', { count: found.count })}
          </span>
          <a href="/admin/users" class="link inline-flex min-h-6 items-center">
            {t('adminUsers.everyone')}
          </a>
        </p>
      )}
      {users.length > 0 && <UsersTable frame={frame} users={users} />}
      <Paging
        frame={frame}
        path="/admin/users"
        query={filterParameters(filter)}
        next={paging.nextCursor}
        isLaterPage={paging.isLaterPage}
        words={{ pages: 'adminUsers.pages', first: 'adminUsers.firstPage', next: 'adminUsers.nextPage' }}
      />
      <Export frame={frame} filter={filter} />
    </SignedInPage>
  )
}

function Coverage({ frame, counts }: Pick<AdminUsersProps, 'frame' | 'counts'>) {
  const { t } = frame
  return (
    <div class="max-w-md">
      <p id="coverage" class="font-medium">
        {t('adminUsers.coverage', { withMfa: counts.withMfa, total: counts.total })}
      </p>
      <progress
        class="progress progress-primary mt-2 h-2 w-full"
        value={counts.withMfa}
        max={Math.max(counts.total, 1)}
        aria-labelledby="coverage"
      />
      {counts.countedAt !== null && (
        <p class="mt-2 text-sm text-soft">
          {t('adminUsers.countedAt', { time: frame.formatInstant(counts.countedAt, 'time') })}
        </p>
      )}
    </div>
  )
}

function UsersTable({ frame, users }: Pick<AdminUsersProps, 'frame' | 'users'>) {
  const { t } = frame
  return (
    <div class="panel mt-6">
      <table class="data-table">
        <caption class="sr-only">{t('adminUsers.caption')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('adminUsers.person')}</th>
            <th scope="col" class="hidden sm:table-cell">
              {t('adminUsers.mfa')}
            </th>
            <th scope="col" class="hidden md:table-cell">
              {t('field.role')}
            </th>
            <th scope="col" class="hidden md:table-cell">
              {t('adminUsers.lastSignIn')}
            </th>
            <th scope="col" class="hidden lg:table-cell">
              {t('adminUsers.created')}
            </th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <UserRow frame={frame} user={user} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function UserRow({ frame, user }: { readonly frame: Frame; readonly user: ListedUser }) {
  const { t } = frame
  const role = t(roleNames[user.role])
  const lastSignIn =
    user.lastSignInAt === null ? t('adminUsers.never') : frame.formatInstant(user.lastSignInAt, 'short-date')
  return (
    <tr>
      <th scope="row">
        <span class="flex flex-wrap items-center gap-x-2 gap-y-1">
          <a href={`/admin/users/${user.id}`} class="link-plain font-medium break-anywhere">
            {user.name ?? user.email}
          </a>
          {user.state !== 'active' && <span class="tag tag-plain">{t(stateNames[user.state])}</span>}
        </span>
        {user.name !== null && <span class="block text-sm text-soft break-anywhere">{user.email}</span>}
        <span class="mt-2 flex items-center gap-2 text-sm text-soft sm:hidden">
          {t('adminUsers.mfa')} <MfaBadge frame={frame} state={user.mfa} />
        </span>
        <span class="mt-1 block text-sm text-soft md:hidden">
          {role} · {t('adminUsers.lastSignInAt', { date: lastSignIn })}
        </span>
      </th>
      <td class="hidden sm:table-cell">
        <MfaBadge frame={frame} state={user.mfa} />
      </td>
      <td class="hidden md:table-cell">{role}</td>
      <td class="hidden whitespace-nowrap md:table-cell">{lastSignIn}</td>
      <td class="hidden whitespace-nowrap lg:table-cell">{frame.formatInstant(user.createdAt, 'short-date')}</td>
    </tr>
  )
}

/** The list as it is narrowed, on all pages, as a file. */
function Export({ frame: { t }, filter }: Pick<AdminUsersProps, 'frame' | 'filter'>) {
  return (
    <form
      method="post"
      action="/admin/users/export"
      class="mt-6 flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-base-300 pt-5"
    >
      {Object.entries(filterParameters(filter)).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button type="submit" class="btn">
        {t('adminUsers.export')}
      </button>
      <p class="min-w-0 flex-1 basis-60 text-sm text-soft">{t('adminUsers.exportHint')}</p>
    </form>
  )
}
