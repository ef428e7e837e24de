/**
 * Asking before a group is deleted.
 */
import type { Frame } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page shows. */
export interface DeleteGroupProps {
  readonly frame: Frame
  readonly group: { readonly id: string; readonly name: string }
}

/** Says what stays and what goes; posts to `/admin/groups/:group/delete`. */
export function DeleteGroupView({ frame, group }: DeleteGroupProps) {
  const { t } = frame
  const path = `/admin/groups/${group.id}`
  return (
    <SignedInPage
      frame={frame}
      title={t('adminGroup.delete')}
      lead={group.name}
      width="narrow"
      parent={{ href: path, label: group.name }}
    >
      <div class="panel mt-6 p-5 sm:p-7">
        <p>{t('deleteGroup.what')}</p>
        <form method="post" action={`${path}/delete`} class="form-buttons mt-6">
          <button type="submit" class="btn btn-error">
            {t('adminGroup.delete')}
          </button>
          <a href={path} class="btn btn-ghost">
            {t('form.cancel')}
          </a>
        </form>
      </div>
    </SignedInPage>
  )
}
