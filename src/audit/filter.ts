// What somebody looks for in the audit log, as they wrote it, and as it is asked of the database. Whatever cannot be looked
// for is named as a fault, and never reaches a query.

import { days, type Instant, parseDay } from '../time.ts'

/** What can be asked for, as text: from an address, a form, a command line. */
export interface FilterTexts {
  /** The name of an event, or of a group of them with `.*` behind: `totp.*`. */
  event: string
  /** Part of somebody's address, or the id of an account, also of one that is gone: who did it. */
  actor: string
  /** The same: whom it concerns. */
  subject: string
  /** The beginning of a network address. */
  address: string
  /** The first and the last day, in UTC: `2026-11-24`. */
  since: string
  until: string
}

export type FilterField = keyof FilterTexts

export interface Filter {
  event: { name: string } | { group: string } | null
  actor: string | null
  subject: string | null
  address: string | null
  /** From this instant on. */
  since: Instant | null
  /** Before this instant. */
  before: Instant | null
}

export const noTexts: FilterTexts = { event: '', actor: '', subject: '', address: '', since: '', until: '' }
export const filterFields = Object.keys(noTexts) as readonly FilterField[]
export const everything: Filter = { event: null, actor: null, subject: null, address: null, since: null, before: null }

const longest = 200

/** Reads what is looked for. `faults` names the fields that cannot be looked for; they are left out of the filter. */
export function parseFilter(texts: FilterTexts): { filter: Filter; faults: FilterField[] } {
  const faults: FilterField[] = []
  const read = <Value>(field: FilterField, parse: (text: string) => Value | null): Value | null => {
    const text = texts[field].trim()
    if (text === '') return null
    const value = parse(text)
    if (value === null) faults.push(field)
    return value
  }
  const since = read('since', parseDay)
  const lastDay = read('until', parseDay)
  if (since !== null && lastDay !== null && lastDay < since) faults.push('until')
  const filter = {
    event: read('event', parseEvent),
    actor: read('actor', parseText),
    subject: read('subject', parseText),
    address: read('address', parseText),
    since,
    before: lastDay === null ? null : lastDay + days(1),
  }
  return { filter, faults }
}

/** Names what a filter narrows by, without the values: they are nobody's business in an event. */
export function narrowedBy(filter: Filter): FilterField[] {
  const named: Record<FilterField, unknown> = { ...filter, until: filter.before }
  return filterFields.filter((field) => named[field] !== null)
}

function parseEvent(text: string): Filter['event'] {
  const [, name = '', group] = /^([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)?)(\.\*)?$/.exec(text) ?? []
  if (name === '' || text.length > longest) return null
  return group === undefined ? { name } : { group: name }
}

/** U+0000 and other control characters are in nothing that was recorded, and PostgreSQL cannot be asked for the first. */
function parseText(text: string): string | null {
  return text.length > longest || /\p{Cc}/u.test(text) || !text.isWellFormed() ? null : text
}
