import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Proof, readProofs, withProof, writeProofs } from './proofs.ts'

const password: Proof = { by: 'password', at: 1 }
const totp: Proof = { by: 'totp', at: 2, factor: 'mine' }

test('a newer proof takes the place of an older one of its kind, and of no other', () => {
  expect(withProof([], password)).toEqual([password])
  expect(withProof([password], totp)).toEqual([password, totp])
  expect(withProof([password, totp], { by: 'password', at: 5 })).toEqual([totp, { by: 'password', at: 5 }])
  expect(withProof([password, totp], { by: 'totp', at: 5, factor: 'other' })).toEqual([
    password,
    { by: 'totp', at: 5, factor: 'other' },
  ])
})

test('the list that was given stays as it was', () => {
  const proofs = [password]
  withProof(proofs, totp)
  expect(proofs).toEqual([password])
})

test('what is written is read back', () => {
  const at = fc.nat()
  const proof: fc.Arbitrary<Proof> = fc.oneof(
    fc.record({ by: fc.constant('password' as const), at }),
    fc.record({ by: fc.constant('recovery-code' as const), at }),
    fc.record({ by: fc.constant('totp' as const), at, factor: fc.string() }),
  )
  fc.assert(
    fc.property(fc.array(proof), (proofs) => {
      expect(readProofs(writeProofs(proofs))).toEqual(proofs)
    }),
  )
})

test.each([
  '',
  'null',
  '{}',
  '"password"',
  '[null]',
  '["password"]',
  '[{"by":"password"}]',
  '[{"at":1}]',
  '[{"by":"password","at":"1"}]',
  '[{"by":"password","at":null}]',
  '[{"by":"totp","at":1}]',
  '[{"by":"totp","at":1,"factor":7}]',
  '[{"by":"magic","at":1}]',
  '[{"by":"password","at":1},{"by":"magic","at":1}]',
  '[{"by":"password","at":1}',
])('%s is no list of proofs, and proves nothing', (text) => {
  expect(() => readProofs(text)).toThrow()
})
