/**
 * The ways in by identity providers: their buttons, the page with one of them, the pages that lead there and back, and the
 * page that says why it did not work.
 */
import { NextField } from '../parts/form-parts.tsx'
import type { Frame } from '../parts/frame.ts'
import { StepPage } from '../parts/step-page.tsx'

/** Names a provider as a button shows it. */
export interface ShownProvider {
  readonly id: string
  readonly name: string
}

interface ProviderButtonsProps {
  readonly frame: Frame
  readonly providers: readonly ShownProvider[]
  readonly next?: string | undefined
}

/** Shows a button for each provider, under the form of the sign-in page. */
export function ProviderButtons({ frame, providers, next }: ProviderButtonsProps) {
  if (providers.length === 0) return null
  return (
    <div class="mt-6 grid gap-3 border-t border-base-300 pt-6">
      {providers.map(({ id, name }) => (
        <form method="post" action={`/sign-in/with/${id}`}>
          <NextField next={next} />
          <button type="submit" class="btn btn-block break-anywhere">
            {frame.t('signIn.with', { name })}
          </button>
        </form>
      ))}
    </div>
  )
}

/** Shows the button by which a session is confirmed at the provider that it came by. */
export function StepUpAtProvider({ frame, provider }: { readonly frame: Frame; readonly provider: ShownProvider }) {
  return (
    <form method="post" action={`/sign-in/with/${provider.id}/step-up`} class="mt-4">
      <button type="submit" class="btn btn-block break-anywhere">
        {frame.t('withProvider.stepUp', { name: provider.name })}
      </button>
    </form>
  )
}

interface WithProviderProps {
  readonly frame: Frame
  readonly provider: ShownProvider
  readonly next?: string | undefined
}

/** Shows the page behind a direct link to a provider: nobody is signed in without a click. */
export function WithProviderView({ frame, provider: { id, name }, next }: WithProviderProps) {
  const { t } = frame
  return (
    <StepPage frame={frame} title={t('withProvider.title', { name })} lead={t('withProvider.lead', { name })}>
      <form method="post" action={`/sign-in/with/${id}`} class="mt-7">
        <NextField next={next} />
        <button type="submit" class="btn btn-primary btn-block break-anywhere">
          {t('withProvider.button', { name })}
        </button>
      </form>
      <p class="mt-5 text-center">
        <a href="/sign-in" class="link text-sm">
          {t('withProvider.otherWay')}
        </a>
      </p>
    </StepPage>
  )
}

interface GoingProps {
  readonly frame: Frame
  readonly name: string
  /** Where the browser goes on to: an address of the provider. */
  readonly address: string
}

/** Leads to the provider: a form may lead nowhere but here, so this page goes on. */
export function GoingToProviderView({ frame, name, address }: GoingProps) {
  const { t } = frame
  return (
    <StepPage
      frame={frame}
      title={t('withProvider.goingTitle', { name })}
      lead={t('withProvider.going')}
      goesOnTo={address}
    >
      <a href={address} class="btn btn-primary btn-block mt-7 break-anywhere">
        {t('withProvider.button', { name })}
      </a>
    </StepPage>
  )
}

interface BackProps {
  readonly frame: Frame
  readonly action: string
  readonly response: string
  readonly state: string
}

/** Sends on, from a page of ours, what a provider has sent here from a page of its own: at once, or by the button. */
export function BackFromProviderView({ frame, action, response, state }: BackProps) {
  const { t } = frame
  return (
    <StepPage frame={frame} title={t('withProvider.backTitle')} lead={t('withProvider.going')}>
      <form method="post" action={action} data-sent-at-once class="mt-7">
        <input type="hidden" name="SAMLResponse" value={response} />
        <input type="hidden" name="RelayState" value={state} />
        <button type="submit" class="btn btn-primary btn-block">
          {t('withProvider.backButton')}
        </button>
      </form>
    </StepPage>
  )
}

interface ProviderRefusedProps {
  readonly frame: Frame
  readonly text: string
  readonly requestId: string
  readonly status: number
  readonly next?: string | undefined
  readonly isSignedIn: boolean
  readonly helpContact?: string | undefined
}

/** Says why it did not work, and the number under which an administrator finds it. */
export function ProviderRefusedView({ frame, text, status, requestId, ...props }: ProviderRefusedProps) {
  const { t } = frame
  const href = props.isSignedIn ? '/my-profile/settings' : '/sign-in'
  return (
    <StepPage
      frame={frame}
      title={t('withProvider.refused.title')}
      lead={text}
      hasProblem
      helpContact={props.helpContact}
    >
      <a href={href} class="btn btn-primary btn-block mt-7">
        {t('withProvider.refused.again')}
      </a>
      <p class="mt-5 text-center text-sm text-soft break-anywhere">{t('refusal.reference', { status, requestId })}</p>
    </StepPage>
  )
}
