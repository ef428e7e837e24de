/**
 * Shown once after signing in with a recovery code: how many are left, with a warning when they run low.
 */
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Holds what the page after a recovery code shows. */
export interface RecoveryCodeUsedProps {
  readonly frame: Frame
  readonly left: number
  /** Where the person was going. */
  readonly next: string
}

/** From this many left on, the person is warned. */
const fewCodes = 3

/** Tells how many recovery codes are left, and offers new ones or the way on. */
export function RecoveryCodeUsedView({ frame, left, next }: RecoveryCodeUsedProps) {
  const { t } = frame
  const text = t('recoveryCodeUsed.left', { left })
  return (
    <StepPage
      frame={frame}
      title={t('recoveryCodeUsed.title')}
      lead={t('recoveryCodeUsed.lead')}
      notice={{
        kind: left <= fewCodes ? 'warning' : 'info',
        text: left <= fewCodes ? `${text} ${t('recoveryCodeUsed.few')}` : text,
      }}
    >
      <p class="mt-4">{t('recoveryCodeUsed.lostPhone')}</p>
      <a href={next} class="btn btn-primary btn-block mt-7">
        {t('recoveryCodeUsed.continue')}
      </a>
      <a href="/recovery-codes" class="btn btn-ghost btn-block mt-3">
        {t('newRecoveryCodes.button')}
      </a>
    </StepPage>
  )
}
