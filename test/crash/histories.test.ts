// The short form of the histories: two processes on a PostgreSQL of their own are killed, paused and restarted, and so is the
// database, while clients write down what they ask and are told. Nothing that they were told contradicts what was promised.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needsBuild } from '../support/built.ts'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { dialects } from '../support/service.ts'
import { disturbing, newTally } from './nemeses.ts'
import { run } from './run.ts'
import { setStage } from './stage.ts'

needsBuild()

describe.runIf(dialects.includes('postgres'))('two processes on one database', () => {
  let cluster: Cluster
  beforeAll(async () => {
    // Nothing has to outlive the machine, but everything the database: commits are written, and not synced.
    cluster = await startCluster({ fsync: 'off', full_page_writes: 'off', shared_buffers: '32MB' })
  })
  afterAll(() => cluster?.stop())

  test('answer as one that keeps its promises, whatever is killed, paused or restarted', {
    timeout: 900_000,
  }, async () => {
    const stage = await setStage(cluster.url, 2)
    const tally = newTally()
    try {
      const report = await run({
        stage,
        seed: 24,
        clients: 10,
        people: { administrator: 2, protected: 60, plain: 30 },
        patience: 3_000,
        nemesis: disturbing({ times: 6, doneBetween: 25, readyWithin: 5_000, chainEvery: 3 }, tally, cluster),
      })
      expect(report.faults).toEqual([])
      expect([...tally.done.values()].reduce((sum, times) => sum + times, 0)).toBe(6)
      expect(report.ways.carriedOver).toBeGreaterThan(0)
      const of = (what: string) => report.outcomes.get(what)?.ok ?? 0
      expect(of('code')).toBeGreaterThan(0)
      expect(of('check')).toBeGreaterThan(20)
      // Some of everything that is taken away, so that there is something to judge.
      expect(
        of('sign-out') + of('end-sessions') + of('deactivate') + of('change-password') + of('enforce-on'),
      ).toBeGreaterThan(3)
    } finally {
      await stage.close()
    }
  })
})
