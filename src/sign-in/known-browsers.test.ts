import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { masterKey } from '../secrets/master-key.ts'
import { type BrowserOwner, issueKnownBrowser, knownBrowserId, knownBrowserLife } from './known-browsers.ts'

const key = masterKey(randomBytes(32))
const ada: BrowserOwner = { userId: 'ada', passwordChangedAt: 5, knownSince: null }
const cookie = issueKnownBrowser(key, ada, 1000)
const isKnown = (owner: BrowserOwner | null, now = 2000) => knownBrowserId(key, owner, cookie, now) !== null

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
