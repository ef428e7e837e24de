// Whether somebody has an account cannot be told from how long an answer takes. Two hundred answers a kind of account, asked
// in an order that is drawn anew every round, so that whatever else the machine does meets all kinds alike; then a rank
// test (Mann-Whitney) of each kind against an address that nobody has. The same test must tell apart what does differ.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { accounts, askForLink, names, populate, tryPassword } from '../support/stranger.ts'

const samples = 200

/**
 * How far a rank test may be from a coin's toss: five standard deviations of it under chance. By chance alone that is
 * passed once in two million comparisons, as the order of asking is drawn at random.
 */
const bound = 5 * Math.sqrt((2 * samples + 1) / (12 * samples * samples))

/** The chance that one of these took longer than one of those, less a half: 0 for what cannot be told apart. */
function tellsApart(these: readonly number[], those: readonly number[]): number {
  const all = [...these.map((time) => ({ time, own: 1 })), ...those.map((time) => ({ time, own: 0 }))]
  all.sort((a, b) => a.time - b.time)
  let ranks = 0
  for (let first = 0; first < all.length; ) {
    let last = first
    while (last + 1 < all.length && all[last + 1]?.time === all[first]?.time) last += 1
    for (let index = first; index <= last; index += 1) ranks += (all[index]?.own ?? 0) * ((first + last) / 2 + 1)
    first = last + 1
  }
  return (ranks - (these.length * (these.length + 1)) / 2) / (these.length * those.length) - 0.5
}

type Ask = (running: TestService) => Promise<Response>

/** Times the answers to each kind of question, asked in an order that is drawn anew every round. */
async function timesOf<Kind extends string>(
  running: TestService,
  kinds: Record<Kind, Ask>,
): Promise<Record<Kind, number[]>> {
  const all = Object.keys(kinds) as Kind[]
  const times = Object.fromEntries(all.map((kind) => [kind, [] as number[]])) as Record<Kind, number[]>
  for (let round = -5; round < samples; round += 1) {
    // Counts of earlier rounds are forgotten: a block would cost less, for any account alike.
    await running.db.deleteFrom('attempts').execute()
    await running.db.deleteFrom('password_reset_requests').execute()
    for (const kind of shuffled(all)) {
      const began = performance.now()
      await (await kinds[kind](running)).text()
      if (round >= 0) times[kind].push(performance.now() - began)
    }
  }
  return times
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** Every kind of account, a second address that nobody has, and something whose time does differ. */
function kindsOf(ask: (running: TestService, email: string) => Promise<Response>, different: Ask) {
  const kinds = Object.fromEntries(names.map((name) => [name, (it: TestService) => ask(it, accounts[name])]))
  return { ...kinds, 'unknown as well': (it: TestService) => ask(it, 'nobodi@example.org'), different }
}

function expectAlike(times: Record<string, number[]>): void {
  const reference = times.unknown ?? []
  for (const [kind, taken] of Object.entries(times)) {
    expect(taken).toHaveLength(samples)
    const apart = Math.abs(tellsApart(taken, reference))
    if (kind === 'different') expect(apart, 'the test sees what does differ').toBeGreaterThan(bound)
    else expect(apart, `${kind} against unknown`).toBeLessThan(bound)
  }
}

describe('a stranger with a stop-watch', { timeout: 300_000 }, () => {
  let running: TestService
  beforeEach(async () => {
    running = await startService({ hasMailServer: true })
    await populate(running)
  })
  afterEach(() => running.stop())

  test('the rank test knows equal from different', () => {
    const rising = Array.from({ length: samples }, (_, index) => index)
    expect(tellsApart(rising, rising)).toBe(0)
    expect(
      tellsApart(
        rising.map((time) => time + 1000),
        rising,
      ),
    ).toBe(0.5)
    expect(
      tellsApart(
        rising,
        rising.map((time) => time + 1000),
      ),
    ).toBe(-0.5)
    expect(Array(samples).fill(1)).toHaveLength(samples)
    expect(tellsApart(Array(samples).fill(1), Array(samples).fill(1))).toBe(0)
  })

  test('cannot tell accounts apart by a wrong password', async () => {
    const signIn = (it: TestService, email: string) => tryPassword(it, email, 'a wrong password')
    // A form that another site sent is refused without a hash.
    const foreign: Ask = (it) => it.fetch('/sign-in', { method: 'POST', headers: { origin: 'https://evil.test' } })
    expectAlike(await timesOf(running, kindsOf(signIn, foreign)))
  })

  test('cannot tell accounts apart by a forgotten password', async () => {
    const different: Ask = (it) => askForLink(it, 'no address at all')
    expectAlike(
      await timesOf(
        running,
        kindsOf((it, email) => askForLink(it, email), different),
      ),
    )
  })
})
