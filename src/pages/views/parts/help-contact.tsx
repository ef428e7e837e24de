/**
 * Whom to ask for help, as the administrator wrote it. Becomes a link only when it is plainly an e-mail or https address.
 */
import type { Frame } from './frame.ts'

interface HelpContactProps {
  readonly frame: Frame
  readonly contact: string | undefined
}

/** Shows "Need help?" and the contact; nothing where no contact is set. */
export function HelpContact({ frame, contact }: HelpContactProps) {
  const text = contact?.trim()
  if (!text) return null
  const href = contactLink(text)
  return (
    <p class="text-soft break-anywhere">
      {frame.t('help.question')}{' '}
      {href === undefined ? (
        <span class="font-medium text-base-content">{text}</span>
      ) : (
        <a class="link inline-block leading-6" href={href}>
          {text}
        </a>
      )}
    </p>
  )
}

function contactLink(text: string): string | undefined {
  if (/^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+$/.test(text)) return `mailto:${text}`
  return /^https:\/\/\S+$/.test(text) ? text : undefined
}
