import { createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { dataKey } from '../secrets/data-key.ts'
import { type BrowserOwner, issueKnownBrowser, knownBrowserId, knownBrowserLife } from './known-browsers.ts'

const key = dataKey(7, randomBytes(32))
const ada: BrowserOwner = { userId: 'ada', passwordChangedAt: 5, knownSince: null }
const cookie = issueKnownBrowser(key, ada, 1000)
const isKnown = (owner: BrowserOwner | null, now = 2000) => knownBrowserId([key], owner, cookie, now) !== null

test('a browser is known to the account that it was issued for, for its time', () => {
  expect(isKnown(ada)).toBe(true)
  expect(isKnown(null)).toBe(false)
  expect(isKnown({ ...ada, userId: 'bob' })).toBe(false)
  expect(isKnown(ada, 999 + knownBrowserLife)).toBe(true)
  expect(isKnown(ada, 1000 + knownBrowserLife)).toBe(false)
})

test('a new password makes it unknown', () => {
  expect(isKnown({ ...ada, passwordChangedAt: 6 })).toBe(false)
})

test('whatever was known before a day that was set is unknown, and what becomes known later is not', () => {
  expect(isKnown({ ...ada, knownSince: 999 })).toBe(true)
  expect(isKnown({ ...ada, knownSince: 1000 })).toBe(false)
})

test('it is known as long as the key that it was issued under is in use, whatever newer keys there are', () => {
  const newer = dataKey(8, randomBytes(32))
  expect(knownBrowserId([newer, key], ada, cookie, 2000)).not.toBeNull()
  expect(knownBrowserId([newer], ada, cookie, 2000)).toBeNull()
  expect(knownBrowserId([dataKey(7, randomBytes(32))], ada, cookie, 2000)).toBeNull()
  expect(knownBrowserId([newer, key], ada, cookie.replace('7.', '8.'), 2000)).toBeNull()
})

test('a cookie from before keys had numbers belongs to the first', () => {
  const first = dataKey(1, randomBytes(32))
  const body = '1000.AAAAAAAAAAAAAAAAAAAAAA'
  const signed = createHmac('sha256', first.derive('known-browser')).update(`ada.5.${body}`).digest('base64url')
  expect(knownBrowserId([key, first], ada, `${body}.${signed}`, 2000)).toBe('AAAAAAAAAAAAAAAAAAAAAA')
  expect(knownBrowserId([key], ada, `${body}.${signed}`, 2000)).toBeNull()
})
