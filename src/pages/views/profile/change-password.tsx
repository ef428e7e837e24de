/**
 * Changing the password: the old one, and the new one, which can be shown instead of being typed twice.
 */

import { NewPasswordField } from '../arrival/new-password-field.tsx'
import { Field, firstFaulty } from '../parts/field.tsx'
import { FormButtons } from '../parts/form-parts.tsx'
import type { Frame, Problems } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page shows. */
export interface ChangePasswordProps {
  readonly frame: Frame
  readonly email: string
  readonly minLength: number
  readonly problems: Problems<'old' | 'password'>
}

/** Asks for both; posts `old` and `password` to `/my-profile/settings/change-password`. */
export function ChangePasswordView({ frame, email, minLength, problems }: ChangePasswordProps) {
  const { t } = frame
  const faulty = firstFaulty(problems, ['old', 'password'] as const)
  return (
    <SignedInPage
      frame={frame}
      title={t('changePassword.title')}
      lead={t('changePassword.lead')}
      width="narrow"
      hasProblem={faulty !== undefined}
      parent={{ href: '/my-profile/settings', label: t('settings.title') }}
    >
      <form method="post" action="/my-profile/settings/change-password" class="panel form mt-6 p-5 sm:p-7">
        {/* Lets a password manager update the right entry; the server knows the account. */}
        <input type="text" name="username" value={email} autocomplete="username" readonly hidden />
        <Field
          frame={frame}
          name="old"
          label={t('field.oldPassword')}
          type="password"
          problem={problems.old}
          autocomplete="current-password"
          autofocus={faulty !== 'password'}
          required
        />
        <NewPasswordField
          frame={frame}
          label={t('field.newPassword')}
          minLength={minLength}
          problem={problems.password}
          autofocus={faulty === 'password'}
        />
        <FormButtons frame={frame} submit={t('changePassword.button')} cancel="/my-profile/settings" />
      </form>
    </SignedInPage>
  )
}
