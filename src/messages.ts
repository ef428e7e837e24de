/**
 * The message catalogue: every string a person sees, in every language we have, and the writing of dates. A language
 * that lacks a message shows the English one, so a page is never blank. Imports nothing else from `src`.
 */
import { createIntl, createIntlCache } from '@formatjs/intl'
import en from '../messages/en.json' with { type: 'json' }

/** Names one message; the English file is the list of all of them. */
export type MessageId = keyof typeof en

/** Holds what a message's placeholders stand for. */
export type MessageValues = Readonly<Record<string, string | number | Date>>

/** Chooses how much of a moment is written: the day (in full, or short for tables), the second (for tables), or the minute alone. */
export type InstantStyle = 'date' | 'short-date' | 'date-time' | 'second' | 'time'

/** Speaks one language: its messages, its writing direction, its dates. */
export interface Messages {
  readonly locale: string
  readonly dir: 'ltr' | 'rtl'
  /** Gives the text of a message, its placeholders filled in; plain text, not yet escaped for HTML. */
  t(id: MessageId, values?: MessageValues): string
  /** Writes a moment (milliseconds since 1970); hours always carry their time zone, which is UTC unless named. */
  formatInstant(instant: number, style: InstantStyle, timeZone?: string): string
}

interface Language {
  readonly name: string
  readonly dir: 'ltr' | 'rtl'
  readonly messages: Partial<Record<MessageId, string>>
}

const fallback = 'en'

const languages = new Map<string, Language>([['en', { name: 'English', dir: 'ltr', messages: en }]])

/** Lists the languages a person may choose from, each named in itself. */
export const availableLanguages: readonly { readonly tag: string; readonly name: string }[] = [...languages].map(
  ([tag, { name }]) => ({ tag, name }),
)

const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' }
const date: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'long', day: 'numeric' }
const instantStyles: Record<InstantStyle, Intl.DateTimeFormatOptions> = {
  date,
  'short-date': { ...date, month: 'short' },
  time,
  'date-time': { ...date, ...time },
  second: { ...date, month: 'short', ...time, second: '2-digit' },
}

const cache = createIntlCache()
const spoken = new Map<string, Messages>()

/** Gives the messages of a locale, or of the nearest one we have (`de-AT` → `de` → English). Made once, then kept. */
export function messagesFor(locale: string): Messages {
  const tag = nearestLanguage(locale)
  const known = spoken.get(tag)
  if (known !== undefined) return known
  const messages = speak(tag, languages.get(tag) ?? { name: 'English', dir: 'ltr', messages: en })
  spoken.set(tag, messages)
  return messages
}

/** Picks the best language we have for an `Accept-Language` header; English when none fits. */
export function languageFromHeader(header: string | undefined): string {
  const wishes = (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(';')
      const weight = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean)
      return { tag, weight: weight === undefined ? 1 : Number(weight) }
    })
    .filter(({ tag, weight }) => weight > 0 && languages.has(baseLanguage(tag)))
    .sort((one, other) => other.weight - one.weight)
  return nearestLanguage(wishes[0]?.tag ?? fallback)
}

function speak(tag: string, { dir, messages }: Language): Messages {
  const intl = createIntl(
    { locale: tag, defaultLocale: fallback, messages: { ...en, ...messages }, onError: throwError },
    cache,
  )
  // A text without placeholders is always the same, and so is the way in which a moment is written.
  const texts = new Map<MessageId, string>()
  const formats = new Map<string, Intl.DateTimeFormat>()
  return {
    locale: tag,
    dir,
    t(id, values) {
      if (values) return intl.formatMessage({ id }, { ...values })
      const known = texts.get(id)
      if (known !== undefined) return known
      const text = intl.formatMessage({ id })
      texts.set(id, text)
      return text
    },
    formatInstant(instant, style, timeZone = 'UTC') {
      const name = `${style} ${timeZone}`
      const known = formats.get(name)
      if (known !== undefined) return known.format(instant)
      const format = intl.formatters.getDateTimeFormat(tag, { ...instantStyles[style], timeZone, hourCycle: 'h23' })
      formats.set(name, format)
      return format.format(instant)
    },
  }
}

function nearestLanguage(locale: string): string {
  if (languages.has(locale)) return locale
  const base = baseLanguage(locale)
  return languages.has(base) ? base : fallback
}

function baseLanguage(tag: string): string {
  return tag.split('-', 1)[0]?.toLowerCase() ?? fallback
}

// A message that cannot be formatted (a placeholder without its value) is a bug of ours, not something to show.
function throwError(error: unknown): never {
  throw error
}
