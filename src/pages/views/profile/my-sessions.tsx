/**
 * Where I am signed in: device, address, what was proved, and since when. Each other session can be ended, or all of them.
 */
import { deviceWords } from '../parts/device.ts'
import type { Frame, Notice } from '../parts/frame.ts'
import { Session, type ShownSession } from '../parts/session.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Describes one of my sessions. */
export interface MySession extends ShownSession {
  /** True for the session in which the page is shown. */
  readonly own: boolean
}

/** Holds what the page shows. */
export interface MySessionsProps {
  readonly frame: Frame
  readonly sessions: readonly MySession[]
  readonly notice?: Notice | undefined
}

/** Lists the sessions; posts `session`, or `others`, to `/my-profile/sessions`. */
export function MySessionsView({ frame, sessions, notice }: MySessionsProps) {
  const { t } = frame
  const others = sessions.filter(({ own }) => !own)
  return (
    <SignedInPage
      frame={frame}
      title={t('mySessions.title')}
      lead={t('mySessions.lead')}
      notice={notice}
      parent={{ href: '/my-profile/settings', label: t('settings.title') }}
    >
      <ul class="panel mt-6 divide-y divide-base-300">
        {[...sessions.filter(({ own }) => own), ...others].map((session) => (
          <Row frame={frame} session={session} />
        ))}
      </ul>
      {others.length > 0 ? (
        <form method="post" action="/my-profile/sessions" class="form-buttons mt-6">
          <input type="hidden" name="others" value="yes" />
          <button type="submit" class="btn btn-outline btn-error">
            {t('mySessions.endOthers')}
          </button>
        </form>
      ) : (
        <p class="mt-4 text-sm text-soft">{t('mySessions.none')}</p>
      )}
    </SignedInPage>
  )
}

function Row({ frame, session }: { readonly frame: Frame; readonly session: MySession }) {
  const { t } = frame
  const named = { device: deviceWords(frame, session.device), address: session.address }
  return (
    <Session frame={frame} session={session} own={session.own}>
      {!session.own && (
        <form method="post" action="/my-profile/sessions">
          <input type="hidden" name="session" value={session.id} />
          <button type="submit" class="btn btn-sm" aria-label={t('mySessions.endNamed', named)}>
            {t('mySessions.end')}
          </button>
        </form>
      )}
    </Session>
  )
}
