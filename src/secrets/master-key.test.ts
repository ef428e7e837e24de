import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { masterKey, parseMasterKey } from './master-key.ts'

const bytes = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')

describe('a written key', () => {
  test.each([
    ['hexadecimal', bytes.toString('hex')],
    ['hexadecimal capitals', bytes.toString('hex').toUpperCase()],
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replace('=', '')],
    ['base64url', bytes.toString('base64url')],
    ['with a line break', `${bytes.toString('base64')}\n`],
  ])('is read in %s', (_, text) => {
    expect(parseMasterKey(text)?.equals(bytes)).toBe(true)
  })

  test.each([
    '',
    'secret',
    bytes.toString('hex').slice(1),
    `${bytes.toString('hex')}0`,
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
    randomBytes(16).toString('hex'),
    `${'g'.repeat(63)}!`,
    bytes.toString('hex').replace(/^0/, 'g'),
  ])('%j is none', (text) => {
    expect(parseMasterKey(text)).toBeNull()
  })
})

describe('the master key', () => {
  test('has 256 bits', () => {
    for (const length of [0, 16, 31, 33, 64]) expect(() => masterKey(randomBytes(length))).toThrow()
  })

  test('unwraps what it has wrapped, for that number, and nothing else', () => {
    const plain = randomBytes(32)
    const wrapped = masterKey(bytes).wrap(3, plain)
    expect(masterKey(bytes).unwrap(3, wrapped)).toEqual(plain)
    expect(masterKey(bytes).unwrap(4, wrapped)).toBeNull()
    expect(masterKey(randomBytes(32)).unwrap(3, wrapped)).toBeNull()
    for (const other of ['', 'x', '1.a.b', wrapped.slice(1), `${wrapped.slice(0, -4)}AAAA`])
      expect(masterKey(bytes).unwrap(3, other)).toBeNull()
    for (const encoding of ['latin1', 'hex', 'base64', 'base64url'] as const)
      expect(wrapped).not.toContain(plain.toString(encoding))
  })

  test('was data key 1 itself once, and can wrap that', () => {
    const { first, wrapFirst, unwrap } = masterKey(bytes)
    expect(first.number).toBe(1)
    expect(unwrap(1, wrapFirst())).toEqual(bytes)
  })

  test('cannot be read back, logged or serialised', () => {
    const shown = [inspect(masterKey(bytes), { depth: 10, showHidden: true }), JSON.stringify(masterKey(bytes))].join()
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      expect(shown).not.toContain(bytes.toString(encoding))
    expect(shown).not.toContain('00 01 02')
  })
})
