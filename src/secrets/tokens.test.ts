import { expect, test } from 'vitest'
import { hashToken, newId, newToken } from './tokens.ts'

test('a token has 256 bits and none is made twice', () => {
  const tokens = Array.from({ length: 1000 }, newToken)
  for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/)
  expect(new Set(tokens).size).toBe(1000)
})

test('a token is kept as its SHA-256', () => {
  expect(hashToken('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
  expect(hashToken('')).toHaveLength(43)
})

test('an id is no token', () => {
  expect(newId()).not.toBe(newId())
  expect(newId()).toMatch(/^[0-9a-f-]{36}$/)
})
