/**
 * The product's mark: a word and its answer, two rings that open towards each other. The same drawing as
 * `src/browser/public/favicon.svg`, here in the colours of the theme.
 */

/** Draws the mark; decorative, so the name of the service always stands beside it as text. */
export function Mark({ class: classes }: { readonly class: string }) {
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
