/**
 * For a link that opens nothing any more: used, expired or mistyped. Which of them it was is not said.
 */
import type { MessageId } from '../../../messages.ts'
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Names what the link was for. */
export type LinkKind = 'set-up' | 'invitation' | 'reset-password' | 'set-up-mfa' | 'change-email'

/** Holds what the page for a dead link shows. */
export interface LinkInvalidProps {
  readonly frame: Frame
  readonly kind: LinkKind
  readonly helpContact?: string | undefined
}

const details: Record<LinkKind, MessageId> = {
  'set-up': 'linkInvalid.setUp',
  invitation: 'linkInvalid.invitation',
  'reset-password': 'linkInvalid.resetPassword',
  'set-up-mfa': 'linkInvalid.setUpMfa',
  'change-email': 'linkInvalid.changeEmail',
}

/** Says that the link does not work, and what to do instead. */
export function LinkInvalidView({ frame, kind, helpContact }: LinkInvalidProps) {
  const { t } = frame
  return (
    <StepPage frame={frame} title={t('linkInvalid.title')} lead={t(details[kind])} helpContact={helpContact}>
      {kind === 'reset-password' && (
        <a href="/forgot-password" class="btn btn-primary btn-block mt-7">
          {t('linkInvalid.newResetLink')}
        </a>
      )}
      <a href="/sign-in" class={`btn btn-block ${kind === 'reset-password' ? 'btn-ghost mt-2' : 'btn-primary mt-7'}`}>
        {t('linkInvalid.toSignIn')}
      </a>
    </StepPage>
  )
}
