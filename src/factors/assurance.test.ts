import { expect, test } from 'vitest'
import type { Proof, ProviderProof } from '../sessions/proofs.ts'
import { assuranceOf } from './assurance.ts'
import { type Holdings, isLive, type MfaStatement, provedUpstreamAt, provesMfa } from './factors.ts'

const password: Proof = { by: 'password', at: 61_999 }
const totp: Proof = { by: 'totp', at: 90_000, factor: 'mine' }
const link: Proof = { by: 'set-up-link', at: 95_000 }
const recovery: Proof = { by: 'recovery-code', at: 30_000 }
const nothing: Holdings = { enrolled: [], identities: [], providers: [] }
const holding = (id: string): Holdings => ({ ...nothing, enrolled: [{ kind: 'totp', id, disabled: false }] })
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
  expect(assuranceOf(proofs, holding('mine'))).toEqual({ acr, amr, authTime })
})

test('a code of an authenticator that is gone adds nothing', () => {
  expect(assuranceOf([password, totp], nothing)).toEqual({ acr: one, amr: ['pwd'], authTime: 61 })
})

test('a code counts while its authenticator exists, disabled or not; other proofs do not hang on one', () => {
  expect(isLive(totp, holding('mine'))).toBe(true)
  expect(isLive(totp, { ...nothing, enrolled: [{ kind: 'totp', id: 'mine', disabled: true }] })).toBe(true)
  expect(isLive(totp, holding('another'))).toBe(false)
  expect(isLive(totp, nothing)).toBe(false)
  expect(isLive(password, nothing)).toBe(true)
  expect(isLive(recovery, nothing)).toBe(true)
})

/** What a provider has said, and somebody who has that identity there. */
const said = (more: Partial<ProviderProof> = {}): ProviderProof => ({
  by: 'identity-provider',
  at: 80_000,
  identity: 'ada',
  provider: 'works',
  acr: null,
  amr: [],
  authTime: 70_500,
  ...more,
})
const at = (mfa: MfaStatement, more: Partial<Holdings> = {}): Holdings => ({
  enrolled: [{ kind: 'totp', id: 'mine', disabled: false }],
  identities: [{ id: 'ada', providerId: 'works' }],
  providers: [{ id: 'works', name: 'Works', mfa }],
  ...more,
})
const listed: MfaStatement = { is: 'with-proof', amr: ['mfa', 'hwk'], acr: ['urn:two'] }

test.each<[string, Proof[], MfaStatement, string, string[], number]>([
  ['takes care, says nothing', [said()], { is: 'takes-care' }, two, ['mfa'], 70],
  ['takes care, says pwd', [said({ amr: ['pwd'] })], { is: 'takes-care' }, two, ['pwd', 'mfa'], 70],
  ['does not, says nothing', [said()], { is: 'without' }, one, [], 70],
  ['does not, says mfa', [said({ amr: ['pwd', 'mfa'] })], { is: 'without' }, one, ['pwd'], 70],
  ['with proof, says a listed amr', [said({ amr: ['pwd', 'hwk'] })], listed, two, ['pwd', 'hwk', 'mfa'], 70],
  ['with proof, says a listed acr', [said({ acr: 'urn:two' })], listed, two, ['mfa'], 70],
  ['with proof, says others', [said({ amr: ['pwd', 'sms'], acr: 'urn:one' })], listed, one, ['pwd', 'sms'], 70],
  ['with proof, the lists the wrong way round', [said({ amr: ['urn:two'], acr: 'mfa' })], listed, one, ['urn:two'], 70],
  ['does not, and a code here', [said({ amr: ['pwd'] }), totp], { is: 'without' }, two, ['pwd', 'otp', 'mfa'], 90],
  ['does not, and a password here', [said(), password], { is: 'without' }, one, ['pwd'], 70],
  ['does not say when', [said({ authTime: null })], { is: 'without' }, one, [], 80],
  ['says a time to come', [said({ authTime: 99_000 })], { is: 'without' }, one, [], 80],
])('of a provider that %s', (_, proofs, mfa, acr, amr, authTime) => {
  expect(assuranceOf(proofs, at(mfa))).toEqual({ acr, amr, authTime })
})

test('what a provider said is worth nothing once the identity is unlinked or the provider is off', () => {
  const caring: MfaStatement = { is: 'takes-care' }
  expect(isLive(said(), at(caring))).toBe(true)
  const dead = [
    at(caring, { identities: [] }),
    at(caring, { providers: [] }),
    at(caring, { identities: [{ id: 'ada', providerId: 'elsewhere' }] }),
    at(caring, { identities: [{ id: 'eve', providerId: 'works' }] }),
  ]
  for (const holdings of dead) {
    expect(isLive(said(), holdings)).toBe(false)
    expect(assuranceOf([said({ amr: ['mfa'] })], holdings)).toEqual({ acr: one, amr: [], authTime: 0 })
  }
  expect(provesMfa(said({ amr: ['mfa'] }), [])).toBe(false)
})

test('empty lists prove nothing, whatever is said', () => {
  const empty: MfaStatement = { is: 'with-proof', amr: [], acr: [] }
  expect(provesMfa(said({ amr: ['mfa'], acr: 'urn:two' }), at(empty).providers)).toBe(false)
})

test('when somebody proved themselves at a provider is never later than they came here', () => {
  expect(provedUpstreamAt(said())).toBe(70_500)
  expect(provedUpstreamAt(said({ authTime: 99_000 }))).toBe(80_000)
  expect(provedUpstreamAt(said({ authTime: null }))).toBe(null)
})
