/**
 * A running session, one's own or somebody else's: device, address, what was proved, since when, and why. What can be done
 * about it comes along as a child.
 */
import type { Child } from 'hono/jsx'
import { type DeviceNames, deviceWords, type ProofName, proofWords } from './device.ts'
import { Explained, type ShownExplanation } from './explanation.tsx'
import type { Frame } from './frame.ts'

/** Describes a session. */
export interface ShownSession {
  readonly id: string
  readonly device: DeviceNames
  readonly address: string
  readonly proofs: readonly ProofName[]
  readonly explanation: ShownExplanation | null
  readonly createdAt: number
  readonly lastSeenAt: number
}

interface SessionProps {
  readonly frame: Frame
  readonly session: ShownSession
  /** True for the session in which the page is shown. */
  readonly own?: boolean
  readonly children?: Child
}

/** Shows the session as an item of a list. */
export function Session({ frame, session, own = false, children }: SessionProps) {
  const { t, formatInstant } = frame
  return (
    <li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-5 sm:px-7">
      <div class="min-w-0 flex-1 basis-60">
        <p class="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium break-anywhere">
          {deviceWords(frame, session.device)}
          {own && <span class="tag tag-good">{t('mySessions.this')}</span>}
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
      {children}
    </li>
  )
}
