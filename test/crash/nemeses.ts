// What is done to the processes and their database while clients are about their business. Each notes what it did and measured.

import { setTimeout as wait } from 'node:timers/promises'
import type { Cluster } from '../support/cluster.ts'
import { killMoments, strikeAt } from './kills.ts'
import type { Arena } from './run.ts'
import type { Start } from './stage.ts'

export interface Tally {
  /** How often what was done. */
  done: Map<string, number>
  /** Each start after a kill. */
  starts: Start[]
  /** How many milliseconds it took after a restart of the database until every process said again that it was ready. */
  recoveries: number[]
}

/** Nothing was done yet. */
export function newTally(): Tally {
  return { done: new Map(), starts: [], recoveries: [] }
}

export interface Disturbing {
  /** How often something is done. */
  times: number
  /** How many things are acknowledged at least before the next. */
  doneBetween: number
  /**
   * A start after a kill that takes longer, in milliseconds, is a fault, the time aside in which others had the cores. So is
   * a recovery that takes two seconds more.
   */
  readyWithin: number
  /** After how many times the whole audit chain is verified. */
  chainEvery: number
  onDone?: (times: number) => void
  /** Looked at before each time: true for enough. */
  isEnough?: () => boolean
}

type Nemesis = (arena: Arena) => Promise<void>

/** Kills a process so many times, each time starting it again and looking at what it left. */
export function killing(options: Disturbing, tally: Tally): Nemesis {
  return (arena) => repeatedly(arena, options, (times) => killOne(arena, options, tally, times))
}

/** Kills, pauses, restarts one after the other, and restarts the database, whichever comes up. */
export function disturbing(options: Disturbing, tally: Tally, cluster: Cluster): Nemesis {
  return (arena) =>
    repeatedly(arena, options, async (times) => {
      const disturbances = [
        () => killOne(arena, options, tally, times),
        () => killAll(arena, options, tally),
        () => pauseOne(arena, tally),
        () => restartOneAfterTheOther(arena, tally),
        () => restartDatabase(arena, options, tally, cluster, 'fast'),
        () => restartDatabase(arena, options, tally, cluster, 'immediate'),
      ]
      // Each in its turn, so that a short run has all of them; the moments are left to chance.
      await disturbances[times % disturbances.length]?.()
    })
}

async function repeatedly(
  arena: Arena,
  { times, doneBetween, chainEvery, onDone, isEnough }: Disturbing,
  act: (times: number) => Promise<void>,
): Promise<void> {
  for (let done = 1; done <= times && !isEnough?.(); done += 1) {
    await arena.untilDone(doneBetween)
    await act(done)
    await arena.afterwards({ wholeChain: done % chainEvery === 0 })
    onDone?.(done)
  }
}

function note({ done }: Tally, what: string): void {
  done.set(what, (done.get(what) ?? 0) + 1)
}

async function killOne(arena: Arena, options: Disturbing, tally: Tally, times: number): Promise<void> {
  const { stage, chance } = arena
  const place = chance.between(0, stage.ports.length)
  const moment = killMoments[times % killMoments.length] ?? 'at any time'
  let killed: Promise<unknown> = Promise.resolve()
  await strikeAt(moment, { ...arena, place }, () => {
    killed = stage.kill(place)
  })
  await killed
  note(tally, `killed ${moment}`)
  await startAgain(arena, options, tally, place)
}

async function killAll(arena: Arena, options: Disturbing, tally: Tally): Promise<void> {
  const places = [...arena.stage.ports.keys()]
  await wait(arena.chance.between(20, 300))
  await Promise.all(places.map((place) => arena.stage.kill(place)))
  note(tally, 'killed together')
  for (const place of places) await startAgain(arena, options, tally, place)
}

async function startAgain(
  { stage, faults }: Arena,
  { readyWithin }: Disturbing,
  tally: Tally,
  place: number,
): Promise<void> {
  const start = await stage.start(place)
  tally.starts.push(start)
  const own = Math.round(start.took - start.waited)
  if (own > readyWithin) faults.push(`after kill ${tally.starts.length}, it took ${own} ms to be ready`)
}

async function pauseOne({ stage, chance }: Arena, tally: Tally): Promise<void> {
  const place = chance.between(0, stage.ports.length)
  await wait(chance.between(0, 300))
  stage.pause(place)
  // Longer than locks and transactions are waited for in the database, or shorter.
  await wait(chance.pick([300, 1_200, 3_500]))
  stage.goOn(place)
  note(tally, 'paused')
}

async function restartOneAfterTheOther({ stage, faults }: Arena, tally: Tally): Promise<void> {
  for (const place of stage.ports.keys()) {
    const code = await stage.stop(place)
    if (code !== 0) faults.push(`it was asked to stop, and ended with ${code}`)
    await stage.start(place)
  }
  note(tally, 'restarted one after the other')
}

async function restartDatabase(
  { stage, chance, faults }: Arena,
  { readyWithin }: Disturbing,
  tally: Tally,
  cluster: Cluster,
  how: 'fast' | 'immediate',
): Promise<void> {
  await wait(chance.between(0, 300))
  await cluster.restart(how)
  const began = performance.now()
  for (const place of stage.ports.keys()) await stage.untilReady(place)
  const took = performance.now() - began
  tally.recoveries.push(took)
  if (took > readyWithin + 2_000)
    faults.push(`after a restart of the database, it took ${Math.round(took)} ms to be ready`)
  note(tally, `database restarted, ${how}`)
}
