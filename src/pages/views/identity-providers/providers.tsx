/**
 * Every identity provider, in the order of the buttons on the page for signing in.
 */
import type { MessageId } from '../../../messages.ts'
import type { Frame, Notice } from '../parts/frame.ts'
import { ProviderIcon } from '../parts/provider-icon.tsx'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { ProviderTags } from './provider-tags.tsx'

/** Holds what the list shows of a provider. */
export interface ListedProvider {
  readonly id: string
  readonly name: string
  readonly icon: string | null
  readonly isOn: boolean
  readonly isTested: boolean
  readonly mfa: 'takes-care' | 'with-proof' | 'without'
  /** How many people are linked. */
  readonly people: number
}

/** Holds what the page shows. */
export interface ProvidersProps {
  readonly frame: Frame
  readonly providers: readonly ListedProvider[]
  readonly notice?: Notice | undefined
}

const base = '/admin/identity-providers'

/** Shows the list; posts `direction` to `/admin/identity-providers/:provider/move`. */
export function ProvidersView({ frame, providers, notice }: ProvidersProps) {
  const { t } = frame
  const mayManage = frame.user?.permissions.includes('identity-providers.manage') ?? false
  return (
    <SignedInPage
      frame={frame}
      title={t('identityProviders.title')}
      lead={t('identityProviders.lead')}
      notice={notice}
      action={
        mayManage && (
          <a href={`${base}/new`} class="btn btn-primary">
            {t('identityProviders.add')}
          </a>
        )
      }
    >
      {providers.length === 0 ? (
        <p class="panel mt-6 p-5 text-soft sm:p-7">{t('identityProviders.none')}</p>
      ) : (
        <ol class="panel mt-6 divide-y divide-base-300">
          {providers.map((provider, index) => (
            <li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-5 sm:px-7">
              <Provider frame={frame} provider={provider} />
              {mayManage && providers.length > 1 && (
                <Moves
                  frame={frame}
                  provider={provider}
                  isFirst={index === 0}
                  isLast={index === providers.length - 1}
                />
              )}
            </li>
          ))}
        </ol>
      )}
    </SignedInPage>
  )
}

const statements: Record<ListedProvider['mfa'], MessageId> = {
  'takes-care': 'mfaStatement.takes-care',
  'with-proof': 'mfaStatement.with-proof',
  without: 'mfaStatement.without',
}

function Provider({ frame: { t }, frame, provider }: { readonly frame: Frame; readonly provider: ListedProvider }) {
  return (
    <div class="flex min-w-0 flex-1 basis-60 gap-3">
      <ProviderIcon name={provider.icon} class="mt-0.5 size-6" />
      <div class="min-w-0">
        <p class="flex flex-wrap items-center gap-x-3 gap-y-1">
          <a href={`${base}/${provider.id}`} class="link-plain font-medium break-anywhere">
            {provider.name}
          </a>
          <ProviderTags frame={frame} isOn={provider.isOn} isTested={provider.isTested} />
        </p>
        <p class="mt-1 text-sm text-soft">
          {t(statements[provider.mfa])} · {t('identityProviders.people', { count: provider.people })}
        </p>
      </div>
    </div>
  )
}

interface MovesProps {
  readonly frame: Frame
  readonly provider: ListedProvider
  readonly isFirst: boolean
  readonly isLast: boolean
}

function Moves({ frame: { t }, provider, isFirst, isLast }: MovesProps) {
  const { name } = provider
  return (
    <form method="post" action={`${base}/${provider.id}/move`} class="flex gap-2">
      {!isFirst && (
        <button
          type="submit"
          name="direction"
          value="up"
          class="btn btn-sm"
          aria-label={t('identityProviders.upNamed', { name })}
        >
          {t('identityProviders.up')}
        </button>
      )}
      {!isLast && (
        <button
          type="submit"
          name="direction"
          value="down"
          class="btn btn-sm"
          aria-label={t('identityProviders.downNamed', { name })}
        >
          {t('identityProviders.down')}
        </button>
      )}
    </form>
  )
}
