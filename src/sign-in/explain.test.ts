import { expect, test } from 'vitest'
import type { Requirement } from '../enforcement/requirement.ts'
import { explain } from './explain.ts'

const nothing: Requirement = { level: 'nothing', because: null, since: null, freshSince: null }
const mfa: Requirement = { level: 'mfa', because: 'everyone', since: 5, freshSince: null }
const enrolled = [{ kind: 'totp' as const, id: 'mine', disabled: false }]

test.each([
  [nothing, [], false, false, { asked: 'nothing-more', because: 'not-required' }],
  [nothing, enrolled, false, false, { asked: 'second-factor', because: 'turned-on' }],
  [mfa, enrolled, false, false, { asked: 'second-factor', because: 'enforced', since: 5 }],
  [mfa, enrolled, true, false, { asked: 'set-up', because: 'enforced', since: 5 }],
  [nothing, enrolled, true, false, { asked: 'set-up', because: 'enforced', since: null }],
  [mfa, enrolled, true, true, { asked: 'set-up-link', because: 'reset' }],
  [nothing, [], false, true, { asked: 'set-up-link', because: 'reset' }],
])(
  '%o with %o, set up meanwhile: %o, by a set-up link: %o',
  (requirement, factors, setUpMeanwhile, bySetUpLink, explanation) => {
    expect(explain({ requirement, enrolled: factors, setUpMeanwhile, bySetUpLink, provedBy: null })).toEqual(
      explanation,
    )
  },
)

test('a provider that proved MFA is named, whatever was required', () => {
  for (const requirement of [nothing, mfa])
    expect(explain({ requirement, enrolled, setUpMeanwhile: false, bySetUpLink: false, provedBy: 'Works' })).toEqual({
      asked: 'nothing-more',
      because: 'provider',
      provider: 'Works',
    })
})
