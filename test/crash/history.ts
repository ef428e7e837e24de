/**
 * What clients asked of the service and what they were told, in the order in which it happened: for each operation first that
 * it was invoked, with everything that it may do, then that it went well, was refused, or that nobody can say. What nobody
 * could say may later be found to have been done after all.
 */

/** A claim about something that can change: what it is, or what it is not. */
export type Reading = { key: string; is: string } | { key: string; not: string }

/** What an operation does if it is done. */
export interface Effects {
  /** Gives each key a value. */
  writes?: Readonly<Record<string, string>>
  /** Uses these up, for ever. */
  spends?: readonly string[]
  /** Uses up a step of an authenticator, and with it every older one. */
  step?: { factor: string; step: number }
  /** Ends everything that was granted to each owner before, but for one. */
  ends?: readonly { owner: string; but?: string }[]
}

export interface Asked {
  by: string
  /** In a word, such as `change-password`. */
  what: string
  /** The number of the request, by which its trace in the audit log can be found. */
  request: string
  /** The event that it leaves in the audit log if it is done; null where it may leave none. */
  leaves: string | null
  effects: Effects
}

/** What somebody was told for whom it went well. */
export interface Told {
  /** All of this was so at some time while it was asked. */
  shows?: readonly Reading[]
  /** What opens something from now on, until it is ended. */
  grants?: { credential: string; owner: string }
}

export type Entry =
  | ({ is: 'invoke'; operation: number } & Asked)
  | ({ is: 'ok'; operation: number } & Told)
  /** Refused, and at least one of these was so at some time while it was asked; none are given where it may be for anything. */
  | { is: 'fail'; operation: number; oneOf: readonly Reading[] }
  | { is: 'unknown'; operation: number; why: string }
  | { is: 'found'; operation: number }

/** The key under which it is kept whether something that was granted still opens anything. */
export function credentialKey(credential: string): string {
  return `credential:${credential}`
}

export interface History {
  readonly entries: readonly Entry[]
  /** How much has gone well so far. */
  readonly acknowledged: number
  /** Writes down that something is asked, and gives the number under which the answer is written down. */
  invoke(asked: Asked): number
  ok(operation: number, told?: Told): void
  fail(operation: number, oneOf?: readonly Reading[]): void
  unknown(operation: number, why: string): void
  found(operation: number): void
  /** Writes down what is so before anybody asks for anything. */
  begin(writes: Readonly<Record<string, string>>): void
}

/** Opens an empty history. */
export function openHistory(): History {
  const entries: Entry[] = []
  let operations = 0
  let acknowledged = 0
  const history: History = {
    entries,
    get acknowledged() {
      return acknowledged
    },
    invoke: (asked) => {
      operations += 1
      entries.push({ is: 'invoke', operation: operations, ...asked })
      return operations
    },
    ok: (operation, told = {}) => {
      acknowledged += 1
      entries.push({ is: 'ok', operation, ...told })
    },
    fail: (operation, oneOf = []) => void entries.push({ is: 'fail', operation, oneOf }),
    unknown: (operation, why) => void entries.push({ is: 'unknown', operation, why }),
    found: (operation) => void entries.push({ is: 'found', operation }),
    begin: (writes) => {
      const asked = { by: 'nobody', what: 'begin', request: '', leaves: null, effects: { writes } }
      history.ok(history.invoke(asked))
    },
  }
  return history
}

/** Counts operations by what they were and how they ended. What has not ended yet counts as unknown. */
export function countOutcomes(entries: readonly Entry[]): Map<string, { ok: number; fail: number; unknown: number }> {
  const ends = new Map(entries.map((entry) => [entry.operation, entry.is === 'found' ? 'ok' : entry.is]))
  const counts = new Map<string, { ok: number; fail: number; unknown: number }>()
  for (const entry of entries) {
    if (entry.is !== 'invoke' || entry.what === 'begin') continue
    const count = counts.get(entry.what) ?? { ok: 0, fail: 0, unknown: 0 }
    const end = ends.get(entry.operation)
    count[end === 'ok' || end === 'fail' ? end : 'unknown'] += 1
    counts.set(entry.what, count)
  }
  return counts
}
