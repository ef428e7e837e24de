import { expect, test } from 'vitest'
import { isTokenText, newTokenText } from './token-text.ts'

test('a token has the prefix that scanners look for, 43 characters for 256 bits, and a checksum of 6', () => {
  expect(newTokenText()).toMatch(/^cs_pat_[0-9A-Za-z]{49}$/)
})

test('a thousand tokens are a thousand texts that are tokens', () => {
  const texts = Array.from({ length: 1000 }, newTokenText)
  expect(new Set(texts).size).toBe(1000)
  expect(texts.every(isTokenText)).toBe(true)
})

test('any one character that was mistyped shows', () => {
  const text = newTokenText()
  for (let at = 0; at < text.length; at += 1) {
    const mistyped = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`
    expect(isTokenText(mistyped), mistyped).toBe(false)
  }
})

test.each(['', 'cs_pat_', `${newTokenText()} `, ` ${newTokenText()}`, `${newTokenText()}0`, newTokenText().slice(7)])(
  '%j is no token',
  (text) => {
    expect(isTokenText(text)).toBe(false)
  },
)

test('the checksum does not change between versions: tokens that are out there stay tokens', () => {
  expect(isTokenText(`cs_pat_${'0'.repeat(43)}${'0'.repeat(6)}`)).toBe(false)
  expect(isTokenText(`cs_pat_${'0'.repeat(43)}2CZclj`)).toBe(true)
})
