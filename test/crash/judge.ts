/**
 * Judges a history: could a service that keeps its promises have answered like this? Pure. It never condemns what may have
 * been right: what nobody could say may have been done, at any time since, or not; and of what happened at the same time
 * either may have come first. What it finds is therefore a fault.
 */
import { credentialKey, type Entry, type Reading } from './history.ts'

export interface Fault {
  rule: 'spent twice' | 'step back' | 'not so any more' | 'refused for nothing'
  /** The operations that cannot all have been answered like this. */
  operations: readonly number[]
  says: string
}

interface Operation {
  id: number
  asked: Extract<Entry, { is: 'invoke' }>
  invoked: number
  /** By when it had been done; for ever open where nobody can say. */
  ended: number
  outcome: 'done' | 'refused' | 'unknown'
  told: Extract<Entry, { is: 'ok' }> | null
  oneOf: readonly Reading[]
}

interface Write {
  operation: Operation
  value: string
  /** By when it had taken effect, as far as anybody can tell. */
  by: number
}

/** Judges the whole history. No fault is told twice. */
export function judge(entries: readonly Entry[]): Fault[] {
  const operations = readOperations(entries)
  const writes = collectWrites(operations)
  return [...spentTwice(operations), ...stepsBack(operations), ...wrongReadings(operations, writes)]
}

function readOperations(entries: readonly Entry[]): Operation[] {
  const operations = new Map<number, Operation>()
  for (const [place, entry] of entries.entries()) {
    if (entry.is === 'invoke') {
      const open = {
        invoked: place,
        ended: Number.POSITIVE_INFINITY,
        outcome: 'unknown' as const,
        told: null,
        oneOf: [],
      }
      operations.set(entry.operation, { id: entry.operation, asked: entry, ...open })
      continue
    }
    const operation = operations.get(entry.operation)
    if (!operation) throw new Error(`Operation ${entry.operation} ended and was never invoked.`)
    if (entry.is === 'ok') Object.assign(operation, { outcome: 'done', ended: place, told: entry })
    else if (entry.is === 'found') Object.assign(operation, { outcome: 'done', ended: place })
    else if (entry.is === 'fail') Object.assign(operation, { outcome: 'refused', ended: place, oneOf: entry.oneOf })
  }
  return [...operations.values()]
}

function spentTwice(operations: readonly Operation[]): Fault[] {
  const first = new Map<string, Operation>()
  const faults: Fault[] = []
  for (const operation of operations) {
    if (operation.outcome !== 'done') continue
    for (const thing of operation.asked.effects.spends ?? []) {
      const before = first.get(thing)
      if (before)
        faults.push(
          fault(
            'spent twice',
            [before, operation],
            `${thing} was accepted twice, as ${nameOf(before)} and as ${nameOf(operation)}`,
          ),
        )
      else first.set(thing, operation)
    }
  }
  return faults
}

/** Of two steps that were accepted one after the other, the later must be the newer. */
function stepsBack(operations: readonly Operation[]): Fault[] {
  const faults: Fault[] = []
  const newest = new Map<string, Operation[]>()
  const stepOf = ({ asked }: Operation) => asked.effects.step?.step ?? 0
  for (const operation of operations) {
    const { step } = operation.asked.effects
    if (operation.outcome !== 'done' || !step) continue
    const others = newest.get(step.factor) ?? []
    const before = others.find((other) => other.ended < operation.invoked && stepOf(other) >= step.step)
    if (before)
      faults.push(
        fault(
          'step back',
          [before, operation],
          `${step.factor} was accepted for step ${step.step} after ${stepOf(before)}`,
        ),
      )
    newest.set(step.factor, [...others, operation])
  }
  return faults
}

function collectWrites(operations: readonly Operation[]): Map<string, Write[]> {
  const writes = new Map<string, Write[]>()
  const add = (key: string, operation: Operation, value: string) => {
    const known = writes.get(key) ?? []
    writes.set(key, known)
    known.push({ operation, value, by: operation.outcome === 'done' ? operation.ended : Number.POSITIVE_INFINITY })
  }
  const granted = new Map<string, { credential: string; operation: Operation }[]>()
  for (const operation of operations) {
    const grants = operation.told?.grants
    if (!grants) continue
    granted.set(grants.owner, [...(granted.get(grants.owner) ?? []), { credential: grants.credential, operation }])
    add(credentialKey(grants.credential), operation, 'live')
  }
  for (const operation of operations) {
    if (operation.outcome === 'refused') continue
    const { writes: values = {}, ends = [] } = operation.asked.effects
    for (const [key, value] of Object.entries(values)) add(key, operation, value)
    for (const { owner, but } of ends)
      for (const grant of granted.get(owner) ?? [])
        if (grant.operation !== operation && grant.credential !== but)
          add(credentialKey(grant.credential), operation, 'ended')
  }
  bringForward(operations, writes)
  return writes
}

/** What was seen by somebody had been done by then, if there is nothing else that they can have seen. */
function bringForward(operations: readonly Operation[], writes: Map<string, Write[]>): void {
  for (const { told, oneOf, ended } of operations) {
    const seenIn = (readings: readonly Reading[]) => {
      const seen = readings.flatMap((reading) =>
        (writes.get(reading.key) ?? []).filter((write) => fits(reading, write) && write.operation.invoked < ended),
      )
      if (seen.length === 1 && seen[0]) seen[0].by = Math.min(seen[0].by, ended)
    }
    for (const reading of told?.shows ?? []) seenIn([reading])
    seenIn(oneOf)
  }
}

function wrongReadings(operations: readonly Operation[], writes: Map<string, Write[]>): Fault[] {
  const faults: Fault[] = []
  for (const operation of operations) {
    const possible = (reading: Reading) => contradictions(operation, reading, writes.get(reading.key) ?? [])
    for (const reading of operation.told?.shows ?? []) {
      const against = possible(reading)
      if (against)
        faults.push(
          fault(
            'not so any more',
            [operation, ...against],
            `${nameOf(operation)} was answered as if ${wordsFor(reading)}, after ${against.map(nameOf).join(', ') || 'nothing that made it so'}`,
          ),
        )
    }
    if (operation.outcome !== 'refused' || operation.oneOf.length === 0) continue
    if (operation.oneOf.every((reading) => possible(reading) !== null))
      faults.push(
        fault(
          'refused for nothing',
          [operation],
          `${nameOf(operation)} was refused, and neither was it so that ${operation.oneOf.map(wordsFor).join(', nor that ')}`,
        ),
      )
  }
  return faults
}

/**
 * Null when the reading may have been true at some time while the operation ran: some write made it so, and nothing else is
 * known to have come between that write and the operation. Otherwise, what came between.
 */
function contradictions(reader: Operation, reading: Reading, writes: readonly Write[]): Operation[] | null {
  const against: Operation[] = []
  for (const write of writes) {
    if (!fits(reading, write) || write.operation.invoked > reader.ended) continue
    const between = writes.find(
      (other) => !fits(reading, other) && write.by < other.operation.invoked && other.by < reader.invoked,
    )
    if (!between) return null
    against.push(between.operation)
  }
  return [...new Set(against)]
}

function fits(reading: Reading, { value }: Write): boolean {
  return 'is' in reading ? value === reading.is : value !== reading.not
}

function fault(rule: Fault['rule'], operations: readonly Operation[], says: string): Fault {
  return { rule, operations: operations.map(({ id }) => id), says }
}

function nameOf({ id, asked }: Operation): string {
  return `${asked.what} #${id}`
}

function wordsFor(reading: Reading): string {
  return 'is' in reading ? `${reading.key} was ${reading.is}` : `${reading.key} was not ${reading.not}`
}
