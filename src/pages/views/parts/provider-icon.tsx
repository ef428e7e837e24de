/**
 * The picture on the button of an identity provider. Those that come with the service, and nobody's trade mark.
 */
import { Icon, type IconName } from './icon.tsx'

/** Every picture that a provider can have. */
export const providerIcons = [
  'building',
  'people',
  'globe',
  'cloud',
  'key',
  'shield',
] as const satisfies readonly IconName[]

/** Draws the picture; nothing where there is none, or one that this version does not know. */
export function ProviderIcon({ name, class: classes }: { readonly name: string | null; readonly class: string }) {
  const known = providerIcons.find((icon) => icon === name)
  return known ? <Icon name={known} class={classes} /> : null
}
