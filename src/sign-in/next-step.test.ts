import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Requirement } from '../enforcement/requirement.ts'
import type { EnrolledFactor } from '../factors/factors.ts'
import type { Proof, ProviderProof } from '../sessions/proofs.ts'
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
  C: said('caring'),
  c: said('caring', { authTime: old }),
  // Came just now, from a session at the provider of which nobody knows how old it is.
  n: said('caring', { authTime: null }),
  M: said('proving', { amr: ['pwd', 'mfa'] }),
  m: said('proving', { amr: ['pwd', 'mfa'], authTime: old }),
  A: said('proving', { acr: 'urn:two' }),
  S: said('proving', { amr: ['pwd'] }),
  s: said('proving', { amr: ['pwd'], authTime: old }),
  W: said('without', { amr: ['pwd', 'mfa'], acr: 'urn:two' }),
  w: said('without', { amr: ['pwd', 'mfa'], acr: 'urn:two', authTime: old }),
  O: said('off', { amr: ['mfa'] }),
  // Of an identity that was unlinked.
  U: said('caring', { identity: 'gone' }),
}

function said(provider: string, more: Partial<ProviderProof> = {}): ProviderProof {
  const none = { acr: null, amr: [], authTime: recent }
  return { by: 'identity-provider', at: recent, identity: `ada@${provider}`, provider, ...none, ...more }
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

/** Identities at four providers, of which one is off. */
const identities = ['caring', 'proving', 'without', 'off'].map((providerId) => ({
  id: `ada@${providerId}`,
  providerId,
}))
const providers: Facts['providers'] = [
  { id: 'caring', name: 'Caring', mfa: { is: 'takes-care' } },
  { id: 'proving', name: 'Proving', mfa: { is: 'with-proof', amr: ['mfa'], acr: ['urn:two'] } },
  { id: 'without', name: 'Without', mfa: { is: 'without' } },
]

const words: Record<string, string> = {
  '.': 'first-factor',
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
        const step = nextStep({
          ...account,
          identities,
          providers,
          proofs,
          user: { active: true, hasPassword: true, mfaResetAt },
          requirement,
        })
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
      identities,
      providers,
      proofs: [],
      user: { active: true, hasPassword: true, mfaResetAt: since },
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
    identities,
    providers,
    proofs: [{ by: 'password', at }],
    user: { active: true, hasPassword: true, mfaResetAt: null },
    requirement: { level: 'nothing', because: null, since: null, freshSince: since },
  })
  expect(nextStep(facts(since)).at).toBe('done')
  expect(nextStep(facts(since - 1)).at).toBe('first-factor')
})

describe('single sign-on, nothing is required', () => {
  judge(
    `
                                    C  n  M  A  S  W  O  U  CP  WP  CT  WT  ST  UT
    no factor                       D  D  D  D  D  D  .  .  D   D   D   D   D   .
    factor, codes unsaved           D  D  D  D  2  2  .  .  D   2   D   U   U   .
    factor, codes saved             D  D  D  D  2  2  .  .  D   2   D   D   D   .
    factor, codes used up           D  D  D  D  2  2  .  .  D   2   D   Z   Z   .
    factor disabled, codes saved    D  D  D  D  2  2  .  .  D   2   D   D   D   .
    `,
    { level: 'nothing', because: null, since: null, freshSince: null },
  )
})

describe('single sign-on, MFA is required', () => {
  judge(
    `
                                    C  n  M  A  S  W  O  U  CP  WP  CT  WT  ST  UT
    no factor                       D  D  D  D  E  E  .  .  D   E   D   E   E   .
    factor, codes unsaved           D  D  D  D  2  2  .  .  D   2   D   U   U   .
    factor, codes saved             D  D  D  D  2  2  .  .  D   2   D   D   D   .
    factor, codes used up           D  D  D  D  2  2  .  .  D   2   D   Z   Z   .
    factor disabled, codes saved    D  D  D  D  2  2  .  .  D   2   D   D   D   .
    `,
    { level: 'mfa', because: 'everyone', since: null, freshSince: null },
  )
})

describe('single sign-on, a fresh proof is required', () => {
  judge(
    `
                                    C  c  n  M  m  S  s  W  w  cP  cT  ct  wP  wT  wt
    no factor                       D  .  .  D  .  D  .  D  .  D   .   .   D   .   .
    factor, codes unsaved           D  2  2  D  2  2  2  2  2  2   D   2   2   U   2
    factor, codes saved             D  2  2  D  2  2  2  2  2  2   D   2   2   D   2
    factor, codes used up           D  2  2  D  2  2  2  2  2  2   D   2   2   Z   2
    `,
    { level: 'nothing', because: null, since: null, freshSince: since },
  )
})

describe('single sign-on, MFA and a fresh proof are required', () => {
  judge(
    `
                                    C  c  n  M  m  S  s  W  w  cP  cT  ct  wP  wT  wt
    no factor                       D  .  .  D  .  E  .  E  .  .   .   .   E   .   .
    factor, codes unsaved           D  2  2  D  2  2  2  2  2  2   D   2   2   U   2
    factor, codes saved             D  2  2  D  2  2  2  2  2  2   D   2   2   D   2
    `,
    { level: 'mfa', because: 'everyone', since: null, freshSince: since },
  )
})

describe('single sign-on, MFA was reset by somebody else', () => {
  judge(
    `
                                    C  M  S  W  WL  Wl  SL  O  OL  WP  WPL
    no factor                       D  D  L  L  E   L   E   .  .   L   E
    factor, codes saved             D  D  2  2  2   2   2   .  .   2   2
    `,
    { level: 'mfa', because: 'mfa-reset', since, freshSince: null },
    since,
  )
})

describe('what is offered to whoever came by a provider', () => {
  const fresh: Requirement = { level: 'nothing', because: null, since: null, freshSince: since }
  const step = (letters: string, { hasPassword = false, level = 'nothing', of = 'no factor' } = {}) =>
    nextStep({
      ...accounts[of as keyof typeof accounts],
      identities,
      providers,
      proofs: [...letters].flatMap((letter) => proof[letter] ?? []),
      user: { active: true, hasPassword, mfaResetAt: null },
      requirement: { ...fresh, level: level as Requirement['level'] },
    })
  const first = (...offer: string[]) => ({ at: 'first-factor', offer })

  test('is to go there again, and the password where there is one and it is as good', () => {
    expect(step('w')).toEqual(first('identity-provider'))
    expect(step('w', { hasPassword: true })).toEqual(first('password', 'identity-provider'))
    expect(step('c', { hasPassword: true })).toEqual(first('password', 'identity-provider'))
    expect(step('c', { hasPassword: true, level: 'mfa' })).toEqual(first('identity-provider'))
  })

  test('is no provider to whoever came by a password', () => {
    expect(step('p', { hasPassword: true })).toEqual(first('password'))
    expect(step('', { hasPassword: true })).toEqual(first('password', 'identity-provider'))
    expect(step('')).toEqual(first('identity-provider'))
    const unlinked = { ...accounts['no factor'], providers, identities: [], proofs: [] }
    const user = { active: true, hasPassword: false, mfaResetAt: null }
    expect(nextStep({ ...unlinked, user, requirement: fresh })).toEqual(first())
  })

  test('is the provider beside the local factor, only where it proves MFA', () => {
    const of = 'factor, codes saved'
    expect(step('c', { of })).toEqual({ at: 'second-factor', offer: ['totp', 'recovery-code', 'identity-provider'] })
    expect(step('m', { of })).toEqual({ at: 'second-factor', offer: ['totp', 'recovery-code', 'identity-provider'] })
    expect(step('s', { of })).toEqual({ at: 'second-factor', offer: ['totp', 'recovery-code'] })
    expect(step('w', { of })).toEqual({ at: 'second-factor', offer: ['totp', 'recovery-code'] })
  })
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
      identities,
      providers,
      proofs: [{ by: 'password', at: recent }],
      user: { active: true, hasPassword: true, mfaResetAt: null },
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
      fc.record({
        by: fc.constant('identity-provider' as const),
        at,
        identity: fc.constantFrom('ada@caring', 'ada@proving', 'ada@without', 'ada@off', 'gone'),
        provider: fc.constantFrom('caring', 'proving', 'without', 'off'),
        acr: fc.constantFrom(null, 'urn:two', 'urn:one'),
        amr: fc.subarray(['pwd', 'mfa']),
        authTime: fc.constantFrom(null, old, since, recent),
      }),
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
    identities: fc.subarray(identities),
    providers: fc.subarray([...providers]),
    recoveryCodes: fc.record({ saved: fc.boolean(), left: fc.constantFrom(0, 1, 10) }),
    user: fc.record({ active: fc.boolean(), hasPassword: fc.boolean(), mfaResetAt: fc.constantFrom(null, since) }),
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

  /** Written once more, and in another way, on purpose. */
  const atProvider = ({ proofs: all, identities: linked, providers: on }: Facts) =>
    all.flatMap((it) => {
      if (it.by !== 'identity-provider' || !linked.some(({ id }) => id === it.identity)) return []
      if (it.identity !== `ada@${it.provider}`) return []
      const is = on.find(({ id }) => id === it.provider)?.mfa.is
      if (is === undefined) return []
      const listed = it.amr.includes('mfa') || it.acr === 'urn:two'
      return [{ mfa: is === 'takes-care' || (is === 'with-proof' && listed), at: Math.min(it.at, it.authTime ?? 0) }]
    })
  const provedMfaThere = (given: Facts, from: number | null = given.requirement.freshSince) =>
    atProvider(given).some(({ mfa, at: when }) => mfa && (from === null || when >= from))

  test('nobody is done without a password, or a provider that is on and where they are known', () => {
    always((given, step) => {
      if (!given.proofs.some((it) => it.by === 'password') && atProvider(given).length === 0)
        expect(['first-factor', 'refused']).toContain(step.at)
    })
  })

  test('a provider that nothing good is said about opens no more than a password does', () => {
    always((given, step) => {
      if (step.at !== 'done' || provedMfaThere(given, null)) return
      const passwordInstead = given.proofs.map((it) =>
        it.by === 'identity-provider' ? { by: 'password' as const, at: Math.min(it.at, it.authTime ?? 0) } : it,
      )
      expect(nextStep({ ...given, proofs: passwordInstead }).at).toBe('done')
    })
  })

  test('to say less of a provider, or to switch it off, never opens more', () => {
    always((given, step) => {
      if (step.at === 'done') return
      const saidLess = given.providers.map((provider) => ({ ...provider, mfa: { is: 'without' as const } }))
      expect(nextStep({ ...given, providers: saidLess }).at).not.toBe('done')
      expect(nextStep({ ...given, providers: [] }).at).not.toBe('done')
    })
  })

  test('whoever is asked for a first factor without having begun is offered what they have', () => {
    always((given, step) => {
      if (step.at !== 'first-factor') return
      expect(step.offer.includes('password') && !given.user.hasPassword).toBe(false)
      const isOn = given.identities.some(({ providerId }) => given.providers.some(({ id }) => id === providerId))
      if (step.offer.includes('identity-provider')) expect(isOn).toBe(true)
    })
  })

  test('whoever has a factor, even a disabled one, owes a living second factor before anything else', () => {
    always((given, step) => {
      if (given.enrolled.length > 0 && !hasProved(given) && !provedMfaThere(given))
        expect(['first-factor', 'second-factor', 'refused']).toContain(step.at)
    })
  })

  test('enrolment is never offered while the account has a factor', () => {
    always(({ enrolled }, step) => {
      if (step.at === 'enrol') expect(enrolled).toEqual([])
    })
  })

  test('after a reset nobody without a factor gets further than the link without one that is newer', () => {
    always((given, step) => {
      const {
        proofs: all,
        enrolled,
        user: { mfaResetAt },
      } = given
      if (mfaResetAt === null || enrolled.length > 0 || provedMfaThere(given)) return
      if (!all.some((it) => it.by === 'set-up-link' && it.at >= mfaResetAt))
        expect(['first-factor', 'set-up-link', 'refused']).toContain(step.at)
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
    always((given, step) => {
      const { requirement, enrolled, recoveryCodes } = given
      if (requirement.level === 'nothing' || step.at !== 'done' || provedMfaThere(given, null)) return
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
