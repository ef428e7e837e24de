/**
 * Where a sign-in stops after somebody else has reset the person's 2FA: the password was right, and it is not enough.
 */
import { SignOut } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Holds what the page shows. */
export interface SetUpLinkOwedProps {
  readonly frame: Frame
  readonly helpContact?: string | undefined
}

/** Says that the link is needed, where it comes from, and whom to ask. */
export function SetUpLinkOwedView({ frame, helpContact }: SetUpLinkOwedProps) {
  const { t } = frame
  return (
    <StepPage frame={frame} title={t('setUpLinkOwed.title')} lead={t('setUpLinkOwed.lead')} helpContact={helpContact}>
      <p class="mt-4">{t('setUpLinkOwed.here')}</p>
      <p class="mt-2">{t('setUpLinkOwed.noLink')}</p>
      <div class="mt-7">
        <SignOut frame={frame} label={t('signIn.useAnotherAccount')} class="btn btn-block" />
      </div>
    </StepPage>
  )
}
