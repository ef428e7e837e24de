/**
 * The newest that happened to an account, with a way to the rest.
 */
import type { Frame } from '../parts/frame.ts'
import type { ShownUserEvent } from './user.tsx'

interface UserEventsProps {
  readonly frame: Frame
  readonly userId: string
  readonly events: readonly ShownUserEvent[]
}

/** Shows the events, newest first. */
export function UserEvents({ frame, userId, events }: UserEventsProps) {
  const { t } = frame
  return (
    <section class="mt-8" aria-labelledby="events">
      <div class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <h2 id="events" class="section-title">
          {t('adminUser.events')}
        </h2>
        <a href={`/admin/audit?subject=${encodeURIComponent(userId)}`} class="btn btn-sm">
          {t('adminUser.allEvents')}
        </a>
      </div>
      <ul class="panel mt-4 divide-y divide-base-300">
        {events.map((event) => (
          <li class="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1 p-4 sm:px-7">
            <div class="min-w-0">
              <a href={`/admin/audit/${encodeURIComponent(event.id)}`} class="link-plain font-medium break-anywhere">
                {event.words}
              </a>
              {event.actor !== null && (
                <span class="block text-sm text-soft break-anywhere">
                  {t('adminUser.eventBy', { actor: event.actor })}
                </span>
              )}
            </div>
            <span class="text-sm whitespace-nowrap text-soft">{frame.formatInstant(event.at, 'date-time')}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
