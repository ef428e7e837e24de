/**
 * The layout of one step on its own: sign-in, set-up, anything with a single thing to do. A card under the product
 * mark, and nothing that leads away except what the step itself offers.
 */
import { Document, type LayoutProps } from './document.tsx'
import type { Notice } from './frame.ts'
import { HelpContact } from './help-contact.tsx'
import { Mark } from './mark.tsx'
import { Notices } from './notices.tsx'

interface StepPageProps extends LayoutProps {
  /** `narrow` for a form with a field or two, `wide` for set-up with pictures. */
  readonly width?: 'narrow' | 'wide'
  readonly lead?: string | undefined
  readonly notice?: Notice | undefined
  /** Whom to ask, as the administrator wrote it; shown under the card. */
  readonly helpContact?: string | undefined
}

/** Shows one step in a centred card, with its heading, an optional lead sentence and the help contact under it. */
export function StepPage({
  frame,
  title,
  hasProblem,
  goesOnTo,
  width = 'narrow',
  lead,
  notice,
  ...props
}: StepPageProps) {
  const measure = width === 'wide' ? 'max-w-3xl' : 'max-w-[27rem]'
  return (
    <Document frame={frame} title={title} hasProblem={hasProblem} goesOnTo={goesOnTo}>
      <div
        class={`mx-auto flex w-full grow flex-col px-4 py-8 sm:py-12 ${width === 'narrow' ? 'sm:justify-center' : ''}`}
      >
        <header class={`mx-auto mb-6 flex w-full items-center justify-center gap-3 print:hidden ${measure}`}>
          <Mark frame={frame} class="size-9" />
          <span class="text-lg font-semibold tracking-tight break-anywhere">{frame.serviceName}</span>
        </header>
        <main id="content" tabindex={-1} class={`mx-auto w-full ${measure}`}>
          <div class="panel px-5 py-7 sm:px-9 sm:py-9">
            <h1 class="text-2xl font-semibold tracking-tight text-balance break-anywhere">{title}</h1>
            {lead !== undefined && <p class="mt-2 text-soft text-pretty break-anywhere">{lead}</p>}
            <Notices notice={notice} class="mt-5" />
            {props.children}
          </div>
        </main>
        <footer class={`mx-auto mt-6 w-full text-center text-sm print:hidden ${measure}`}>
          <HelpContact frame={frame} contact={props.helpContact} />
        </footer>
      </div>
    </Document>
  )
}
