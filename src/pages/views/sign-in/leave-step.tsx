/**
 * The way out of a sign-in step, always there: back to the settings from a step-up, another account from a sign-in. Whoever
 * can reach nothing before this step has no settings to go back to, and signs out.
 */
import type { Child } from 'hono/jsx'
import { SignOut } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'

/** Says what a proof is asked for: to get in, or to confirm it is still the same person. */
export type ProofPurpose = 'sign-in' | 'step-up'

interface LeaveStepProps {
  readonly frame: Frame
  readonly purpose: ProofPurpose
  /** True in a step-up of a session that owes 2FA or recovery codes, and so is led to this step from everywhere. */
  readonly isHeld?: boolean | undefined
  /** Another way to prove it, as a link. */
  readonly children?: Child
}

/** Shows the other ways on, under the form of a step. */
export function LeaveStep({ frame, purpose, isHeld = false, children }: LeaveStepProps) {
  const { t } = frame
  return (
    <div class="mt-6 flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-t border-base-300 pt-5">
      {children}
      {purpose === 'step-up' && !isHeld ? (
        <a href="/my-profile/settings" class="link inline-flex min-h-6 items-center">
          {t('stepUp.cancel')}
        </a>
      ) : (
        <SignOut
          frame={frame}
          label={t(purpose === 'sign-in' ? 'signIn.useAnotherAccount' : 'signOut.button')}
          class="link min-h-6 cursor-pointer"
        />
      )}
    </div>
  )
}
