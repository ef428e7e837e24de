/**
 * With which tokens programs act in somebody's name.
 */
import { AccessTokenFacts, type ShownAccessToken } from '../access-tokens/access-tokens.tsx'
import type { Frame } from '../parts/frame.ts'

interface UserTokensProps {
  readonly frame: Frame
  readonly userId: string
  readonly tokens: readonly ShownAccessToken[]
  readonly mayRevoke: boolean
}

/** Shows the personal access tokens of a user, with a way to revoke each for whoever may; nothing where there are none. */
export function UserTokens({ frame, userId, tokens, mayRevoke }: UserTokensProps) {
  const { t } = frame
  if (tokens.length === 0) return null
  return (
    <section class="mt-8" aria-labelledby="tokens">
      <h2 id="tokens" class="section-title">
        {t('accessTokens.title')}
      </h2>
      <ul class="panel mt-4 divide-y divide-base-300">
        {tokens.map((token) => (
          <li class="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 p-5 sm:px-7">
            <AccessTokenFacts frame={frame} token={token} />
            {mayRevoke && (
              <a
                href={`/admin/users/${userId}/revoke-token?token=${token.id}`}
                class="btn btn-sm"
                aria-label={t('accessTokens.revokeNamed', { name: token.name })}
              >
                {t('accessTokens.revoke')}
              </a>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
