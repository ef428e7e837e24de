/**
 * What follows an invitation. With a mail server the link is on its way to the person, and nobody else sees it; without
 * one it is shown here, this once: only its hash is kept.
 */
import type { MessageId } from '../../../messages.ts'
import type { Frame } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { OneTimeLink } from '../parts/one-time-link.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page after inviting someone shows. */
export interface AdminUserAddedProps {
  readonly frame: Frame
  readonly title: Extract<MessageId, 'adminUserAdded.title' | 'adminUserAdded.titleAgain'>
  readonly email: string
  readonly userId: string
  /** The link to hand over; null where it was mailed. */
  readonly link: string | null
  readonly expiresAt: number
}

/** Says that the link was mailed, or shows it, and until when it works. */
export function AdminUserAddedView({ frame, title, email, userId, link, expiresAt }: AdminUserAddedProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t(title)}
      lead={t(link === null ? 'adminUserAdded.mailed' : 'adminUserAdded.lead', { email })}
      width="regular"
      parent={{ href: '/admin/users', label: t('adminUsers.title') }}
    >
      {link === null ? (
        <NoticeBox kind="info" class="mt-6" quiet>
          <p>{t('adminUserAdded.expires', { date: frame.formatInstant(expiresAt, 'date-time') })}</p>
          <p class="mt-1">{t('adminUserAdded.mailedHint')}</p>
        </NoticeBox>
      ) : (
        <div class="panel mt-6 p-5 sm:p-7">
          <OneTimeLink frame={frame} link={link} expiresAt={expiresAt} />
          <NoticeBox kind="warning" class="mt-5" quiet>
            <p class="font-medium">{t('adminUserAdded.once')}</p>
            <p class="mt-1">{t('adminUserAdded.handOver')}</p>
          </NoticeBox>
        </div>
      )}
      <div class="form-buttons mt-6">
        <a href="/admin/users" class="btn btn-primary">
          {t('adminUserAdded.done')}
        </a>
        <a href={`/admin/users/${userId}`} class="btn btn-ghost">
          {t('adminUserAdded.toUser')}
        </a>
        <a href="/admin/users/new" class="btn btn-ghost">
          {t('adminUserAdded.another')}
        </a>
      </div>
    </SignedInPage>
  )
}
