/**
 * The set-up link after a reset of 2FA, shown this once: to copy, or to scan from the screen of whoever helps.
 */
import type { Frame } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { OneTimeLink } from '../parts/one-time-link.tsx'
import { QrCode } from '../parts/qr-code.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page after a reset shows. */
export interface SetUpLinkMadeProps {
  readonly frame: Frame
  readonly user: { readonly id: string; readonly email: string; readonly name: string | null }
  /** True right after the reset; false for a later link. */
  readonly justReset: boolean
  readonly link: string
  readonly qrSvg: string
  readonly expiresAt: number
}

/** Shows the link and its QR code, until when it works, and how to hand it over. */
export function SetUpLinkMadeView({ frame, user, justReset, link, qrSvg, expiresAt }: SetUpLinkMadeProps) {
  const { t } = frame
  const { email } = user
  return (
    <SignedInPage
      frame={frame}
      title={t(justReset ? 'setUpLinkMade.titleReset' : 'setUpLinkMade.title')}
      lead={t(justReset ? 'setUpLinkMade.leadReset' : 'setUpLinkMade.lead', { email })}
      parent={{ href: `/admin/users/${user.id}`, label: user.name ?? email }}
    >
      <div class="panel mt-6 p-5 sm:p-7">
        <div class="grid gap-x-8 gap-y-6 md:grid-cols-[13rem_1fr]">
          <div class="mx-auto w-52 md:mx-0">
            <QrCode svg={qrSvg} label={t('setUpLinkMade.qrLabel', { email })} />
          </div>
          <div class="min-w-0">
            <OneTimeLink frame={frame} link={link} expiresAt={expiresAt} />
          </div>
        </div>
        <NoticeBox kind="warning" class="mt-5" quiet>
          <p class="font-medium">{t('adminUserAdded.once')}</p>
          <p class="mt-1">{t('setUpLinkMade.handOver')}</p>
        </NoticeBox>
      </div>
      <div class="form-buttons mt-6">
        <a href={`/admin/users/${user.id}`} class="btn btn-primary">
          {t('adminUserAdded.done')}
        </a>
      </div>
    </SignedInPage>
  )
}
