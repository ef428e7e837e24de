/**
 * Giving an authenticator another name.
 */

import { Field } from '../parts/field.tsx'
import { FormButtons } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page for renaming an authenticator shows. */
export interface RenameAuthenticatorProps {
  readonly frame: Frame
  readonly authenticatorId: string
  readonly name: string
  readonly problem?: string | undefined
}

/** Asks for the name; posts `authenticator` and `name` to `/my-profile/settings/rename-authenticator`. */
export function RenameAuthenticatorView({ frame, authenticatorId, name, problem }: RenameAuthenticatorProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('renameAuthenticator.title')}
      width="narrow"
      hasProblem={problem !== undefined}
      parent={{ href: '/my-profile/settings', label: t('settings.title') }}
    >
      <form method="post" action="/my-profile/settings/rename-authenticator" class="panel form mt-6 p-5 sm:p-7">
        <input type="hidden" name="authenticator" value={authenticatorId} />
        <Field
          frame={frame}
          name="name"
          label={t('field.authenticatorName')}
          hint={t('renameAuthenticator.hint')}
          value={name}
          problem={problem}
          autocomplete="off"
          maxlength={60}
          autofocus
          required
        />
        <FormButtons frame={frame} submit={t('form.save')} cancel="/my-profile/settings" />
      </form>
    </SignedInPage>
  )
}
