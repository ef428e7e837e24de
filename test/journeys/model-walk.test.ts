// No sequence of requests reaches a session that what happened does not justify. Random walks over the sign-in machine,
// judged step by step by notes of our own (see model-walk/model.ts). `WALK_SEED` and `WALK_RUNS` choose
// other walks; `WALK_PATH`, with the seed, the one that failed.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hours, minutes, seconds } from '../../src/time.ts'
import { dialects } from '../support/service.ts'
import { type Move, type Second, type Sensitive, Walk } from './model-walk/walk.ts'

const seat = fc.nat({ max: 2 })
const who = fc.nat({ max: 1 })
const yes = fc.boolean()
const by = fc.constantFrom<Second[]>(
  'code',
  'code',
  'code',
  'recovery code',
  'recovery code',
  'replayed code',
  'used recovery code',
)
const wish = fc.constantFrom<Sensitive[]>('nothing', 'nothing', 'disable', 'new codes', 'replace', 'reset')
const mostly = fc.integer({ min: 0, max: 3 }).map((number) => number > 0)

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 14, arbitrary: fc.record({ do: fc.constant('what is due' as const), seat, who, by, wish, late: yes }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sign in' as const), seat, who, right: mostly }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('code' as const),
      seat,
      which: fc.constantFrom('right', 'early', 'late', 'too late', 'wrong', 'replayed', "somebody else's"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('recovery code' as const),
      seat,
      which: fc.constantFrom('right', 'right', 'used', "somebody else's", 'nonsense'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('password again' as const), seat, right: mostly }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('open set-up' as const), seat, replace: mostly }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('confirm set-up' as const),
      seat,
      which: fc.constantFrom('right', 'wrong', "another browser's"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('new codes' as const), seat }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('save codes' as const),
      seat,
      which: fc.constantFrom('own', "another browser's"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('disable' as const), seat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('enforce by page' as const), seat, on: yes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('confirm enforcement' as const), seat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('enforce' as const), on: yes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deactivate' as const), who, active: mostly }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sign out' as const), seat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reset' as const), seat, who }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('set-up link' as const),
      seat,
      who,
      which: fc.constantFrom('own', 'own', 'own', "somebody else's", 'older'),
      right: mostly,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      for: fc.constantFrom(
        seconds(10),
        seconds(30),
        seconds(30),
        minutes(1),
        minutes(1),
        minutes(5),
        minutes(11),
        hours(1) + minutes(1),
      ),
    }),
  },
)

/** Both people turn 2FA on: sign in, open the page, confirm, save the codes; and the code that confirmed is over. */
const protection: readonly Move[] = [
  ...[0, 1].flatMap((number) =>
    Array.from(
      { length: 4 },
      (): Move => ({ do: 'what is due', seat: number, who: number, by: 'code', wish: 'nothing', late: false }),
    ),
  ),
  { do: 'wait', for: seconds(30) },
]

/** What a random walk seldom comes by: an enforcement that is confirmed, and one that lapses under somebody at the set-up page. */
const enforcing: readonly Move[] = [
  ...protection.slice(4),
  { do: 'wait', for: minutes(1) },
  { do: 'enforce by page', seat: 1, on: true },
  { do: 'confirm enforcement', seat: 1 },
  { do: 'sign in', seat: 2, who: 0, right: true },
  { do: 'wait', for: minutes(11) },
  { do: 'wait', for: minutes(5) },
  { do: 'open set-up', seat: 2, replace: false },
  { do: 'sign in', seat: 1, who: 1, right: true },
  { do: 'code', seat: 1, which: 'right' },
  { do: 'enforce by page', seat: 1, on: true },
  { do: 'wait', for: minutes(1) },
  { do: 'sign in', seat: 0, who: 1, right: true },
  { do: 'code', seat: 0, which: 'right' },
  { do: 'confirm enforcement', seat: 0 },
  { do: 'wait', for: minutes(11) },
  { do: 'wait', for: minutes(5) },
]

for (const dialect of dialects)
  test(`an enforcement is confirmed, or lapses, as the notes say, on ${dialect}`, { timeout: 60_000 }, async () => {
    const walk = await Walk.begin(dialect)
    try {
      for (const one of enforcing) await walk.move(one)
      expect(Object.fromEntries(walk.granted)).toMatchObject({
        'enforcement on': 2,
        'a sign-in carried on': 1,
        'enforcement confirmed': 1,
      })
    } finally {
      await walk.end()
    }
  })

const seed = Number(process.env.WALK_SEED ?? 20_261_124)
const runs = { sqlite: 16, postgres: 3 }

for (const dialect of dialects) {
  test(`no walk reaches a session that its proofs do not justify, on ${dialect}`, { timeout: 300_000 }, async () => {
    const granted = new Map<string, number>()
    const walks = fc.record({
      startProtected: mostly,
      moves: fc.array(move, { minLength: 60, maxLength: 80, size: 'max' }),
    })
    const property = fc.asyncProperty(walks, async ({ startProtected, moves }) => {
      const walk = await Walk.begin(dialect)
      try {
        for (const one of startProtected ? [...protection, ...moves] : moves) await walk.move(one)
      } finally {
        await walk.end()
      }
      for (const [what, times] of walk.granted) granted.set(what, (granted.get(what) ?? 0) + times)
    })
    const numRuns = Number(process.env.WALK_RUNS ?? runs[dialect])
    const path = process.env.WALK_PATH
    const result = await fc.check(property, {
      seed,
      numRuns,
      interruptAfterTimeLimit: 60_000,
      ...(path === undefined ? {} : { path }),
    })
    // Says what was found, the seed and the path to this walk, and the shortest walk that fails.
    if (result.failed)
      throw new Error(`${String(result.errorInstance)}\n${await fc.asyncDefaultReportMessage(result)}`, {
        cause: result.errorInstance,
      })
    if (process.env.WALK_VERBOSE) console.log(Object.fromEntries(granted))
    if (dialect !== 'sqlite' || result.interrupted) return
    // A walk that never gets anywhere would prove nothing.
    for (const what of [
      'a sign-in',
      'a session',
      'a session with 2FA',
      'a code',
      'a recovery code',
      'a new secret',
      '2FA on',
      'new recovery codes',
      'saved recovery codes',
      'a step-up',
      'a stronger session',
      '2FA off',
      'a reset',
      'a set-up link',
    ])
      expect(`${what}: ${(granted.get(what) ?? 0) > 0}`).toBe(`${what}: true`)
  })
}
