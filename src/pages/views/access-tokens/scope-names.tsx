/**
 * What a token may do, in the words of the API and in those of people.
 */
import type { MessageId } from '../../../messages.ts'
import type { Frame } from '../parts/frame.ts'

/** Says in words what a scope lets through. */
export function scopeWords({ t }: Frame, scope: string): string {
  const name = scope.replace(':', '-')
  return t(`scope.${name}` as MessageId)
}

/** Lists scopes by their names. */
export function ScopeNames({ frame, scopes }: { readonly frame: Frame; readonly scopes: readonly string[] }) {
  return (
    <ul class="mt-1.5 flex flex-wrap gap-1.5" aria-label={frame.t('accessTokens.scopes')}>
      {scopes.map((scope) => (
        <li class="tag tag-plain" title={scopeWords(frame, scope)}>
          {scope}
        </li>
      ))}
    </ul>
  )
}
