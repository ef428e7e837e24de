/**
 * Where whoever has forgotten their password asks for a link. Without a mail server there is no form, only whom to ask.
 */
import { Field } from '../parts/field.tsx'
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Holds what the page shows. */
export interface ForgotPasswordProps {
  readonly frame: Frame
  readonly email?: string | undefined
  readonly problem?: string | undefined
  readonly canSendMail: boolean
  readonly helpContact?: string | undefined
}

/** Asks for the address; posts `email` to `/forgot-password`. */
export function ForgotPasswordView({ frame, email, problem, canSendMail, helpContact }: ForgotPasswordProps) {
  const { t } = frame
  const noMail = helpContact ? t('forgotPassword.noMail') : t('forgotPassword.noMailNoContact')
  return (
    <StepPage
      frame={frame}
      title={t('forgotPassword.title')}
      lead={canSendMail ? t('forgotPassword.lead') : noMail}
      hasProblem={problem !== undefined}
      helpContact={helpContact}
    >
      {canSendMail && (
        <form method="post" action="/forgot-password" class="form">
          <Field
            frame={frame}
            name="email"
            label={t('field.email')}
            type="email"
            value={email}
            problem={problem}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            maxlength={254}
            autofocus
            required
          />
          <button type="submit" class="btn btn-primary btn-block mt-2">
            {t('forgotPassword.button')}
          </button>
        </form>
      )}
      <p class={canSendMail ? 'mt-5 text-center' : 'mt-7'}>
        <a href="/sign-in" class={canSendMail ? 'link text-sm' : 'btn btn-primary btn-block'}>
          {t('forgotPassword.toSignIn')}
        </a>
      </p>
    </StepPage>
  )
}
