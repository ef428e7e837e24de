import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Requirement } from '../enforcement/requirement.ts'
import type { EnrolledFactor } from '../factors/factors.ts'
import type { Proof } from '../sessions/proofs.ts'
import { type Facts, nextStep } from './next-step.ts'

const [old, recent, since] = [1000, 5000, 3000]
const live: EnrolledFactor = { kind: 'totp', id: 'mine', disabled: false }
const disabled: EnrolledFactor = { ...live, disabled: true }

const proof: Record<string, Proof> = {
  P: { by: 'password', at: recent },
  p: { by: 'password', at: old },
  T: { by: 'totp', at: recent, factor: 'mine' },
  t: { by: 'totp', at: old, factor: 'mine' },
  R: { by: 'recovery-code', at: recent },
  r: { by: 'recovery-code', at: old },
  // A code of an authenticator that the user does not have any more.
  X: { by: 'totp', at: recent, factor: 'removed' },
  L: { by: 'set-up-link', at: recent },
  l: { by: 'set-up-link', at: old },
}

const accounts = {
  'no factor': { enrolled: [], recoveryCodes: { saved: false, left: 0 } },
  'factor, codes unsaved': { enrolled: [live], recoveryCodes: { saved: false, left: 10 } },
  'factor, codes saved': { enrolled: [live], recoveryCodes: { saved: true, left: 10 } },
  'factor, one code left': { enrolled: [live], recoveryCodes: { saved: true, left: 1 } },
  'factor, codes used up': { enrolled: [live], recoveryCodes: { saved: true, left: 0 } },
  'factor disabled, codes saved': { enrolled: [disabled], recoveryCodes: { saved: true, left: 10 } },
  'factor disabled, codes used up': { enrolled: [disabled], recoveryCodes: { saved: true, left: 0 } },
  'two factors, one disabled': {
    enrolled: [disabled, { ...live, id: 'second' }],
    recoveryCodes: { saved: true, left: 10 },
  },
} satisfies Record<string, Pick<Facts, 'enrolled' | 'recoveryCodes'>>

const words: Record<string, string> = {
  '.': 'password',
  '2': 'second-factor',
  L: 'set-up-link',
  E: 'enrol',
  U: 'recovery-codes unsaved',
  Z: 'recovery-codes used-up',
  D: 'done',
}

/** One row an account, one column a set of proofs, one letter a step. */
function judge(table: string, requirement: Requirement, mfaResetAt: number | null = null): void {
  const [heading = '', ...rows] = table.trim().split('\n')
  const columns = heading.trim().split(/\s+/)
  for (const row of rows) {
    const [name = '', ...cells] = row.trim().split(/\s{2,}/)
    const account = accounts[name as keyof typeof accounts]
    const letters = cells.join(' ').split(/\s+/)
    if (!account || letters.length !== columns.length) throw new Error(`The row "${row}" does not fit.`)
    for (const [index, column] of columns.entries()) {
      const proofs = [...column].flatMap((letter) => proof[letter] ?? [])
      test(`${name}, proved ${column}: ${words[letters[index] ?? '']}`, () => {
        const step = nextStep({ ...account, proofs, user: { active: true, mfaResetAt }, requirement })
        expect(step.at === 'recovery-codes' ? `${step.at} ${step.why}` : step.at).toBe(words[letters[index] ?? ''])
      })
    }
  }
}

describe('nothing is required', () => {
  judge(
    `
                                    -  P  T  R  PT  PR  TR  PTR  PX  X
    no factor                       .  D  .  .  D   D   .   D    D   .
    factor, codes unsaved           .  2  .  .  U   U   .   U    2   .
    factor, codes saved             .  2  .  .  D   D   .   D    2   .
    factor, one code left           .  2  .  .  D   D   .   D    2   .
    factor, codes used up           .  2  .  .  Z   Z   .   Z    2   .
    factor disabled, codes saved    .  2  .  .  D   D   .   D    2   .
    factor disabled, codes used up  .  2  .  .  Z   Z   .   Z    2   .
    two factors, one disabled       .  2  .  .  D   D   .   D    2   .
    `,
    { level: 'nothing', because: null, since: null, freshSince: null },
  )
})

describe('MFA is required', () => {
  judge(
    `
                                    -  P  T  R  PT  PR  TR  PTR  PX  X
    no factor                       .  E  .  .  E   E   .   E    E   .
    factor, codes unsaved           .  2  .  .  U   U   .   U    2   .
    factor, codes saved             .  2  .  .  D   D   .   D    2   .
    factor, one code left           .  2  .  .  D   D   .   D    2   .
    factor, codes used up           .  2  .  .  Z   Z   .   Z    2   .
    factor disabled, codes saved    .  2  .  .  D   D   .   D    2   .
    factor disabled, codes used up  .  2  .  .  Z   Z   .   Z    2   .
    two factors, one disabled       .  2  .  .  D   D   .   D    2   .
    `,
    { level: 'mfa', because: 'everyone', since: null, freshSince: null },
  )
})

describe('a fresh proof is required', () => {
  judge(
    `
                                    -  p  P  pT  pt  Pt  pR  pr  Pr  T  PX  ptR
    no factor                       .  .  D  .   .   D   .   .   D   .  D   .
    factor, codes unsaved           .  2  2  U   2   2   U   2   2   .  2   U
    factor, codes saved             .  2  2  D   2   2   D   2   2   .  2   D
    factor, codes used up           .  2  2  Z   2   2   Z   2   2   .  2   Z
    factor disabled, codes saved    .  2  2  D   2   2   D   2   2   .  2   D
    `,
    { level: 'nothing', because: null, since: null, freshSince: since },
  )
})

describe('MFA and a fresh proof are required', () => {
  judge(
    `
                                    -  p  P  pT  pt  Pt  pR  pr  Pr  T  PX  ptR
    no factor                       .  .  E  .   .   E   .   .   E   .  E   .
    factor, codes unsaved           .  2  2  U   2   2   U   2   2   .  2   U
    factor, codes saved             .  2  2  D   2   2   D   2   2   .  2   D
    `,
    { level: 'mfa', because: 'everyone', since: null, freshSince: since },
  )
})

describe('MFA was reset by somebody else', () => {
  judge(
    `
                                    -  P  L  PL  Pl  PR  PX  PRL  PT  PTL
    no factor                       .  L  .  E   L   L   L   E    L   E
    factor, codes unsaved           .  2  .  2   2   U   2   U    U   U
    factor, codes saved             .  2  .  2   2   D   2   D    D   D
    `,
    { level: 'mfa', because: 'mfa-reset', since, freshSince: null },
    since,
  )

  test('the link is asked for whatever is required', () => {
    const requirement: Requirement = { level: 'nothing', because: null, since: null, freshSince: null }
    const facts: Facts = {
      ...accounts['no factor'],
      proofs: [],
      user: { active: true, mfaResetAt: since },
      requirement,
    }
    const password: Proof = { by: 'password', at: recent }
    expect(nextStep({ ...facts, proofs: [password] }).at).toBe('set-up-link')
    expect(nextStep({ ...facts, proofs: [password, { by: 'set-up-link', at: since }] }).at).toBe('done')
    expect(nextStep({ ...facts, proofs: [password, { by: 'set-up-link', at: since - 1 }] }).at).toBe('set-up-link')
  })
})

test('a proof at the very limit is fresh, a millisecond earlier it is not', () => {
  const facts = (at: number): Facts => ({
    ...accounts['no factor'],
    proofs: [{ by: 'password', at }],
    user: { active: true, mfaResetAt: null },
    requirement: { level: 'nothing', because: null, since: null, freshSince: since },
  })
  expect(nextStep(facts(since)).at).toBe('done')
  expect(nextStep(facts(since - 1)).at).toBe('password')
})

describe('what is offered as second factor', () => {
  test.each([
    ['factor, codes unsaved', ['totp']],
    ['factor, codes saved', ['totp', 'recovery-code']],
    ['factor, one code left', ['totp', 'recovery-code']],
    ['factor, codes used up', ['totp']],
    ['factor disabled, codes saved', ['recovery-code']],
    ['factor disabled, codes used up', []],
    ['two factors, one disabled', ['totp', 'recovery-code']],
  ] as const)('%s: %j', (name, offer) => {
    const step = nextStep({
      ...accounts[name],
      proofs: [{ by: 'password', at: recent }],
      user: { active: true, mfaResetAt: null },
      requirement: { level: 'mfa', because: 'everyone', since: null, freshSince: null },
    })
    expect(step).toEqual({ at: 'second-factor', offer })
  })
})

describe('whatever the facts', () => {
  const at = fc.constantFrom(old, since, recent)
  const id = fc.constantFrom('mine', 'second', 'removed')
  const proofs = fc.array(
    fc.oneof(
      fc.record({ by: fc.constant('password' as const), at }),
      fc.record({ by: fc.constant('totp' as const), at, factor: id }),
      fc.record({ by: fc.constant('recovery-code' as const), at }),
      fc.record({ by: fc.constant('set-up-link' as const), at }),
    ),
    { maxLength: 5 },
  )
  const facts: fc.Arbitrary<Facts> = fc.record({
    proofs,
    enrolled: fc.uniqueArray(
      fc.record({
        kind: fc.constant('totp' as const),
        id: fc.constantFrom('mine', 'second'),
        disabled: fc.boolean(),
      }),
      { selector: (factor) => factor.id },
    ),
    recoveryCodes: fc.record({ saved: fc.boolean(), left: fc.constantFrom(0, 1, 10) }),
    user: fc.record({ active: fc.boolean(), mfaResetAt: fc.constantFrom(null, since) }),
    requirement: fc.record({
      level: fc.constantFrom('nothing' as const, 'mfa' as const),
      because: fc.constant(null),
      since: fc.constant(null),
      freshSince: fc.constantFrom(null, since),
    }),
  })
  const always = (rule: (facts: Facts, step: ReturnType<typeof nextStep>) => void) =>
    fc.assert(
      fc.property(facts, (given) => {
        rule(given, nextStep(given))
      }),
      { numRuns: 2000 },
    )
  const hasProved = ({ proofs: all, enrolled, requirement: { freshSince } }: Facts) =>
    all.some(
      (it) =>
        (it.by === 'recovery-code' || (it.by === 'totp' && enrolled.some((factor) => factor.id === it.factor))) &&
        (freshSince === null || it.at >= freshSince),
    )

  test('nobody is done without a password', () => {
    always(({ proofs: all }, step) => {
      if (!all.some((it) => it.by === 'password')) expect(['password', 'refused']).toContain(step.at)
    })
  })

  test('whoever has a factor, even a disabled one, owes a living second factor before anything else', () => {
    always((given, step) => {
      if (given.enrolled.length > 0 && !hasProved(given))
        expect(['password', 'second-factor', 'refused']).toContain(step.at)
    })
  })

  test('enrolment is never offered while the account has a factor', () => {
    always(({ enrolled }, step) => {
      if (step.at === 'enrol') expect(enrolled).toEqual([])
    })
  })

  test('after a reset nobody without a factor gets further than the link without one that is newer', () => {
    always(({ proofs: all, enrolled, user: { mfaResetAt } }, step) => {
      if (mfaResetAt === null || enrolled.length > 0) return
      if (!all.some((it) => it.by === 'set-up-link' && it.at >= mfaResetAt))
        expect(['password', 'set-up-link', 'refused']).toContain(step.at)
    })
  })

  test('a set-up link opens nothing to whom it is not asked of', () => {
    always((given, step) => {
      if (given.user.mfaResetAt !== null) return
      const without = given.proofs.filter((it) => it.by !== 'set-up-link')
      expect(nextStep({ ...given, proofs: without })).toEqual(step)
    })
  })

  test('where MFA is required, nobody is done without a factor and saved recovery codes', () => {
    always(({ requirement, enrolled, recoveryCodes }, step) => {
      if (requirement.level === 'nothing' || step.at !== 'done') return
      expect(enrolled.length).toBeGreaterThan(0)
      expect(recoveryCodes.saved && recoveryCodes.left > 0).toBe(true)
    })
  })

  test('a deactivated user is refused', () => {
    always(({ user }, step) => expect(step.at === 'refused').toBe(!user.active))
  })

  test('proving less never opens more', () => {
    always((given, step) => {
      if (step.at === 'done') return
      for (const left of given.proofs)
        expect(nextStep({ ...given, proofs: given.proofs.filter((it) => it !== left) }).at).not.toBe('done')
    })
  })

  test('requiring more never opens more', () => {
    always((given, step) => {
      if (step.at === 'done') return
      const stricter = { ...given.requirement, level: 'mfa' as const, freshSince: since }
      expect(nextStep({ ...given, requirement: stricter }).at).not.toBe('done')
    })
  })

  test('a factor that is disabled, or recovery codes that are lost, never open more', () => {
    always((given, step) => {
      if (step.at === 'done') return
      const worse = { ...given, enrolled: given.enrolled.map((factor) => ({ ...factor, disabled: true })) }
      expect(nextStep(worse).at).not.toBe('done')
      expect(nextStep({ ...given, recoveryCodes: { saved: false, left: 0 } }).at).not.toBe('done')
    })
  })
})
