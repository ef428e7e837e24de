import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { seconds } from '../time.ts'
import type { Lease } from './lease.ts'
import { startWorking, type Work } from './worker.ts'

let held: boolean
let released: number
let faults: string[]
let changes: boolean[]
const lease: Lease = {
  hold: async () => held,
  release: async () => {
    released += 1
  },
}
const events = {
  onFault: (work: string, error: unknown) =>
    void faults.push(`${work}: ${error instanceof Error ? error.message : ''}`),
  onLease: (has: boolean) => void changes.push(has),
}

beforeEach(() => {
  vi.useFakeTimers()
  held = false
  released = 0
  faults = []
  changes = []
})
afterEach(() => {
  vi.useRealTimers()
})

/** Work that writes down when it is done. */
function noting(done: string[]): Work {
  return {
    name: 'work',
    every: seconds(2),
    act: async () => void done.push('each'),
    once: async () => void done.push('once'),
    otherwise: async () => void done.push('otherwise'),
  }
}

test('what is done once is done under the lease only', async () => {
  const done: string[] = []
  const stop = startWorking([noting(done)], lease, events)
  await vi.advanceTimersByTimeAsync(seconds(4))
  expect(done).toEqual(['each', 'otherwise', 'each', 'otherwise'])
  held = true
  await vi.advanceTimersByTimeAsync(seconds(4))
  done.length = 0
  await vi.advanceTimersByTimeAsync(seconds(2))
  expect(done).toEqual(['each', 'once'])
  expect(changes).toEqual([true])
  await stop()
})

test('whoever cannot ask for the lease does not have it', async () => {
  held = true
  let fails = false
  const done: string[] = []
  const failing: Lease = {
    ...lease,
    hold: async () => {
      if (fails) throw new Error('no database')
      return held
    },
  }
  const stop = startWorking([noting(done)], failing, events)
  await vi.advanceTimersByTimeAsync(seconds(4))
  fails = true
  await vi.advanceTimersByTimeAsync(seconds(2))
  done.length = 0
  await vi.advanceTimersByTimeAsync(seconds(4))
  expect(done).not.toContain('once')
  expect(changes).toEqual([true, false])
  expect(faults).toContain('lease: no database')
  await stop()
})

test('a kind of work never runs beside itself, and one that fails is tried again', async () => {
  let running = 0
  let most = 0
  let runs = 0
  const slow: Work = {
    name: 'slow',
    every: seconds(1),
    act: async () => {
      running += 1
      runs += 1
      most = Math.max(most, running)
      await new Promise((done) => setTimeout(done, seconds(5)))
      running -= 1
      throw new Error('out of order')
    },
  }
  const stop = startWorking([slow], lease, events)
  await vi.advanceTimersByTimeAsync(seconds(20))
  expect(most).toBe(1)
  expect(runs).toBeGreaterThan(2)
  expect(faults.every((fault) => fault === 'slow: out of order')).toBe(true)
  const stopped = stop()
  await vi.advanceTimersByTimeAsync(seconds(10))
  await stopped
})

test('stopping begins nothing more, waits for what runs, and gives the lease away', async () => {
  held = true
  const done: string[] = []
  const slow: Work = {
    name: 'slow',
    every: seconds(1),
    once: async () => {
      await new Promise((over) => setTimeout(over, seconds(3)))
      done.push(`done, ${released} released`)
    },
  }
  const stop = startWorking([slow], lease, events)
  await vi.advanceTimersByTimeAsync(seconds(1))
  const stopped = stop()
  await vi.advanceTimersByTimeAsync(seconds(20))
  await stopped
  expect(done).toEqual(['done, 0 released'])
  expect(released).toBe(1)
})

test('several rounds of one work go on where it says so, and no more', async () => {
  let begun = 0
  const hanging: Work = { name: 'mail', every: seconds(1), atOnce: 3, act: () => new Promise(() => (begun += 1)) }
  startWorking([hanging], lease, events)
  await vi.advanceTimersByTimeAsync(seconds(30))
  expect(begun).toBe(3)
})

test('work that hangs keeps nobody else from what is done once, and is told that it is to end', async () => {
  held = true
  let told = false
  let end = () => {}
  const hanging: Work = {
    name: 'mail',
    every: seconds(1),
    act: async (isStopping) => {
      await new Promise<void>((done) => {
        end = done
      })
      told = isStopping()
    },
  }
  const stop = startWorking([hanging, noting([])], lease, events)
  await vi.advanceTimersByTimeAsync(seconds(2))
  let stopped = false
  const stopping = stop().then(() => {
    stopped = true
  })
  await vi.advanceTimersByTimeAsync(seconds(1))
  expect(released).toBe(1)
  expect(stopped).toBe(false)
  end()
  await stopping
  expect(told).toBe(true)
})
