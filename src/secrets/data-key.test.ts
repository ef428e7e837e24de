import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { dataKey } from './data-key.ts'

const bytes = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
const purposes = ['columns', 'first-administrator', 'known-browser', 'audit-chain'] as const

describe('a data key', () => {
  test('has 256 bits', () => {
    for (const length of [0, 16, 31, 33, 64]) expect(() => dataKey(1, randomBytes(length))).toThrow()
  })

  test('gives each purpose a key of its own, the same at every start', () => {
    const keys = purposes.map((purpose) => dataKey(1, bytes).derive(purpose).toString('hex'))
    expect(new Set([...keys, bytes.toString('hex')]).size).toBe(5)
    const key = dataKey(2, bytes)
    for (const _ of ['once', 'again'])
      expect(purposes.map((purpose) => key.derive(purpose).toString('hex'))).toEqual(keys)
    expect(dataKey(1, randomBytes(32)).derive('columns').toString('hex')).not.toBe(keys[0])
    for (const derived of keys) expect(derived).toHaveLength(64)
  })

  test('derives what earlier versions derived from the secret key', () => {
    expect(dataKey(1, bytes).derive('columns').toString('hex')).toBe(
      '6bedbd672a5b2803afde5aa9993c4d3c281863727031886e59aafa9be4d16173',
    )
  })

  test('cannot be read back, logged or serialised', () => {
    const shown = [
      inspect(dataKey(1, bytes), { depth: 10, showHidden: true }),
      JSON.stringify(dataKey(1, bytes)),
    ].join()
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      expect(shown).not.toContain(bytes.toString(encoding))
    expect(shown).not.toContain('00 01 02')
  })
})
