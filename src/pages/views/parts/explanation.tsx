/**
 * Why a sign-in was asked for what it was asked, in words.
 */
import type { Frame } from './frame.ts'

/** Says what was asked and why, as it was true at the sign-in. */
export type ShownExplanation =
  | { readonly asked: 'second-factor'; readonly because: 'turned-on' }
  | {
      readonly asked: 'second-factor' | 'set-up'
      readonly because: 'enforced'
      readonly since: number | null
    }
  | { readonly asked: 'set-up-link'; readonly because: 'reset' }
  | { readonly asked: 'nothing-more'; readonly because: 'not-required' }
  | { readonly asked: 'nothing-more'; readonly because: 'provider'; readonly provider: string }

interface ExplainedProps {
  readonly frame: Frame
  readonly explanation: ShownExplanation | null
}

/** Explains in a sentence; nothing where nothing was kept. */
export function Explained({ frame, explanation }: ExplainedProps) {
  return explanation === null ? null : <p class="text-sm text-soft">{wordsFor(frame, explanation)}</p>
}

function wordsFor({ t, formatInstant }: Frame, explanation: ShownExplanation): string {
  if (explanation.because === 'not-required') return t('explanation.notAsked')
  if (explanation.because === 'provider') return t('explanation.provider', { provider: explanation.provider })
  if (explanation.because === 'reset') return t('explanation.reset')
  if (explanation.because === 'turned-on') return t('explanation.turnedOn')
  const { asked, since } = explanation
  const values = {
    since: since === null ? 'none' : 'known',
    date: since === null ? '' : formatInstant(since, 'date-time'),
  }
  return t(asked === 'set-up' ? 'explanation.setUp' : 'explanation.enforced', values)
}
