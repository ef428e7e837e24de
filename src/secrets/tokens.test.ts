import { expect, test } from 'vitest'
import { hashToken, newId, newOrderedId, newToken } from './tokens.ts'

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

test('an ordered id sorts behind those that were made before it', () => {
  const ids = [1, 1, 1, 2, 2, 1_764_000_000_000, 1_764_000_000_001].map(newOrderedId)
  expect([...ids].sort()).toEqual(ids)
  const many = Array.from({ length: 4000 }, () => newOrderedId(7))
  expect([...many].sort()).toEqual(many)
  expect(new Set(many).size).toBe(many.length)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
