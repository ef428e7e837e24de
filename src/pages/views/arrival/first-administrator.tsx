/**
 * The first page of a new installation: whoever holds the printed link becomes the first administrator.
 */
import { Field, firstFaulty } from '../parts/field.tsx'
import { ProblemSummary } from '../parts/form-parts.tsx'
import type { Frame, Problems } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'
import { NewPasswordField } from './new-password-field.tsx'

/** Holds what the page for the first administrator shows. */
export interface FirstAdministratorProps {
  readonly frame: Frame
  readonly token: string
  readonly email?: string | undefined
  readonly name?: string | undefined
  readonly problems?: Problems<'email' | 'name' | 'password'> | undefined
  readonly minLength: number
}

const order = ['email', 'name', 'password'] as const

/** Asks for the first account; posts `token`, `email`, `name` and `password` to `/set-up`. */
export function FirstAdministratorView({ frame, token, problems = {}, minLength, ...values }: FirstAdministratorProps) {
  const { t } = frame
  const faulty = firstFaulty(problems, order)
  return (
    <StepPage
      frame={frame}
      title={t('firstAdministrator.title')}
      lead={t('firstAdministrator.lead')}
      hasProblem={faulty !== undefined}
    >
      <ProblemSummary frame={frame} problems={problems} order={order} />
      <form method="post" action="/set-up" class="form">
        <input type="hidden" name="token" value={token} />
        <Field
          frame={frame}
          name="email"
          label={t('field.email')}
          type="email"
          value={values.email}
          problem={problems.email}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          maxlength={254}
          autofocus={(faulty ?? 'email') === 'email'}
          required
        />
        <Field
          frame={frame}
          name="name"
          label={t('field.name')}
          value={values.name}
          problem={problems.name}
          autocomplete="name"
          autocapitalize="words"
          maxlength={100}
          autofocus={faulty === 'name'}
          required
        />
        <NewPasswordField
          frame={frame}
          minLength={minLength}
          problem={problems.password}
          autofocus={faulty === 'password'}
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t('firstAdministrator.button')}
        </button>
      </form>
    </StepPage>
  )
}
