import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { dataKey } from './data-key.ts'
import { numberOf, open, opensCheck, seal, sealCheck } from './sealing.ts'

const bytes = randomBytes(32)
const key = dataKey(3, bytes)
const secret = Buffer.from('a secret of twenty b')

describe('a sealed value', () => {
  test('opens where it was sealed, also after a restart', () => {
    const sealed = seal(key, secret, 'totp:u:f')
    expect(open(key, sealed, 'totp:u:f').equals(secret)).toBe(true)
    expect(open(dataKey(3, bytes), sealed, 'totp:u:f').equals(secret)).toBe(true)
    expect(open(key, seal(key, Buffer.alloc(0), 'x'), 'x')).toHaveLength(0)
  })

  test('names its key and does not show what is in it', () => {
    const sealed = seal(key, secret, 'totp:u:f')
    expect(sealed).toMatch(/^3\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/)
    for (const encoding of ['latin1', 'hex', 'base64', 'base64url'] as const)
      expect(sealed).not.toContain(secret.toString(encoding))
  })

  test('does not open for another row', () => {
    const sealed = seal(key, secret, 'totp:u:f')
    for (const boundTo of ['totp:u:g', 'totp:v:f', '', 'totp:u:f ']) expect(() => open(key, sealed, boundTo)).toThrow()
  })

  test('does not open with another key', () => {
    const sealed = seal(key, secret, 'totp:u:f')
    expect(() => open(dataKey(3, randomBytes(32)), sealed, 'totp:u:f')).toThrow()
  })

  test('does not open with any one bit changed, in nonce, text or tag', () => {
    const sealed = seal(key, secret, 'x')
    const parts = sealed.split('.')
    for (let part = 1; part < 4; part += 1) {
      const plain = Buffer.from(parts[part] ?? '', 'base64url')
      for (let bit = 0; bit < plain.length * 8; bit += 1) {
        const changed = Buffer.from(plain)
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        const forged = parts.with(part, changed.toString('base64url')).join('.')
        expect(() => open(key, forged, 'x')).toThrow()
      }
    }
  })

  test('does not open with a shortened tag', () => {
    const [number, nonce, text, tag = ''] = seal(key, secret, 'x').split('.')
    for (const length of [0, 4, 8, 12, 15]) {
      const short = Buffer.from(tag, 'base64url').subarray(0, length).toString('base64url')
      expect(() => open(key, [number, nonce, text, short].join('.'), 'x')).toThrow()
    }
  })

  test.each(['', '3', '3..', '3.a.b', '2.AAAA.AAAA.AAAA', 'x.AAAA.AAAA.AAAA', 'plain text'])('%j is none', (text) => {
    expect(() => open(key, text, 'x')).toThrow()
  })

  test('has a number of its own each time, so that the same secret never looks the same', () => {
    const sealed = Array.from({ length: 2000 }, () => seal(key, secret, 'x'))
    expect(new Set(sealed.map((text) => text.split('.')[1])).size).toBe(2000)
    expect(new Set(sealed.map((text) => text.split('.')[2])).size).toBe(2000)
  })

  test('names its key', () => {
    expect(numberOf(seal(key, secret, 'x'))).toBe(3)
    expect(numberOf(seal(dataKey(12, bytes), secret, 'x'))).toBe(12)
    for (const text of ['', '0.A.A.A', '-1.A.A.A', '01.A.A.A', '1e3.A.A.A', '1', 'A.1.1.1'])
      expect(numberOf(text)).toBeNull()
  })

  test('does not open under another number, though the key be the same', () => {
    const sealed = seal(key, secret, 'x')
    expect(() => open(dataKey(4, bytes), sealed, 'x')).toThrow()
    expect(() => open(dataKey(4, bytes), sealed.replace('3.', '4.'), 'x')).toThrow()
  })
})

test('a key is recognised by what it sealed', () => {
  expect(opensCheck(key, sealCheck(key))).toBe(true)
  expect(opensCheck(dataKey(3, randomBytes(32)), sealCheck(key))).toBe(false)
  expect(opensCheck(key, 'nothing')).toBe(false)
})
