import { expect, test } from 'vitest'
import type { Proof } from '../sessions/proofs.ts'
import { assuranceOf } from './assurance.ts'
import { isLive } from './factors.ts'

const password: Proof = { by: 'password', at: 61_999 }
const totp: Proof = { by: 'totp', at: 90_000, factor: 'mine' }
const link: Proof = { by: 'set-up-link', at: 95_000 }
const recovery: Proof = { by: 'recovery-code', at: 30_000 }
const [one, two] = ['urn:countersign:acr:one-factor', 'urn:countersign:acr:two-factors']

test.each([
  ['nothing', [], one, [], 0],
  ['a password', [password], one, ['pwd'], 61],
  ['a code', [totp], one, ['otp'], 90],
  ['a recovery code', [recovery], one, ['otp'], 30],
  ['a code and a recovery code', [totp, recovery], one, ['otp'], 90],
  ['password and code', [password, totp], two, ['pwd', 'otp', 'mfa'], 90],
  ['password and recovery code', [password, recovery], two, ['pwd', 'otp', 'mfa'], 61],
  ['a password and a set-up link', [password, link], one, ['pwd'], 61],
  ['all three', [recovery, totp, password], two, ['pwd', 'otp', 'mfa'], 90],
])('%s', (_, proofs, acr, amr, authTime) => {
  expect(assuranceOf(proofs, [{ kind: 'totp', id: 'mine', disabled: false }])).toEqual({ acr, amr, authTime })
})

test('a code of an authenticator that is gone adds nothing', () => {
  expect(assuranceOf([password, totp], [])).toEqual({ acr: one, amr: ['pwd'], authTime: 61 })
})

test('a code counts while its authenticator exists, disabled or not; other proofs do not hang on one', () => {
  expect(isLive(totp, [{ kind: 'totp', id: 'mine', disabled: false }])).toBe(true)
  expect(isLive(totp, [{ kind: 'totp', id: 'mine', disabled: true }])).toBe(true)
  expect(isLive(totp, [{ kind: 'totp', id: 'another', disabled: false }])).toBe(false)
  expect(isLive(totp, [])).toBe(false)
  expect(isLive(password, [])).toBe(true)
  expect(isLive(recovery, [])).toBe(true)
})
