// The one place that counts. It is told of every answered request and of every audit event, looks at the hash queue and the
// database when somebody scrapes, and writes it all as Prometheus reads it. What goes wrong here is logged once and harms
// no request. Nothing else in the service knows prom-client.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Database } from '../database/database.ts'
import type { Measures } from '../measures.ts'
import type { Hashing } from '../passwords/hashing.ts'
import { type Clock, seconds } from '../time.ts'
import { type CountedAnswer, kindOf, labelsOf, stepOf } from './answers.ts'
import { createFiguresReader, type DatabaseFigures } from './database-figures.ts'
import { type RecordedEvent, signInFigure } from './sign-ins.ts'

export interface Metrics extends Measures {
  answered(answer: CountedAnswer): void
  /** Events that are committed, each told once. */
  recorded(events: readonly RecordedEvent[]): void
  /** Writes the whole as text, with its type. */
  exposition(): Promise<{ type: string; text: string }>
}

export interface MetricsParts {
  db: Database
  clock: Clock
  hashing: Pick<Hashing, 'load'>
  onFault: (error: unknown) => void
}

/** Builds what counts, with figures of its own: several services in one process do not mix. */
export function createMetrics(parts: MetricsParts): Metrics {
  const registry = new Registry()
  const { answers, durations, steps, refusedAttempts, signIns, events } = createCounters(registry)
  const update = createGauges(registry, parts)
  const eventNames = new Set<string>()
  let faults = 0

  /** Counting must not fail what is counted. */
  function harmless(count: () => void): void {
    try {
      count()
    } catch (error) {
      faults += 1
      if (faults === 1) parts.onFault(error)
    }
  }

  return {
    answered: (answer) =>
      harmless(() => {
        answers.inc(labelsOf(answer))
        durations.observe({ kind: kindOf(answer.route) }, answer.milliseconds / seconds(1))
        const step = stepOf(answer)
        if (step !== null) steps.observe(step, answer.milliseconds / seconds(1))
      }),
    attemptRefused: (limit) => harmless(() => refusedAttempts.inc({ limit: limits.includes(limit) ? limit : 'other' })),
    recorded: (recorded) => {
      for (const event of recorded)
        harmless(() => {
          events.inc({ event: bounded(eventNames, event.name) })
          const figure = signInFigure(event)
          if (figure !== null) signIns.inc({ ...figure })
        })
    },
    exposition: async () => {
      await update()
      const whole = Registry.merge([registry, processFigures()])
      return { type: whole.contentType, text: await whole.metrics() }
    },
  }
}

/** The kinds of limits there are: the first word of a limit's key. */
export const limits: readonly string[] = [
  'password',
  'second-factor',
  'guess',
  'reset-mail',
  'change-email',
  'test-mail',
  'invitation',
]

const mostEventNames = 200

/** The names of events are a closed list, but come from rows, which somebody may have tampered with. */
function bounded(known: Set<string>, name: string): string {
  if (!known.has(name) && known.size >= mostEventNames) return 'other'
  known.add(name)
  return name
}

function createCounters(registry: Registry) {
  const registers = [registry]
  const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  return {
    answers: new Counter({
      name: 'countersign_http_answers_total',
      help: 'Answered requests, by route as it was declared.',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    durations: new Histogram({
      name: 'countersign_http_answer_seconds',
      help: 'How long requests took, by kind of route.',
      labelNames: ['kind'],
      buckets,
      registers,
    }),
    steps: new Histogram({
      name: 'countersign_sign_in_step_seconds',
      help: 'How long the steps of signing in and of setting 2FA up took.',
      labelNames: ['step', 'result'],
      buckets,
      registers,
    }),
    refusedAttempts: new Counter({
      name: 'countersign_attempts_refused_total',
      help: 'Attempts that were refused unchecked because a limit had been reached, by kind of limit.',
      labelNames: ['limit'],
      registers,
    }),
    signIns: new Counter({
      name: 'countersign_sign_ins_total',
      help: 'Completed sign-ins by strongest factor, refused guesses by what was guessed at. Sum it over all processes.',
      labelNames: ['result', 'factor'],
      registers,
    }),
    events: new Counter({
      name: 'countersign_audit_events_total',
      help: 'Audit events by name, each counted by the process that linked it. Sum it over all processes.',
      labelNames: ['event'],
      registers,
    }),
  }
}

/** Makes the figures that are looked up, and gives what looks them up. */
function createGauges(registry: Registry, { db, clock, hashing }: MetricsParts): () => Promise<void> {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] })
  const running = gauge('countersign_hashes_running', 'Password hashes being computed.')
  const waiting = gauge('countersign_hashes_waiting', 'Password hashes waiting for their turn.')
  const refused = new Counter({
    name: 'countersign_hashes_refused_total',
    help: 'Password hashes refused because too many were waiting.',
    registers: [registry],
  })
  const up = gauge('countersign_database_up', '1 while the database answers, else 0; then its figures are missing.')
  const write = createDatabaseGauges(registry)
  const readFigures = createFiguresReader(db, clock)
  let refusedBefore = 0
  return async () => {
    const load = hashing.load()
    running.set(load.running)
    waiting.set(load.waiting)
    refused.inc(load.refused - refusedBefore)
    refusedBefore = load.refused
    const figures = await readFigures()
    up.set(figures === null ? 0 : 1)
    write(figures, clock())
  }
}

/** Without figures they are left out: an old one would be read as true. */
function createDatabaseGauges(registry: Registry): (figures: DatabaseFigures | null, now: number) => void {
  const gauges = [
    ['countersign_sessions', 'Sessions that have not run out; 100000 stands for that many or more.'],
    ['countersign_audit_events_unlinked', 'Audit events that have no link in the chain yet.'],
    ['countersign_outbox_waiting', 'Mails that wait to be sent.'],
    ['countersign_outbox_given_up', 'Mails that were given up, of the last thirty days.'],
    ['countersign_outbox_oldest_seconds', 'Age of the oldest mail that waits.'],
  ].map(([name = '', help = '']) => new Gauge({ name, help, labelNames: [], registers: [registry] }))
  return (figures, now) => {
    for (const one of gauges) one.remove()
    if (figures === null) return
    const { sessions, unlinkedEvents, outbox } = figures
    const age = outbox.oldestAt === null ? 0 : Math.max(0, now - outbox.oldestAt) / seconds(1)
    const values = [sessions, unlinkedEvents, outbox.waiting, outbox.givenUp, age]
    for (const [index, one] of gauges.entries()) one.set(values[index] ?? 0)
  }
}

let processRegistry: Registry | null = null

/** Figures of the process and its event loop: there is one process, however many services a test builds in it. */
function processFigures(): Registry {
  if (processRegistry === null) {
    processRegistry = new Registry()
    collectDefaultMetrics({ register: processRegistry })
  }
  return processRegistry
}
