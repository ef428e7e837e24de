/**
 * One run: people move in, clients walk through scenes without a pause, something is done to the processes or their database
 * meanwhile, and in the end the history is judged. A run fails on faults only; what it measures on the way it tells.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type Chance, chanceOf } from './chance.ts'
import { createExaminer } from './evidence.ts'
import { countOutcomes, type History, openHistory } from './history.ts'
import { judge } from './judge.ts'
import {
  againScene,
  type Client,
  codeScene,
  linkScene,
  plainScene,
  raceScene,
  recoveryScene,
  watchScene,
} from './scenes.ts'
import { accountScene, endingScene, enforcementScene, type Office, resetScene } from './scenes-of-administrators.ts'
import type { Stage } from './stage.ts'
import { foundTown, type Town } from './town.ts'
import { openWay, type Way } from './way.ts'

export interface RunOptions {
  stage: Stage
  seed: number
  clients: number
  people: { administrator: number; protected: number; plain: number }
  /** How long a client waits for an answer. */
  patience: number
  /** Does what the service has to live through, for as long as the run is to last. */
  nemesis(arena: Arena): Promise<void>
}

/** For so long a slow machine is waited for, before the next disturbance. */
const longestWait = 15_000

/** What whoever disturbs has at hand. */
export interface Arena {
  stage: Stage
  way: Way
  chance: Chance
  /** Waits until so many more things have been acknowledged: whatever comes next then has something to lose. */
  untilDone(more: number): Promise<void>
  /** Looks into the database, and has every client begin with what was used before. */
  afterwards(options: { wholeChain: boolean }): Promise<void>
  faults: string[]
}

export interface Report {
  outcomes: ReturnType<typeof countOutcomes>
  history: History
  ways: Client['ways']
  faults: readonly string[]
}

/** Runs it. The stage is the caller's to close. */
export async function run({ stage, seed, clients, people, patience, nemesis }: RunOptions): Promise<Report> {
  const history = openHistory()
  const way = openWay(stage.ports, patience)
  const town = await stage.inDatabase((db) => foundTown(db, stage.keys, history, people))
  const examiner = createExaminer(history, stage.keys)
  const faults: string[] = []
  const surprises: string[] = []
  const ways = { carriedOver: 0, outlived: 0 }
  const again = new Set<string>()
  const isOver = { now: false }
  const names = Array.from({ length: clients }, (_, number) => `client ${number}`)
  const walks = names.map((by, number) => {
    const client: Client = { by, history, stage, way, town, surprises, ways, chance: chanceOf(seed, by) }
    return walk(client, officeOf(town, number), again, isOver)
  })
  const examine = (wholeChain: boolean) =>
    withPatience(() => stage.inDatabase((db) => examiner.examine(db, { wholeChain })))
  const arena: Arena = {
    stage,
    way,
    chance: chanceOf(seed, 'nemesis'),
    faults,
    untilDone: async (more) => {
      const until = history.acknowledged + more
      for (const end = performance.now() + longestWait; history.acknowledged < until && performance.now() < end; )
        await wait(10)
    },
    afterwards: async ({ wholeChain }) => {
      for (const name of names) again.add(name)
      faults.push(...(await examine(wholeChain)))
    },
  }
  try {
    await nemesis(arena)
  } finally {
    isOver.now = true
    await Promise.all(walks)
    way.close()
  }
  faults.push(...(await examine(true)), ...surprises)
  faults.push(...way.faults.map(({ request, says }) => `${says}, and it wrote: ${stage.saidAbout(request)}`))
  faults.push(...judge(history.entries).map(({ rule, says }) => `${rule}: ${says}`))
  return { outcomes: countOutcomes(history.entries), history, ways, faults: [...new Set(faults)] }
}

function officeOf({ people }: Town, number: number): Office | null {
  const person = people.filter(({ kind }) => kind === 'administrator')[number]
  return person ? { person, caller: null, since: 0 } : null
}

const scenes: readonly (readonly [number, (client: Client) => Promise<void>])[] = [
  [6, codeScene],
  [2, raceScene],
  [2, recoveryScene],
  [3, plainScene],
  [3, watchScene],
  [2, linkScene],
  [2, againScene],
]

const scenesOfAdministrators: readonly (readonly [number, (client: Client, office: Office) => Promise<void>])[] = [
  [2, accountScene],
  [2, endingScene],
  [2, enforcementScene],
  [2, resetScene],
]

async function walk(
  client: Client,
  office: Office | null,
  again: Set<string>,
  isOver: { now: boolean },
): Promise<void> {
  const { by, chance, surprises } = client
  while (!isOver.now) {
    try {
      if (again.delete(by)) await againScene(client)
      else if (office !== null && chance.happens(0.6)) await chance.weigh(scenesOfAdministrators)(client, office)
      else await chance.weigh(scenes)(client)
    } catch (error) {
      // What the clients do past the service, in a database that may just be away.
      if (isOfTheDatabase(error)) await wait(50)
      else surprises.push(`${by} gave up: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
}

function isOfTheDatabase(error: unknown): boolean {
  return error instanceof Error && error.name === 'DatabaseUnavailable'
}

/** The database may have been restarted a moment ago. */
async function withPatience<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act()
    } catch (error) {
      if (tries === 20) throw error
      await wait(250)
    }
  }
}
