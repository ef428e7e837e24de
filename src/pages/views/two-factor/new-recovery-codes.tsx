/**
 * The step before a new set of recovery codes: why there is to be one, and that the old one ends.
 */
import type { MessageId } from '../../../messages.ts'
import { NextField, SignOut } from '../parts/form-parts.tsx'
import type { Frame, Notice } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Says why a new set is made: never saved, all used, or wished for. */
export type NewCodesReason = 'unsaved' | 'used-up' | 'regenerate'

/** Holds what the page before new recovery codes shows. */
export interface NewRecoveryCodesProps {
  readonly frame: Frame
  readonly why: NewCodesReason
  /** How many codes of the present set are left; they stop working. */
  readonly left?: number | undefined
  readonly next?: string | undefined
  /** False while a new set is owed; the person may then only sign out. */
  readonly mayCancel: boolean
  readonly helpContact?: string | undefined
}

const words: Record<NewCodesReason, { readonly lead: MessageId; readonly notice: MessageId | null }> = {
  unsaved: { lead: 'newRecoveryCodes.lead', notice: 'newRecoveryCodes.unsaved' },
  'used-up': { lead: 'newRecoveryCodes.lead', notice: 'newRecoveryCodes.usedUp' },
  regenerate: { lead: 'newRecoveryCodes.lead', notice: null },
}

/** Offers a new set; posts `next` to `/recovery-codes`. */
export function NewRecoveryCodesView({ frame, why, left, next, mayCancel, helpContact }: NewRecoveryCodesProps) {
  const { t } = frame
  const { lead, notice: text } = words[why]
  const notice: Notice | undefined = text === null ? undefined : { kind: 'warning', text: t(text) }
  return (
    <StepPage
      frame={frame}
      title={t('newRecoveryCodes.title')}
      lead={t(lead)}
      notice={notice}
      helpContact={helpContact}
    >
      {why === 'regenerate' && (
        <p class="mt-4">
          {left === undefined ? t('newRecoveryCodes.replaces') : t('newRecoveryCodes.replacesLeft', { left })}
        </p>
      )}
      <form method="post" action="/recovery-codes" class="mt-7">
        <NextField next={next} />
        <button type="submit" class="btn btn-primary btn-block">
          {t('newRecoveryCodes.button')}
        </button>
      </form>
      <div class="mt-3 text-center">
        {mayCancel ? (
          <a href="/my-profile/settings" class="btn btn-ghost btn-block">
            {t('newRecoveryCodes.cancel')}
          </a>
        ) : (
          <SignOut frame={frame} class="btn btn-ghost btn-block" />
        )}
      </div>
    </StepPage>
  )
}
