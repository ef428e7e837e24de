/**
 * Where somebody is signed in: device, address, what was proved, and since when.
 */
import { deviceWords, proofWords } from '../parts/device.ts'
import { Explained } from '../parts/explanation.tsx'
import type { Frame } from '../parts/frame.ts'
import type { ShownSession, ShownUser } from './user.tsx'

interface UserSessionsProps {
  readonly frame: Frame
  readonly user: Pick<ShownUser, 'id' | 'sessions'>
  readonly mayEnd: boolean
}

/** Shows the running sessions of a user, with a way to end one or all for whoever may. */
export function UserSessions({ frame, user, mayEnd }: UserSessionsProps) {
  const { t } = frame
  const end = `/admin/users/${user.id}/end-sessions`
  return (
    <section class="mt-8" aria-labelledby="sessions">
      <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <h2 id="sessions" class="section-title">
          {t('adminUser.sessions')}
        </h2>
        {mayEnd && user.sessions.length > 1 && (
          <a href={end} class="btn btn-sm">
            {t('adminUser.endSessions')}
          </a>
        )}
      </div>
      {user.sessions.length === 0 ? (
        <p class="panel mt-4 p-5 text-soft sm:px-7">{t('adminUser.noSessions')}</p>
      ) : (
        <ul class="panel mt-4 divide-y divide-base-300">
          {user.sessions.map((session) => (
            <Session frame={frame} session={session} end={mayEnd ? `${end}?session=${session.id}` : null} />
          ))}
        </ul>
      )}
    </section>
  )
}

function Session({
  frame,
  session,
  end,
}: {
  readonly frame: Frame
  readonly session: ShownSession
  readonly end: string | null
}) {
  const { t, formatInstant } = frame
  const device = deviceWords(frame, session.device)
  return (
    <li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-5 sm:px-7">
      <div class="min-w-0 flex-1 basis-60">
        <p class="font-medium break-anywhere">{device}</p>
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
      {end !== null && (
        <a
          href={end}
          class="btn btn-sm"
          aria-label={t('adminUser.endSessionNamed', { device, address: session.address })}
        >
          {t('adminUser.endSession')}
        </a>
      )}
    </li>
  )
}
