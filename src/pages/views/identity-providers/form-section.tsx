/**
 * A part of the form of a provider: a heading, perhaps a sentence, and its fields on a panel.
 */
import type { Child } from 'hono/jsx'

interface FormSectionProps {
  readonly id: string
  readonly title: string
  readonly lead?: string
  readonly children: Child
}

/** Shows the part under its heading. */
export function FormSection({ id, title, lead, children }: FormSectionProps) {
  return (
    <section aria-labelledby={`part-${id}`}>
      <h2 id={`part-${id}`} class="section-title">
        {title}
      </h2>
      {lead && <p class="mt-1 max-w-prose text-sm text-soft">{lead}</p>}
      <div class="panel form mt-4 p-5 sm:p-7">{children}</div>
    </section>
  )
}
