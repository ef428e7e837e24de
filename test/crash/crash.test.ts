// The short form of `npm run test:crash`: the built service is killed fifty times under load, on both databases, and whatever it
// had acknowledged is there when it comes back. The seed is fixed here and chance elsewhere: see the guide for developers.

import { expect, inject, test } from 'vitest'
import { needsBuild } from '../support/built.ts'
import { createDatabase } from '../support/postgres.ts'
import { dialects } from '../support/service.ts'
import { killing, newTally } from './nemeses.ts'
import { run } from './run.ts'
import { setStage } from './stage.ts'

needsBuild()

const times = 25
/** In milliseconds, the time aside in which other tests had the cores. */
const readyWithin = 3_000

test.each(dialects)(
  'killed at any moment on %s, it loses nothing, accepts nothing twice, and comes back',
  { timeout: 900_000 },
  async (dialect) => {
    const database = dialect === 'postgres' ? await createDatabase(inject('postgresTemplate')) : null
    const stage = await setStage(database?.url ?? null, dialect === 'postgres' ? 2 : 1)
    const tally = newTally()
    try {
      const report = await run({
        stage,
        seed: 26,
        clients: 8,
        people: { administrator: 2, protected: 60, plain: 30 },
        patience: 8_000,
        nemesis: killing({ times, doneBetween: 5, readyWithin, chainEvery: 5 }, tally),
      })
      expect(report.faults).toEqual([])
      expect(tally.starts).toHaveLength(times)
      // Sign-ins went on after the process where they had begun was killed: by its successor, or by the other one.
      expect(report.ways.outlived).toBeGreaterThan(0)
      // What nobody did was not tried either.
      for (const what of ['password', 'code', 'check', 'reset-link'])
        expect(report.outcomes.get(what)?.ok, what).toBeGreaterThan(0)
      expect(report.outcomes.get('code')?.fail).toBeGreaterThan(0)
    } finally {
      await stage.close()
      await database?.drop()
    }
  },
)
