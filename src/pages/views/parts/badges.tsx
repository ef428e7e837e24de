/**
 * The state of someone's 2FA in a word, the same on every page. Each state has its own words, colour only repeats them.
 */
import type { MessageId } from '../../../messages.ts'
import type { Frame } from './frame.ts'

/**
 * Names the states: on, off, on but the recovery codes were never confirmed, switched off after too many wrong codes, reset by
 * somebody else and not set up again yet.
 */
export type MfaState = 'on' | 'off' | 'codes-unsaved' | 'disabled' | 'reset'

const looks: Record<MfaState, { readonly label: MessageId; readonly tone: string }> = {
  on: { label: 'mfa.state.on', tone: 'tag-good' },
  off: { label: 'mfa.state.off', tone: 'tag-plain' },
  'codes-unsaved': { label: 'mfa.state.codesUnsaved', tone: 'tag-warning' },
  disabled: { label: 'mfa.state.disabled', tone: 'tag-bad' },
  reset: { label: 'mfa.state.reset', tone: 'tag-warning' },
}

/** Shows the state as a tag. */
export function MfaBadge({ frame: { t }, state }: { readonly frame: Frame; readonly state: MfaState }) {
  return <span class={`tag ${looks[state].tone}`}>{t(looks[state].label)}</span>
}
