/**
 * The new token, shown this once: only its hash is kept.
 */
import { CopyButton } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page after making a token shows. */
export interface AccessTokenMadeProps {
  readonly frame: Frame
  readonly name: string
  readonly token: string
  readonly expiresAt: number
}

/** Shows the token to copy, and until when it works. */
export function AccessTokenMadeView({ frame, name, token, expiresAt }: AccessTokenMadeProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('accessTokenMade.title')}
      lead={name}
      parent={{ href: '/my-profile/tokens', label: t('accessTokens.title') }}
    >
      <div class="panel mt-6 p-5 sm:p-7">
        <h2 class="font-semibold">{t('accessTokenMade.token')}</h2>
        <div class="well mt-3 flex flex-wrap items-center justify-between gap-3">
          <code id="token" data-copy={token} class="min-w-0 flex-1 basis-48 text-sm break-all select-all">
            {token}
          </code>
          <CopyButton frame={frame} from="token" label={t('accessTokenMade.copy')} />
        </div>
        <p class="mt-3 text-sm text-soft">{t('accessTokens.ends', { date: frame.formatInstant(expiresAt, 'date') })}</p>
        <NoticeBox kind="warning" class="mt-5" quiet>
          <p class="font-medium">{t('accessTokenMade.once')}</p>
          <p class="mt-1">{t('accessTokenMade.secret')}</p>
        </NoticeBox>
      </div>
      <div class="form-buttons mt-6">
        <a href="/my-profile/tokens" class="btn btn-primary">
          {t('accessTokenMade.done')}
        </a>
      </div>
    </SignedInPage>
  )
}
