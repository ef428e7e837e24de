/**
 * The product's mark: a word and its answer, two rings that open towards each other. The same drawing as
 * `src/browser/public/favicon.svg`, here in the colours of the theme.
 */
import type { Frame } from './frame.ts'

interface MarkProps {
  readonly frame: Pick<Frame, 'brand'>
  readonly class: string
}

/** Draws the mark, or the logo that stands in its place; decorative, so the name of the service always stands beside it as text. */
export function Mark({ frame, class: classes }: MarkProps) {
  const logo = frame.brand?.logo
  if (logo !== undefined) return <img src={logo} alt="" class={`shrink-0 object-contain ${classes}`} />
  return (
    <svg class={`shrink-0 ${classes}`} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect class="fill-primary" width="32" height="32" rx="9" />
      <g class="stroke-primary-content" fill="none" stroke-width="3" stroke-linecap="round">
        <path d="M22.9 10.2a9 9 0 1 0 0 11.6" />
        <path d="M13.1 13.3a4 4 0 1 1 0 5.4" />
      </g>
    </svg>
  )
}
