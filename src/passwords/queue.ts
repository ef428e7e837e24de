// A bounded queue for work that costs a core: so much at once, so much waiting, and a plain no beyond that. Everybody gets a
// turn in the order in which they came; for whoever has gone away by then, nothing is computed.

import { Refusal } from '../refusal.ts'
import { type Clock, seconds } from '../time.ts'

/** Whoever waits, as far as it is known whether they still do. */
export interface Waiter {
  /** True once nobody is there any more to hear the answer. */
  isGone?: () => boolean
}

/** How much is being done and waits at present, and how much was refused so far because the queue was full. */
export interface Load {
  running: number
  waiting: number
  refused: number
}

export interface Queue {
  /** Does the work when it is its turn. Throws `busy` when too many wait already, or when nobody waits for it any more. */
  inTurn<Result>(work: () => Promise<Result>, waiter?: Waiter): Promise<Result>
  load(): Load
}

/** Who finds the queue full may come back after this long. */
const comeBackAfter = seconds(5)

interface Place {
  waiter: Waiter | undefined
  begin: () => void
  refuse: (refusal: Refusal) => void
}

/** Makes a queue that does `concurrency` pieces of work at once and lets `longest` wait. */
export function createQueue(clock: Clock, { concurrency, longest }: { concurrency: number; longest: number }): Queue {
  const waiting: Place[] = []
  let running = 0
  let refused = 0

  function dropThoseGone(): void {
    for (const place of waiting.splice(0)) {
      if (place.waiter?.isGone?.()) place.refuse(new Refusal('busy'))
      else waiting.push(place)
    }
  }

  async function turn(waiter: Waiter | undefined): Promise<void> {
    if (running < concurrency) {
      running += 1
      return
    }
    if (waiting.length >= longest) dropThoseGone()
    if (waiting.length >= longest) {
      refused += 1
      throw new Refusal('busy', { retryAt: clock() + comeBackAfter })
    }
    await new Promise<void>((begin, refuse) => waiting.push({ waiter, begin, refuse }))
  }

  /** The place is handed to the next in line who is still there, or given back. */
  function handOn(): void {
    let next = waiting.shift()
    for (; next?.waiter?.isGone?.(); next = waiting.shift()) next.refuse(new Refusal('busy'))
    if (next) next.begin()
    else running -= 1
  }

  return {
    load: () => ({ running, waiting: waiting.length, refused }),
    inTurn: async (work, waiter) => {
      await turn(waiter)
      try {
        return await work()
      } finally {
        handOn()
      }
    },
  }
}
