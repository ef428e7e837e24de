/**
 * When to kill. At any moment while everybody is about their business; or aimed at a request that changes something: as it has
 * been sent, while it is carried out, as its answer comes, or when that has just been read.
 */
import { existsSync, watch } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import type { Stage } from './stage.ts'
import type { Moment, Way } from './way.ts'

export const killMoments = ['at any time', 'sent', 'under way', 'writing', 'answering', 'answered'] as const
export type KillMoment = (typeof killMoments)[number]

/** No moment is waited for longer than this: then it is any moment. */
const longestWait = 1_500

/** Waits for the moment, and does what is to be done at once when it comes. */
export async function strikeAt(
  moment: KillMoment,
  { stage, way, chance, place }: { stage: Stage; way: Way; chance: Chance; place: number },
  strike: () => void,
): Promise<void> {
  await wait(chance.between(20, 200))
  if (moment === 'at any time') return strike()
  const over = new AbortController()
  await new Promise<void>((done) => {
    const now = () => {
      if (over.signal.aborted) return
      over.abort()
      strike()
      done()
    }
    const aim = { stage, way, place, signal: over.signal }
    if (moment === 'writing') onWriting(aim, chance, now)
    else if (moment === 'under way') onMoment(aim, 'sent', () => void wait(chance.between(1, 60)).then(now))
    else onMoment(aim, moment, now)
    void wait(longestWait, null, { signal: over.signal }).then(now, () => {})
  })
}

interface Aim {
  stage: Stage
  way: Way
  place: number
  signal: AbortSignal
}

function onMoment({ way, place, signal }: Aim, moment: Moment, act: () => void): void {
  const listen = (at: number) => {
    if (at !== place) return
    way.moments.off(moment, listen)
    act()
  }
  way.moments.on(moment, listen)
  signal.addEventListener('abort', () => way.moments.off(moment, listen))
}

/** On SQLite, the first thing that is written to its log: between the write and the answer. Elsewhere, soon after it was sent. */
function onWriting(aim: Aim, chance: Chance, act: () => void): void {
  const { log } = aim.stage
  onMoment(aim, 'sent', () => {
    if (log === null || !existsSync(log)) return void wait(chance.between(20, 120)).then(act)
    const watcher = watch(log, act)
    aim.signal.addEventListener('abort', () => watcher.close())
  })
}
