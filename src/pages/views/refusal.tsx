/**
 * Every "no" of the service as a page: what happened, when to try again, and a number to quote when asking for help.
 */
import type { Frame } from './parts/frame.ts'
import { StepPage } from './parts/step-page.tsx'

/** Holds what a refusal shows. */
export interface RefusalProps {
  readonly frame: Frame
  readonly status: number
  readonly title: string
  readonly detail: string
  /** From when on it makes sense to try again, in milliseconds. */
  readonly retryAt?: number | undefined
  readonly requestId?: string | undefined
  /** The best way on; the start page when absent. */
  readonly action?: { readonly href: string; readonly label: string } | undefined
  readonly helpContact?: string | undefined
}

/** Shows a refusal, for people signed in or not. */
export function RefusalView({ frame, status, title, detail, retryAt, requestId, action, helpContact }: RefusalProps) {
  const { t } = frame
  const { href, label } = action ?? { href: '/', label: t('refusal.toStart') }
  return (
    <StepPage frame={frame} title={title} lead={detail} hasProblem helpContact={helpContact}>
      {retryAt !== undefined && (
        <p class="mt-4 font-medium">{t('refusal.retryAt', { time: frame.formatInstant(retryAt, 'date-time') })}</p>
      )}
      <a href={href} class="btn btn-primary btn-block mt-7">
        {label}
      </a>
      <p class="mt-5 text-center text-sm text-soft break-anywhere">
        {requestId === undefined ? t('refusal.status', { status }) : t('refusal.reference', { status, requestId })}
      </p>
    </StepPage>
  )
}
