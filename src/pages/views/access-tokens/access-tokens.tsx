/**
 * The tokens with which programs act in my name: what each may do, until when, when it was last used, and the way to be
 * rid of it.
 */
import type { Frame, Notice } from '../parts/frame.ts'
import { SignedInPage } from '../parts/signed-in-page.tsx'
import { ScopeNames } from './scope-names.tsx'

/** Describes a token; never the token itself. */
export interface ShownAccessToken {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number
  readonly lastUsedAt: number | null
  readonly expired: boolean
}

/** Holds what the list of tokens shows. */
export interface AccessTokensProps {
  readonly frame: Frame
  readonly tokens: readonly ShownAccessToken[]
  readonly notice?: Notice | undefined
}

/** Shows the list; each row posts `token` to `/my-profile/tokens/revoke`. */
export function AccessTokensView({ frame, tokens, notice }: AccessTokensProps) {
  const { t } = frame
  return (
    <SignedInPage
      frame={frame}
      title={t('accessTokens.title')}
      lead={t('accessTokens.lead')}
      notice={notice}
      parent={{ href: '/my-profile/settings', label: t('settings.title') }}
      action={
        <a href="/my-profile/tokens/new" class="btn btn-primary">
          {t('accessTokens.new')}
        </a>
      }
    >
      {tokens.length === 0 ? (
        <p class="panel mt-6 p-7 text-soft">{t('accessTokens.none')}</p>
      ) : (
        <ul class="panel mt-6 divide-y divide-base-300">
          {tokens.map((token) => (
            <li class="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 p-5 sm:px-7">
              <AccessTokenFacts frame={frame} token={token} />
              <form method="post" action="/my-profile/tokens/revoke">
                <input type="hidden" name="token" value={token.id} />
                <button
                  type="submit"
                  class="btn btn-sm btn-outline btn-error"
                  aria-label={t('accessTokens.revokeNamed', { name: token.name })}
                >
                  {t('accessTokens.revoke')}
                </button>
              </form>
            </li>
          ))}
        </ul>
      )}
    </SignedInPage>
  )
}

/** Shows what is known of one token. */
export function AccessTokenFacts({ frame, token }: { readonly frame: Frame; readonly token: ShownAccessToken }) {
  const { t, formatInstant } = frame
  const ends = { date: formatInstant(token.expiresAt, 'date') }
  return (
    <div class="min-w-0 flex-1 basis-60">
      <p class="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span class="font-medium break-anywhere">{token.name}</span>
        {token.expired && <span class="tag tag-bad">{t('accessTokens.expired')}</span>}
      </p>
      <ScopeNames frame={frame} scopes={token.scopes} />
      <p class="mt-1 text-sm text-soft">
        {t(token.expired ? 'accessTokens.ended' : 'accessTokens.ends', ends)}{' '}
        {token.lastUsedAt === null
          ? t('accessTokens.neverUsed')
          : t('accessTokens.lastUsed', { date: formatInstant(token.lastUsedAt, 'date-time') })}
      </p>
    </div>
  )
}
