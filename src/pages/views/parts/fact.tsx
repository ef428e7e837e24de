/**
 * One fact in a list of facts: what it is about, and what it is.
 */
import type { Child } from 'hono/jsx'

/** Shows it. */
export function Fact({ term, children }: { readonly term: string; readonly children?: Child }) {
  return (
    <div>
      <dt class="text-soft">{term}</dt>
      <dd class="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium break-anywhere">{children}</dd>
    </div>
  )
}
