// A bounded queue for work that costs a core: so much at once, so much waiting, and a plain no beyond that. There are two
// lines. Who has shown something already, be it a browser that their account knows, does not stand behind strangers, of whom
// anybody can send any number. While somebody waits in both, the lines take turns; in a line everybody gets a turn in the order in
// which they came; for whoever has gone away by then, nothing is computed.

import { Refusal } from '../refusal.ts'
import { type Clock, seconds } from '../time.ts'

/** Whoever waits, as far as it is known whether they still do. */
export interface Waiter {
  /** True once nobody is there any more to hear the answer. */
  isGone?: () => boolean
}

/** In which line somebody waits. */
export type Line = 'known' | 'strangers'

/** How much is being done and waits at present, and how much was refused so far because the queue was full. */
export interface Load {
  running: number
  waiting: number
  refused: number
}

export interface Queue {
  /** Does the work when it is its turn. Throws `busy` when too many wait already, or when nobody waits for it any more. */
  inTurn<Result>(work: () => Promise<Result>, line: Line, waiter?: Waiter): Promise<Result>
  /** Throws `busy` where one more would find the line full, before anything is done for them. */
  mustHaveRoom(line: Line): void
  load(): Load
}

/** Who finds the queue full may come back after this long. */
const comeBackAfter = seconds(5)

interface Place {
  waiter: Waiter | undefined
  begin: () => void
  refuse: (refusal: Refusal) => void
}

/** Makes a queue that does `concurrency` pieces of work at once and lets `longest` wait in each line. */
export function createQueue(clock: Clock, { concurrency, longest }: { concurrency: number; longest: number }): Queue {
  const lines: Record<Line, Place[]> = { known: [], strangers: [] }
  let running = 0
  let refused = 0
  let lastFrom: Line = 'strangers'

  function dropThoseGone(waiting: Place[]): void {
    for (const place of waiting.splice(0)) {
      if (place.waiter?.isGone?.()) place.refuse(new Refusal('busy'))
      else waiting.push(place)
    }
  }

  function mustHaveRoom(line: Line): void {
    if (running < concurrency || lines[line].length < longest) return
    dropThoseGone(lines[line])
    if (lines[line].length < longest) return
    refused += 1
    throw new Refusal('busy', { retryAt: clock() + comeBackAfter })
  }

  async function turn(line: Line, waiter: Waiter | undefined): Promise<void> {
    mustHaveRoom(line)
    if (running < concurrency) running += 1
    else await new Promise<void>((begin, refuse) => lines[line].push({ waiter, begin, refuse }))
  }

  function nextOf(line: Line): Place | undefined {
    const waiting = lines[line]
    let next = waiting.shift()
    for (; next?.waiter?.isGone?.(); next = waiting.shift()) next.refuse(new Refusal('busy'))
    if (next) lastFrom = line
    return next
  }

  /** The place is handed to the next in line who is still there, or given back. */
  function handOn(): void {
    const other = lastFrom === 'known' ? 'strangers' : 'known'
    const next = nextOf(other) ?? nextOf(lastFrom)
    if (next) next.begin()
    else running -= 1
  }

  return {
    load: () => ({ running, waiting: lines.known.length + lines.strangers.length, refused }),
    mustHaveRoom,
    inTurn: async (work, line, waiter) => {
      await turn(line, waiter)
      try {
        return await work()
      } finally {
        handOn()
      }
    },
  }
}
