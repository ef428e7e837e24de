/**
 * What the pages of the audit log share: an event as it is shown, and the people that it names.
 */
import type { Frame } from './frame.ts'

/** Describes somebody whom an event names: by address, or by id where the account is gone. */
export interface ShownPerson {
  readonly name: string
  readonly isGone: boolean
  /** Their page; null where there is none to open. */
  readonly href: string | null
}

/** Describes one event of the log. */
export interface ShownEvent {
  readonly id: string
  readonly at: number
  /** The name that programs know. */
  readonly name: string
  /** What people call it. */
  readonly words: string
  readonly actor: ShownPerson | null
  readonly subject: ShownPerson | null
  readonly address: string | null
}

/** Shows a person as a link to their page, or as text; a dash for nobody. */
export function PersonName({ frame: { t }, person }: { readonly frame: Frame; readonly person: ShownPerson | null }) {
  if (!person) return <NobodyMark label={t('auditLog.nobody')} />
  if (person.href !== null)
    return (
      <a href={person.href} class="link-plain break-anywhere">
        {person.name}
      </a>
    )
  return (
    <span class="break-anywhere">{person.isGone ? t('auditLog.deletedUser', { id: person.name }) : person.name}</span>
  )
}

function NobodyMark({ label }: { readonly label: string }) {
  return (
    <span class="text-soft">
      <span aria-hidden="true">–</span>
      <span class="sr-only">{label}</span>
    </span>
  )
}
