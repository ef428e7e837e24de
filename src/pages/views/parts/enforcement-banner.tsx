/**
 * News about "Enforce MFA for all users" on every page of administration: it waits to be confirmed, with the time that is
 * left in words, or it went off again because nobody confirmed it.
 */
import type { Frame } from './frame.ts'
import { NoticeBox } from './notices.tsx'

/** Shows the news, if there is any; posts to `/admin/settings/enforce-mfa/confirm`. */
export function EnforcementBanner({ frame }: { readonly frame: Frame }) {
  const { t, enforcement: news } = frame
  if (news === undefined) return null
  if (news.is === 'reverted')
    return (
      <NoticeBox kind="error" class="mt-6" quiet>
        <h2 class="font-semibold">{t('enforcement.reverted')}</h2>
        <p class="mt-1">{t('enforcement.revertedBecause', { time: frame.formatInstant(news.at, 'date-time') })}</p>
      </NoticeBox>
    )
  const values = { minutes: news.minutesLeft, time: frame.formatInstant(news.confirmBy, 'time') }
  return (
    <NoticeBox kind="warning" class="mt-6" quiet>
      <h2 class="font-semibold">{t('enforcement.unconfirmed')}</h2>
      <p class="mt-1">{t('enforcement.timeLeft', values)}</p>
      {news.mayConfirm ? (
        <>
          <p class="mt-1">{t('enforcement.mayConfirm')}</p>
          <form method="post" action="/admin/settings/enforce-mfa/confirm" class="mt-3">
            <button type="submit" class="btn btn-primary">
              {t('enforcement.confirm')}
            </button>
          </form>
        </>
      ) : (
        <p class="mt-1">{t('enforcement.howToConfirm')}</p>
      )}
    </NoticeBox>
  )
}
