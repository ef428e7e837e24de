import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { enforcementOf, type Policy, requirementFor, withFreshProof } from './requirement.ts'

const settled = { since: 7, confirmBy: null, revertedAt: null }
const relaxed: Policy = { ...settled, id: 'everyone', requires: 'nothing' }
const strict: Policy = { ...settled, id: 'everyone', requires: 'mfa' }
const now = 1000

test('nothing is required while no policy asks for it', () => {
  expect(requirementFor({ policies: [relaxed], mfaResetAt: null, now })).toEqual({
    level: 'nothing',
    because: null,
    since: null,
    freshSince: null,
  })
})

test('a policy that asks for MFA is named as the reason', () => {
  expect(requirementFor({ policies: [strict], mfaResetAt: null, now })).toEqual({
    level: 'mfa',
    because: 'everyone',
    since: 7,
    freshSince: null,
  })
})

test('the strictest policy wins, wherever it stands', () => {
  const other: Policy = { ...settled, id: 'administrators', requires: 'mfa' }
  expect(requirementFor({ policies: [relaxed, other], mfaResetAt: null, now })).toMatchObject({
    level: 'mfa',
    because: 'administrators',
  })
  expect(requirementFor({ policies: [other, relaxed], mfaResetAt: null, now })).toMatchObject({
    level: 'mfa',
    because: 'administrators',
  })
})

test('a requirement that this version does not know counts as the strictest', () => {
  const unknown = { ...settled, id: 'from-a-newer-version', requires: 'passkey' } as unknown as Policy
  expect(requirementFor({ policies: [relaxed, unknown], mfaResetAt: null, now })).toMatchObject({
    level: 'mfa',
    because: 'from-a-newer-version',
  })
})

test('whose MFA was reset must set it up again whatever the policies say', () => {
  expect(requirementFor({ policies: [relaxed], mfaResetAt: 1, now })).toMatchObject({
    level: 'mfa',
    because: 'mfa-reset',
    since: 1,
  })
  expect(requirementFor({ policies: [strict], mfaResetAt: 1, now })).toMatchObject({
    level: 'mfa',
    because: 'everyone',
  })
})

test('asking for a fresh proof changes nothing else', () => {
  const requirement = requirementFor({ policies: [strict], mfaResetAt: null, now })
  expect(withFreshProof(requirement, 5)).toEqual({ level: 'mfa', because: 'everyone', since: 7, freshSince: 5 })
  expect(requirement.freshSince).toBeNull()
})

test('a policy that is to be confirmed holds until its deadline, and from that instant on no longer', () => {
  const unconfirmed: Policy = { ...strict, confirmBy: now }
  expect(requirementFor({ policies: [unconfirmed], mfaResetAt: null, now: now - 1 }).level).toBe('mfa')
  expect(requirementFor({ policies: [unconfirmed], mfaResetAt: null, now }).level).toBe('nothing')
  expect(requirementFor({ policies: [unconfirmed], mfaResetAt: null, now: now + 1 }).level).toBe('nothing')
})

test('one that has lapsed does not take another along', () => {
  const other: Policy = { ...settled, id: 'administrators', requires: 'mfa' }
  const lapsed: Policy = { ...strict, confirmBy: now }
  expect(requirementFor({ policies: [lapsed, other], mfaResetAt: null, now })).toMatchObject({
    level: 'mfa',
    because: 'administrators',
  })
})

test('how a policy stands says the same before and after somebody has written down that it lapsed', () => {
  const waiting: Policy = { ...strict, confirmBy: now }
  expect(enforcementOf(relaxed, now)).toEqual({ is: 'off' })
  expect(enforcementOf(strict, now)).toEqual({ is: 'on', since: 7 })
  expect(enforcementOf(waiting, now - 1)).toEqual({ is: 'unconfirmed', since: 7, confirmBy: now })
  expect(enforcementOf(waiting, now + 5)).toEqual({ is: 'reverted', at: now })
  expect(enforcementOf({ ...relaxed, revertedAt: now }, now + 5)).toEqual({ is: 'reverted', at: now })
})

describe('whatever policies there are', () => {
  const instant = fc.integer({ min: 0, max: 2000 })
  const anyPolicy: fc.Arbitrary<Policy> = fc.record({
    id: fc.string({ minLength: 1, maxLength: 5 }),
    requires: fc.constantFrom('nothing' as const, 'mfa' as const),
    since: instant,
    confirmBy: fc.option(instant),
    revertedAt: fc.option(instant),
  })
  const levelAt = (policies: readonly Policy[], now: number) =>
    requirementFor({ policies, mfaResetAt: null, now }).level

  test('MFA is required exactly while one of them stands as on or unconfirmed', () => {
    fc.assert(
      fc.property(fc.array(anyPolicy, { maxLength: 4 }), instant, (policies, at) => {
        const holds = policies.some((policy) => ['on', 'unconfirmed'].includes(enforcementOf(policy, at).is))
        expect(levelAt(policies, at)).toBe(holds ? 'mfa' : 'nothing')
      }),
    )
  })

  test('a further one, or a reset, never asks for less; and their order never matters', () => {
    fc.assert(
      fc.property(fc.array(anyPolicy, { maxLength: 4 }), anyPolicy, instant, (policies, further, at) => {
        const before = levelAt(policies, at)
        if (before === 'mfa') {
          expect(levelAt([further, ...policies], at)).toBe('mfa')
          expect(levelAt([...policies, further], at)).toBe('mfa')
        }
        expect(levelAt(policies.toReversed(), at)).toBe(before)
        expect(requirementFor({ policies, mfaResetAt: 0, now: at }).level).toBe('mfa')
      }),
    )
  })

  test('one that has lapsed never holds again by itself, and says since when it does not', () => {
    fc.assert(
      fc.property(anyPolicy, instant, fc.nat({ max: 2000 }), (policy, at, later) => {
        const then = enforcementOf(policy, at)
        if (then.is === 'reverted') expect(enforcementOf(policy, at + later)).toEqual(then)
        if (then.is === 'unconfirmed') expect(then.confirmBy).toBeGreaterThan(at)
      }),
    )
  })
})
