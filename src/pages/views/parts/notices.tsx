/**
 * What a page has to say about what just happened or what needs attention. Faults interrupt (`role=alert`), the rest is
 * told when the screen reader is free (`role=status`); colour is never the only sign.
 */
import type { Child } from 'hono/jsx'
import type { Notice } from './frame.ts'
import { Icon, type IconName } from './icon.tsx'

const looks: Record<Notice['kind'], { readonly box: string; readonly icon: IconName }> = {
  success: { box: 'notice-success', icon: 'check' },
  info: { box: 'notice-info', icon: 'info' },
  warning: { box: 'notice-warning', icon: 'warning' },
  error: { box: 'notice-error', icon: 'warning' },
}

interface NoticeBoxProps {
  readonly kind: Notice['kind']
  readonly class?: string | undefined
  /** Leaves the role out where the text was there from the start and is part of the page, not news. */
  readonly quiet?: boolean
  readonly id?: string
  readonly children?: Child
}

/** Shows one notice with its icon; the content may hold paragraphs, lists and links. */
export function NoticeBox({ kind, class: classes = '', quiet = false, id, children }: NoticeBoxProps) {
  const role = quiet ? undefined : kind === 'error' ? 'alert' : 'status'
  return (
    <div id={id} role={role} class={`notice ${looks[kind].box} ${classes}`}>
      <Icon name={looks[kind].icon} class="mt-0.5 size-5" />
      <div class="min-w-0 grow">{children}</div>
    </div>
  )
}

/** Shows the notice that a route passed on, if any. */
export function Notices({ notice, class: classes }: { readonly notice: Notice | undefined; readonly class?: string }) {
  if (notice === undefined) return null
  return (
    <NoticeBox kind={notice.kind} class={classes}>
      <p>{notice.text}</p>
    </NoticeBox>
  )
}
