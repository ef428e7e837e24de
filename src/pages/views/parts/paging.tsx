/**
 * The way from page to page of a long list: back to the beginning, and on to what follows. Nothing where there is one page.
 */
import type { MessageId } from '../../../messages.ts'
import type { Frame } from './frame.ts'

interface PagingProps {
  readonly frame: Frame
  /** The list. */
  readonly path: string
  /** What the list is narrowed by; it stays on every page. */
  readonly query?: Readonly<Record<string, string>>
  /** Where the next page starts; absent on the last one. */
  readonly next: string | undefined
  readonly isLaterPage: boolean | undefined
  readonly words: { readonly pages: MessageId; readonly first: MessageId; readonly next: MessageId }
}

/** Shows both links, or the one that leads somewhere. */
export function Paging({ frame: { t }, path, query = {}, next, isLaterPage = false, words }: PagingProps) {
  if (next === undefined && !isLaterPage) return null
  const address = (more: Record<string, string>) => {
    const parameters = new URLSearchParams({ ...query, ...more }).toString()
    return parameters === '' ? path : `${path}?${parameters}`
  }
  return (
    <nav aria-label={t(words.pages)} class="mt-5 flex flex-wrap justify-between gap-3">
      {isLaterPage ? (
        <a href={address({})} class="btn">
          {t(words.first)}
        </a>
      ) : (
        <span />
      )}
      {next !== undefined && (
        <a href={address({ after: next })} class="btn" rel="next">
          {t(words.next)}
        </a>
      )}
    </nav>
  )
}
