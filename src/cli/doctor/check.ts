// What a check finds: all is well, something is worth a look, or something does not work; and what to do then.

import { hours, minutes } from '../../time.ts'

export interface Result {
  state: 'ok' | 'warn' | 'fail'
  /** What was looked at, in a word or two. */
  about: string
  /** What was found. */
  says: string
  /** What to do; nothing where all is well. */
  todo?: string
}

/** Says that all is well. */
export const ok = (about: string, says: string): Result => ({ state: 'ok', about, says })
/** Says that something is worth a look. */
export const warn = (about: string, says: string, todo: string): Result => ({ state: 'warn', about, says, todo })
/** Says that something does not work. */
export const fail = (about: string, says: string, todo: string): Result => ({ state: 'fail', about, says, todo })

/** Writes a length of time as people say it, to the nearest unit. */
export function lengthOf(milliseconds: number): string {
  const [count, unit] =
    milliseconds < minutes(1)
      ? [Math.round(milliseconds / 1000), 'second']
      : milliseconds < minutes(59.5)
        ? [Math.round(milliseconds / minutes(1)), 'minute']
        : milliseconds < hours(48)
          ? [Math.round(milliseconds / hours(1)), 'hour']
          : [Math.round(milliseconds / hours(24)), 'day']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
