/**
 * One group: who is in it, and, for whoever may, adding and removing members, another name, and the way to delete it.
 */
import { Field, firstFaulty } from '../parts/field.tsx'
import type { Frame, Notice, Problems } from '../parts/frame.ts'
import { Paging } from '../parts/paging.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page of one group shows. */
export interface AdminGroupProps {
  readonly frame: Frame
  readonly group: { readonly id: string; readonly name: string }
  readonly members: readonly { readonly id: string; readonly name: string | null; readonly email: string }[]
  readonly nextCursor?: string | undefined
  readonly isLaterPage: boolean
  readonly name: string
  readonly email: string
  readonly problems?: Problems<'name' | 'email'> | undefined
  readonly notice?: Notice | undefined
}

const order = ['email', 'name'] as const

/** Shows the group; posts `email` to `…/add`, `user` to `…/remove`, and `name` to the page's own address. */
export function AdminGroupView(props: AdminGroupProps) {
  const { frame, group, members, problems = {}, notice } = props
  const { t } = frame
  const path = `/admin/groups/${group.id}`
  const mayManage = frame.user?.permissions.includes('groups.manage') ?? false
  return (
    <SignedInPage
      frame={frame}
      title={group.name}
      notice={notice}
      hasProblem={firstFaulty(problems, order) !== undefined}
      parent={{ href: '/admin/groups', label: t('adminGroups.title') }}
    >
      <section class="mt-8" aria-labelledby="members">
        <h2 id="members" class="section-title">
          {t('adminGroup.members')}
        </h2>
        {members.length === 0 ? (
          <p class="panel mt-4 p-5 text-soft sm:px-7">{t('adminGroup.noMembers')}</p>
        ) : (
          <ul class="panel mt-4 divide-y divide-base-300">
            {members.map((member) => (
              <Member frame={frame} member={member} path={path} mayRemove={mayManage} />
            ))}
          </ul>
        )}
        <Paging
          frame={frame}
          path={path}
          next={props.nextCursor}
          isLaterPage={props.isLaterPage}
          words={{ pages: 'adminUsers.pages', first: 'adminUsers.firstPage', next: 'adminUsers.nextPage' }}
        />
      </section>
      {mayManage && <Management {...props} path={path} problems={problems} />}
    </SignedInPage>
  )
}

interface MemberProps {
  readonly frame: Frame
  readonly member: AdminGroupProps['members'][number]
  readonly path: string
  readonly mayRemove: boolean
}

function Member({ frame: { t }, member, path, mayRemove }: MemberProps) {
  const name = member.name ?? member.email
  return (
    <li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 p-4 sm:px-7">
      <div class="min-w-0">
        <a href={`/admin/users/${member.id}`} class="link-plain font-medium break-anywhere">
          {name}
        </a>
        {member.name !== null && <span class="block text-sm text-soft break-anywhere">{member.email}</span>}
      </div>
      {mayRemove && (
        <form method="post" action={`${path}/remove`}>
          <input type="hidden" name="user" value={member.id} />
          <button type="submit" class="btn btn-sm" aria-label={t('adminGroup.removeNamed', { name })}>
            {t('adminGroup.remove')}
          </button>
        </form>
      )}
    </li>
  )
}

type ManagementProps = AdminGroupProps & { readonly path: string; readonly problems: Problems<'name' | 'email'> }

function Management({ frame, path, name, email, problems }: ManagementProps) {
  const { t } = frame
  const faulty = firstFaulty(problems, order)
  return (
    <section class="mt-8" aria-labelledby="manage">
      <h2 id="manage" class="section-title">
        {t('adminUser.manage')}
      </h2>
      <div class="panel mt-4 divide-y divide-base-300">
        <form method="post" action={`${path}/add`} class="form panel-part p-5 sm:p-7">
          <Field
            frame={frame}
            name="email"
            label={t('adminGroup.addLabel')}
            type="email"
            value={email}
            problem={problems.email}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            maxlength={254}
            autofocus={faulty === 'email'}
            required
          />
          <div class="form-buttons">
            <button type="submit" class="btn btn-primary">
              {t('adminGroup.add')}
            </button>
          </div>
        </form>
        <form method="post" action={path} class="form panel-part p-5 sm:p-7">
          <Field
            frame={frame}
            name="name"
            label={t('adminGroup.nameLabel')}
            value={name}
            problem={problems.name}
            autocomplete="off"
            maxlength={100}
            autofocus={faulty === 'name'}
            required
          />
          <div class="form-buttons">
            <button type="submit" class="btn">
              {t('settings.rename')}
            </button>
            <a href={`${path}/delete`} class="btn btn-outline btn-error">
              {t('adminGroup.delete')}
            </a>
          </div>
        </form>
      </div>
    </section>
  )
}
