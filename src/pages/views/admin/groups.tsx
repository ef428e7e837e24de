/**
 * Every group with its size, and a form for a new one.
 */
import { Field } from '../parts/field.tsx'
import type { Frame, Notice } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the list of groups shows. */
export interface AdminGroupsProps {
  readonly frame: Frame
  readonly groups: readonly { readonly id: string; readonly name: string; readonly members: number }[]
  readonly typed: string
  readonly problem?: string | undefined
  readonly notice?: Notice | undefined
}

/** Shows the groups; posts `name` to `/admin/groups`. */
export function AdminGroupsView({ frame, groups, typed, problem, notice }: AdminGroupsProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('adminGroups.title')}
      lead={t('adminGroups.lead')}
      notice={notice}
      hasProblem={problem !== undefined}
    >
      {groups.length === 0 ? (
        <p class="panel mt-6 p-5 text-soft sm:p-7">{t('adminGroups.none')}</p>
      ) : (
        <ul class="panel mt-6 divide-y divide-base-300">
          {groups.map((group) => (
            <li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 p-4 sm:px-7">
              <a href={`/admin/groups/${group.id}`} class="link-plain min-w-0 font-medium break-anywhere">
                {group.name}
              </a>
              <span class="text-sm text-soft">{t('adminGroups.members', { count: group.members })}</span>
            </li>
          ))}
        </ul>
      )}
      {frame.user?.permissions.includes('groups.manage') && (
        <section class="mt-8" aria-labelledby="new-group">
          <h2 id="new-group" class="section-title">
            {t('adminGroups.add')}
          </h2>
          <form method="post" action="/admin/groups" class="panel form mt-4 p-5 sm:p-7">
            <Field
              frame={frame}
              name="name"
              label={t('field.name')}
              value={typed}
              problem={problem}
              autocomplete="off"
              maxlength={100}
              autofocus={problem !== undefined}
              required
            />
            <div class="form-buttons">
              <button type="submit" class="btn btn-primary">
                {t('adminGroups.create')}
              </button>
            </div>
          </form>
        </section>
      )}
    </SignedInPage>
  )
}
