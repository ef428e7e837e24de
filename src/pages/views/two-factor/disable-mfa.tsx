/**
 * Turning 2FA off: what it means, and one button that does it.
 */
import type { Frame } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page for turning 2FA off shows. */
export interface DisableMfaProps {
  readonly frame: Frame
  readonly authenticatorName: string
}

/** Asks to confirm; posts to `/my-profile/settings/disable-2fa`. */
export function DisableMfaView({ frame, authenticatorName }: DisableMfaProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('disableMfa.title')}
      width="narrow"
      parent={{ href: '/my-profile/settings', label: t('settings.title') }}
    >
      <div class="panel mt-6 p-5 sm:p-7">
        <p class="font-medium">{t('disableMfa.lead')}</p>
        <ul class="mt-3 list-disc space-y-1.5 ps-5">
          <li>{t('disableMfa.passwordOnly')}</li>
          <li>{t('disableMfa.removed', { name: authenticatorName })}</li>
          <li>{t('disableMfa.codes')}</li>
          <li>{t('disableMfa.sessions')}</li>
        </ul>
        <form method="post" action="/my-profile/settings/disable-2fa" class="form-buttons mt-7">
          <button type="submit" class="btn btn-error">
            {t('mfa.disable')}
          </button>
          <a href="/my-profile/settings" class="btn btn-ghost">
            {t('disableMfa.keep')}
          </a>
        </form>
      </div>
    </SignedInPage>
  )
}
