// What is left of the service while wrong passwords arrive, 500 a second, from everywhere and for everybody: so that no count
// of guesses stops them, and each asks for a hash. People who check in meanwhile, people who sign in from a browser that is
// known, and people who sign in from a new one.

import { setTimeout as wait } from 'node:timers/promises'
import { openDatabase } from '../../src/database/database.ts'
import type { DataKey } from '../../src/secrets/data-key.ts'
import { issueKnownBrowser } from '../../src/sign-in/known-browsers.ts'
import { Connection } from '../driver/connection.ts'
import { flood, load } from '../driver/load.ts'
import { writeRequest } from '../driver/requests.ts'
import { signIn, Unexpected } from '../driver/sign-in.ts'
import { type Figure, ms, number, percent } from '../report.ts'
import { emailOf, idOf, scattered } from '../seeding/people.ts'
import { passwordChangedAt } from '../seeding/rows.ts'
import { newestKey, refresh } from '../seeding/seed.ts'
import type { RunningProcess } from '../stage/service.ts'
import type { Stage } from '../stage/stage.ts'
import { percentile } from '../statistics.ts'
import { type Context, type Measure, withService } from './measure.ts'
import { apiCheck, checkSessions } from './session-check.ts'

const clients = 8

/** Measures session checks and sign-ins, undisturbed and under guesses. */
export const measureGuessing: Measure = async (context, kind) => {
  const { users, guesses } = context.options
  const stage = await context.theatre.open(kind, users)
  return withService(stage, async (service) => {
    const check = async () => (await checkSessions(context, stage, service, { check: apiCheck })).stretch
    const undisturbed = percentile((await check()).durations, 0.99)
    const disturbed = percentile((await underGuesses(context, stage, service, check)).durations, 0.99)
    const figures: Figure[] = [
      {
        what: `session check under ${guesses} guesses/s`,
        database: kind,
        measured: `p99 ${ms(disturbed)}`,
        ceiling: `p99 ${ms(undisturbed)} undisturbed`,
        share: `× ${number(disturbed / undisturbed)}`,
        aim: '≤ × 5',
        met: disturbed / undisturbed <= 5,
      },
    ]
    for (const browser of ['known', 'new'] as const) {
      const rate = () => signInRate(context, stage, service, browser)
      const [alone, crowded] = [await rate(), await underGuesses(context, stage, service, rate)]
      figures.push({
        what: `sign-in from a ${browser} browser under ${guesses} guesses/s`,
        database: kind,
        measured: `${number(crowded)}/s`,
        ceiling: `${number(alone)}/s undisturbed`,
        share: percent(crowded / alone),
        aim: '≥ 50 %',
        met: crowded / alone >= 0.5,
      })
    }
    return figures
  })
}

/** Does something while wrong passwords arrive for the upper half of the people; the lower half is left to sign in. */
async function underGuesses<Result>(
  { options, say }: Context,
  stage: Stage,
  { port }: RunningProcess,
  act: () => Promise<Result>,
): Promise<Result> {
  const half = Math.floor(stage.users / 2)
  const guess = (n: number) => {
    const person = half + (n % half)
    const form = { email: emailOf(person), password: 'not the password of anybody', next: '' }
    return writeRequest({ port, method: 'POST', path: '/sign-in', person, form })
  }
  const guesses = flood(port, options.guesses, guess)
  try {
    return await act()
  } finally {
    const answers = [...(await guesses.stop())].map(([status, count]) => `${count} × ${status || 'no answer'}`)
    say(`guesses were answered ${answers.join(', ')}\n`)
    await untilWorkedOff(port, guess)
  }
}

/** Guesses that have come in are worked off in turn, whether or not anybody still waits for the answer; so is one more. */
async function untilWorkedOff(port: number, guess: (n: number) => string): Promise<void> {
  const connection = await Connection.open(port)
  while ((await connection.send(guess(0))).status === 503) await wait(100)
  connection.close()
}

/** What the cookies of known browsers are signed with. */
async function keyOf({ database }: Stage): Promise<DataKey> {
  const db = await openDatabase(database)
  return newestKey(db).finally(() => db.destroy())
}

/** Sign-ins a second by 8 clients that try again when they are told that the service is busy. */
async function signInRate(
  { options, say }: Context,
  stage: Stage,
  service: RunningProcess,
  browser: 'known' | 'new',
): Promise<number> {
  say(`${stage.kind}: sign-in from a ${browser} browser`)
  const now = Date.now()
  await refresh(stage.database, now)
  const people = scattered(Math.floor(stage.users / 2))
  const key = await keyOf(stage)
  let [turns, done] = [0, 0]
  const parties = { services: [service.pid], database: stage.databasePid }
  const where = { ports: [service.port], clients, seconds: options.seconds }
  const stretch = await load(where, parties, async (connection) => {
    if (turns >= stage.users / 2 - 1) return false
    const person = people(turns++)
    const owner = { userId: idOf('user', person), passwordChangedAt, knownSince: null }
    try {
      await signIn(connection, service.port, person, browser === 'known' ? issueKnownBrowser(key, owner, now) : null)
      done += 1
    } catch (error) {
      if (!(error instanceof Unexpected) || error.status !== 503) throw error
    }
    return true
  })
  return done / stretch.wall
}
