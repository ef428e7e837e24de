/**
 * The set-up link of a new person, shown this once: only its hash is kept.
 */
import { CopyButton } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page after adding someone shows. */
export interface AdminUserAddedProps {
  readonly frame: Frame
  readonly email: string
  readonly link: string
  readonly expiresAt: number
}

/** Shows the link to hand over, and until when it works. */
export function AdminUserAddedView({ frame, email, link, expiresAt }: AdminUserAddedProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('adminUserAdded.title')}
      lead={t('adminUserAdded.lead', { email })}
      width="regular"
      parent={{ href: '/admin/users', label: t('adminUsers.title') }}
    >
      <div class="panel mt-6 p-5 sm:p-7">
        <h2 class="font-semibold">{t('adminUserAdded.link')}</h2>
        <div class="well mt-3 flex flex-wrap items-center justify-between gap-3">
          <code id="set-up-link" data-copy={link} class="min-w-0 flex-1 basis-48 text-sm break-all select-all">
            {link}
          </code>
          <CopyButton frame={frame} from="set-up-link" label={t('adminUserAdded.copy')} />
        </div>
        <p class="mt-3 text-sm text-soft">
          {t('adminUserAdded.expires', { date: frame.formatInstant(expiresAt, 'date-time') })}
        </p>
        <NoticeBox kind="warning" class="mt-5" quiet>
          <p class="font-medium">{t('adminUserAdded.once')}</p>
          <p class="mt-1">{t('adminUserAdded.handOver')}</p>
        </NoticeBox>
      </div>
      <div class="form-buttons mt-6">
        <a href="/admin/users" class="btn btn-primary">
          {t('adminUserAdded.done')}
        </a>
        <a href="/admin/users/new" class="btn btn-ghost">
          {t('adminUserAdded.another')}
        </a>
      </div>
    </SignedInPage>
  )
}
