/**
 * One identity provider: how it stands, the address to enter there, what is set, and what can be done with it.
 */
import type { Child } from 'hono/jsx'
import type { MessageId } from '../../../messages.ts'
import { Fact } from '../parts/fact.tsx'
import type { Frame, Notice } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { CopiedAddress } from './copied-address.tsx'
import { ProviderTags } from './provider-tags.tsx'

/** Holds what is shown of it; the secret is not among it. */
export interface ShownProvider {
  readonly id: string
  readonly name: string
  readonly isOidc: boolean
  readonly isOn: boolean
  readonly testedAt: number | null
  readonly hasSecret: boolean
  readonly people: number
  readonly redirectUri: string
  /** What is set, in the order of the form: texts ready to show. */
  readonly facts: readonly { readonly term: MessageId; readonly value: string }[]
}

/** Holds what the page shows. */
export interface ProviderProps {
  readonly frame: Frame
  readonly provider: ShownProvider
  readonly notice?: Notice | undefined
}

/** Shows the provider; its acts are pages and forms below `/admin/identity-providers/:provider`. */
export function ProviderView({ frame, provider, notice }: ProviderProps) {
  const { t } = frame
  const mayManage = frame.user?.permissions.includes('identity-providers.manage') ?? false
  const isTested = provider.testedAt !== null
  return (
    <SignedInPage
      frame={frame}
      title={provider.name}
      notice={notice}
      parent={{ href: '/admin/identity-providers', label: t('identityProviders.title') }}
    >
      <section class="panel mt-8" aria-label={t('identityProvider.state')}>
        <dl class="rows">
          <Fact term={t('identityProvider.state')}>
            <ProviderTags frame={frame} isOn={provider.isOn} isTested={isTested} />
          </Fact>
          <Fact term={t('identityProvider.testedAt')}>
            {provider.testedAt === null
              ? t('identityProvider.notYet')
              : frame.formatInstant(provider.testedAt, 'date-time')}
          </Fact>
          <Fact term={t('identityProvider.linked')}>{t('identityProviders.people', { count: provider.people })}</Fact>
        </dl>
      </section>
      {provider.isOidc && <CopiedAddress frame={frame} address={provider.redirectUri} />}
      <section class="mt-8" aria-labelledby="settings">
        <h2 id="settings" class="section-title">
          {t('identityProvider.settings')}
        </h2>
        <div class="panel mt-4">
          <dl class="rows">
            {provider.facts.map(({ term, value }) => (
              <Fact term={t(term)}>{value}</Fact>
            ))}
          </dl>
        </div>
      </section>
      {mayManage && <Acts frame={frame} provider={provider} />}
    </SignedInPage>
  )
}

function Acts({ frame, provider }: { readonly frame: Frame; readonly provider: ShownProvider }) {
  const { t } = frame
  const path = `/admin/identity-providers/${provider.id}`
  return (
    <section class="mt-8" aria-labelledby="manage">
      <h2 id="manage" class="section-title">
        {t('adminUser.manage')}
      </h2>
      <ul class="panel mt-4 divide-y divide-base-300">
        {provider.isOidc && (
          <Act text={t('identityProvider.editText')}>
            <a href={`${path}/edit`} class="btn">
              {t('identityProvider.edit')}
            </a>
          </Act>
        )}
        {provider.isOidc && (
          <Act text={t('identityProvider.testText')}>
            <form method="post" action={`${path}/test`}>
              <button type="submit" class="btn">
                {t('identityProvider.test')}
              </button>
            </form>
          </Act>
        )}
        <Switch frame={frame} provider={provider} path={path} />
        <Act text={t('identityProvider.deleteText')}>
          <a href={`${path}/delete`} class="btn btn-outline btn-error">
            {t('identityProvider.delete')}
          </a>
        </Act>
      </ul>
    </section>
  )
}

function Act({ text, children }: { readonly text: string; readonly children?: Child }) {
  return (
    <li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-5 sm:px-7">
      <p class="min-w-0 flex-1 basis-60 text-sm text-soft">{text}</p>
      {children}
    </li>
  )
}

interface SwitchProps {
  readonly frame: Frame
  readonly provider: ShownProvider
  readonly path: string
}

/** Off leads to a question first, as it ends sessions. On is there once the connection was tested. */
function Switch({ frame: { t }, provider, path }: SwitchProps) {
  if (provider.isOn)
    return (
      <Act text={t('identityProvider.switchOffText')}>
        <a href={`${path}/switch-off`} class="btn">
          {t('identityProvider.switchOff')}
        </a>
      </Act>
    )
  if (provider.testedAt === null) return <Act text={t('identityProvider.testFirst')} />
  return (
    <Act text={t('identityProvider.switchOnText')}>
      <form method="post" action={`${path}/switch-on`}>
        <button type="submit" class="btn btn-primary">
          {t('identityProvider.switchOn')}
        </button>
      </form>
    </Act>
  )
}
