/**
 * How a provider stands, in a word or two: on or off, and whether it was tested as it is set.
 */
import type { Frame } from '../parts/frame.ts'

interface ProviderTagsProps {
  readonly frame: Frame
  readonly isOn: boolean
  readonly isTested: boolean
}

/** Shows the words as tags. One that is on needs no word about a test but when that is missing. */
export function ProviderTags({ frame: { t }, isOn, isTested }: ProviderTagsProps) {
  return (
    <>
      <span class={`tag ${isOn ? 'tag-good' : 'tag-plain'}`}>
        {t(isOn ? 'identityProvider.on' : 'identityProvider.off')}
      </span>
      {!isTested && <span class="tag tag-warning">{t('identityProvider.untested')}</span>}
      {isTested && !isOn && <span class="tag tag-plain">{t('identityProvider.tested')}</span>}
    </>
  )
}
