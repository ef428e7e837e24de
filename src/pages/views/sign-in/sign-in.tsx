/**
 * The first step of every sign-in: e-mail and password. One generic problem for every way it can fail, and no hint
 * whether an account exists.
 */
import { Field } from '../parts/field.tsx'
import { NextField } from '../parts/form-parts.tsx'
import type { Frame, Notice } from '../parts/frame.ts'
import { NoticeBox } from '../parts/notices.tsx'
import { StepPage } from '../parts/step-page.tsx'
import { ProviderButtons, type ShownProvider } from './providers.tsx'

/** Holds what the sign-in page shows. */
export interface SignInProps {
  readonly frame: Frame
  readonly next?: string | undefined
  readonly email?: string | undefined
  /** One text for every failure: never which of the two fields was wrong. */
  readonly problem?: string | undefined
  readonly helpContact?: string | undefined
  readonly notice?: Notice | undefined
  readonly providers?: readonly ShownProvider[] | undefined
}

/** Shows the sign-in form; posts `email`, `password` and `next` to `/sign-in`. */
export function SignInView({ frame, next, email, problem, helpContact, notice, providers = [] }: SignInProps) {
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t('signIn.title')}
      hasProblem={problem !== undefined}
      notice={notice}
      helpContact={helpContact}
    >
      {problem !== undefined && (
        <NoticeBox kind="error" class="mt-5" id="sign-in-problem">
          <p>{problem}</p>
        </NoticeBox>
      )}
      <form method="post" action="/sign-in" class="form">
        <NextField next={next} />
        <Field
          frame={frame}
          name="email"
          label={t('field.email')}
          type="email"
          value={email}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          maxlength={254}
          autofocus={!email}
          required
        />
        <Field
          frame={frame}
          name="password"
          label={t('field.password')}
          type="password"
          autocomplete="current-password"
          autofocus={Boolean(email)}
          required
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t('signIn.button')}
        </button>
      </form>
      <ProviderButtons frame={frame} providers={providers} next={next} />
      <p class="mt-5 text-center">
        <a href="/forgot-password" class="link text-sm">
          {t('signIn.forgotPassword')}
        </a>
      </p>
    </StepPage>
  )
}
