/**
 * Where I am signed in: device, address, what was proved, and since when. Each other session can be ended, or all of them.
 */
import { type DeviceNames, deviceWords, type ProofName, proofWords } from '../parts/device.ts'
import { Explained, type ShownExplanation } from '../parts/explanation.tsx'
import type { Frame, Notice } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Describes one of my sessions. */
export interface MySession {
  readonly id: string
  readonly device: DeviceNames
  readonly address: string
  readonly proofs: readonly ProofName[]
  readonly explanation: ShownExplanation | null
  readonly createdAt: number
  readonly lastSeenAt: number
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
  const { t, formatInstant } = frame
  const device = deviceWords(frame, session.device)
  return (
    <li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-5 sm:px-7">
      <div class="min-w-0 flex-1 basis-60">
        <p class="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium break-anywhere">
          {device}
          {session.own && <span class="tag tag-good">{t('mySessions.this')}</span>}
        </p>
        <p class="text-sm text-soft break-anywhere">
          {t('session.place', { address: session.address, proofs: proofWords(frame, session.proofs) })}
        </p>
        <p class="text-sm text-soft">
          {t('session.times', {
            begun: formatInstant(session.createdAt, 'date-time'),
            seen: formatInstant(session.lastSeenAt, 'date-time'),
          })}
        </p>
        <Explained frame={frame} explanation={session.explanation} />
      </div>
      {!session.own && (
        <form method="post" action="/my-profile/sessions">
          <input type="hidden" name="session" value={session.id} />
          <button
            type="submit"
            class="btn btn-sm"
            aria-label={t('mySessions.endNamed', { device, address: session.address })}
          >
            {t('mySessions.end')}
          </button>
        </form>
      )}
    </li>
  )
}
