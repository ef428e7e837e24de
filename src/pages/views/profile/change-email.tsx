/**
 * Asking for another address. Nothing changes until the link that goes there is opened.
 */

import { Field } from '../parts/field.tsx'
import { FormButtons } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'

/** Holds what the page shows. */
export interface ChangeEmailProps {
  readonly frame: Frame
  readonly current: string
  readonly email: string
  readonly problem?: string | undefined
  /** False where no mail server is set: then nothing could be confirmed. */
  readonly canSendMail: boolean
}

/** Asks for the new address; posts `email` to `/my-profile/settings/change-email`. */
export function ChangeEmailView({ frame, current, email, problem, canSendMail }: ChangeEmailProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('changeEmail.title')}
      lead={t('changeEmail.lead', { email: current })}
      width="narrow"
      hasProblem={problem !== undefined}
      parent={{ href: '/my-profile/settings', label: t('settings.title') }}
    >
      {canSendMail ? (
        <form method="post" action="/my-profile/settings/change-email" class="panel form mt-6 p-5 sm:p-7">
          <Field
            frame={frame}
            name="email"
            label={t('field.newEmail')}
            hint={t('changeEmail.hint')}
            type="email"
            value={email}
            problem={problem}
            autocomplete="email"
            autocapitalize="none"
            spellcheck={false}
            maxlength={254}
            autofocus
            required
          />
          <FormButtons frame={frame} submit={t('changeEmail.button')} cancel="/my-profile/settings" />
        </form>
      ) : (
        <NoticeBox kind="info" class="mt-6" quiet>
          <p>{t('changeEmail.noMail')}</p>
        </NoticeBox>
      )}
    </SignedInPage>
  )
}
