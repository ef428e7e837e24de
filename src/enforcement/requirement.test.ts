import { expect, test } from 'vitest'
import { type Policy, requirementFor, withFreshProof } from './requirement.ts'

const relaxed: Policy = { id: 'everyone', requires: 'nothing' }
const strict: Policy = { id: 'everyone', requires: 'mfa' }

test('nothing is required while no policy asks for it', () => {
  expect(requirementFor({ policies: [relaxed] })).toEqual({ level: 'nothing', because: null, freshSince: null })
})

test('a policy that asks for MFA is named as the reason', () => {
  expect(requirementFor({ policies: [strict] })).toEqual({ level: 'mfa', because: 'everyone', freshSince: null })
})

test('the strictest policy wins, wherever it stands', () => {
  const other: Policy = { id: 'administrators', requires: 'mfa' }
  expect(requirementFor({ policies: [relaxed, other] })).toMatchObject({ level: 'mfa', because: 'administrators' })
  expect(requirementFor({ policies: [other, relaxed] })).toMatchObject({ level: 'mfa', because: 'administrators' })
})

test('a requirement that this version does not know counts as the strictest', () => {
  const unknown = { id: 'from-a-newer-version', requires: 'passkey' } as unknown as Policy
  expect(requirementFor({ policies: [relaxed, unknown] })).toMatchObject({
    level: 'mfa',
    because: 'from-a-newer-version',
  })
})

test('asking for a fresh proof changes nothing else', () => {
  const requirement = requirementFor({ policies: [strict] })
  expect(withFreshProof(requirement, 5)).toEqual({ level: 'mfa', because: 'everyone', freshSince: 5 })
  expect(requirement.freshSince).toBeNull()
})
