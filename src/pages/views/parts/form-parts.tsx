/**
 * Small pieces that many forms share: where to go afterwards, the summary of several problems, sign-out, copy buttons.
 */
import type { Frame, Problems } from './frame.ts'
import { Icon } from './icon.tsx'
import { NoticeBox } from './notices.tsx'

/** Carries the place the person wanted to go to through a form; nothing where none is known. */
export function NextField({ next }: { readonly next: string | undefined }) {
  return next === undefined ? null : <input type="hidden" name="next" value={next} />
}

/** Adds `next` to the address of a link, so that it survives a detour. */
export function withNext(path: string, next: string | undefined): string {
  return next === undefined ? path : `${path}?next=${encodeURIComponent(next)}`
}

interface ProblemSummaryProps<Name extends string> {
  readonly frame: Frame
  readonly problems: Problems<Name>
  readonly order: readonly Name[]
}

/** Lists the problems of a form with links to the fields; only where there are several, as one is beside its field. */
export function ProblemSummary<Name extends string>({ frame, problems, order }: ProblemSummaryProps<Name>) {
  const faulty = order.filter((name) => problems[name] !== undefined)
  if (faulty.length < 2) return null
  return (
    <NoticeBox kind="error" class="mt-5">
      <h2 class="font-semibold">{frame.t('problems.title')}</h2>
      <ul class="mt-1 list-disc ps-5">
        {faulty.map((name) => (
          <li>
            <a class="link-plain inline-block leading-6" href={`#${name}`}>
              {problems[name]}
            </a>
          </li>
        ))}
      </ul>
    </NoticeBox>
  )
}

interface SignOutProps {
  readonly frame: Frame
  readonly label?: string
  readonly class?: string
}

/** Shows the button that ends the session, or the sign-in that is going on. */
export function SignOut({ frame, label, class: classes = 'btn btn-ghost' }: SignOutProps) {
  return (
    <form method="post" action="/sign-out">
      <button type="submit" class={classes}>
        {label ?? frame.t('signOut.button')}
      </button>
    </form>
  )
}

interface CopyButtonProps {
  readonly frame: Frame
  /** The id of what is copied: its `data-copy` value, a field's value, or the lines of a list. */
  readonly from: string
  readonly label: string
  readonly class?: string
}

/** Shows a copy button, revealed by script, which says "Copied" aloud and on itself. */
export function CopyButton({ frame: { t }, from, label, class: classes = 'btn btn-sm' }: CopyButtonProps) {
  return (
    <>
      <button type="button" hidden data-needs-script data-copy-from={from} class={classes}>
        <Icon name="copy" class="size-4" />
        <span data-copy-label data-copied={t('copy.done')} data-failed={t('copy.failed')}>
          {label}
        </span>
      </button>
      <span class="sr-only" role="status" data-copy-status={from} />
    </>
  )
}

interface FormButtonsProps {
  readonly frame: Frame
  /** What the button says that sends the form. */
  readonly submit: string
  /** Where the way back leads. */
  readonly cancel: string
  /** True for what cannot be undone. */
  readonly danger?: boolean | undefined
}

/** Shows the button that sends a form, and the way back beside it. */
export function FormButtons({ frame, submit, cancel, danger = false }: FormButtonsProps) {
  return (
    <div class="form-buttons">
      <button type="submit" class={`btn ${danger ? 'btn-error' : 'btn-primary'}`}>
        {submit}
      </button>
      <a href={cancel} class="btn btn-ghost">
        {frame.t('form.cancel')}
      </a>
    </div>
  )
}
