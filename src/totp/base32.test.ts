import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toBase32 } from './base32.ts'

test.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('RFC 4648 §10, without padding: %j is %j', (plain, written) => {
  expect(toBase32(Buffer.from(plain))).toBe(written)
})

test('what is written can be read back, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const text = toBase32(Buffer.from(bytes))
      expect(text).toMatch(/^[A-Z2-7]*$/)
      expect(text).toHaveLength(Math.ceil((bytes.length * 8) / 5))
      expect([...read(text)]).toEqual([...bytes])
    }),
  )
})

function read(text: string): Buffer {
  const bits = [...text].map((it) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(it).toString(2).padStart(5, '0'))
  return Buffer.from((bits.join('').match(/[01]{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
