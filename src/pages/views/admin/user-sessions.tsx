/**
 * Where somebody is signed in: device, address, what was proved, and since when.
 */
import { deviceWords } from '../parts/device.ts'
import type { Frame } from '../parts/frame.ts'
import { Session } from '../parts/session.tsx'
import type { ShownUser } from './user.tsx'

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
            <Session frame={frame} session={session}>
              {mayEnd && (
                <a
                  href={`${end}?session=${session.id}`}
                  class="btn btn-sm"
                  aria-label={t('adminUser.endSessionNamed', {
                    device: deviceWords(frame, session.device),
                    address: session.address,
                  })}
                >
                  {t('adminUser.endSession')}
                </a>
              )}
            </Session>
          ))}
        </ul>
      )}
    </section>
  )
}
