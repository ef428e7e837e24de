import fc from 'fast-check'
import { expect, test } from 'vitest'
import { safePath, safeReturnTo } from './return-to.ts'

const origin = 'https://sign-in.test'

test.each([
  '/my-profile',
  '/my-profile/settings?notice=saved&x=1',
  '/admin/users?search=a%20b',
  '/anything/%2F%2Fevil.example',
  '/sign-in-history',
  '/%5Cevil.example',
])('%s is worth going back to', (path) => {
  expect(safeReturnTo(path, origin)).toBe(path)
})

test.each([
  null,
  undefined,
  '',
  'my-profile',
  'https://evil.example/',
  'https://sign-in.test/my-profile',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/a\\b',
  '/\t/evil.example',
  '/\n/evil.example',
  ' //evil.example',
  '/ /evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/%2e//evil.example',
  '/a\u0000',
  '/a\r\nLocation: https://evil.example',
  '/ä',
  'javascript:alert(1)',
  'data:text/html,x',
  '@evil.example',
  `/${'x'.repeat(2000)}`,
])('%j is not followed', (path) => {
  expect(safeReturnTo(path, origin)).toBeNull()
  expect(safePath(path, origin)).toBeNull()
})

test.each([
  '/',
  '/?a=b',
  '/sign-in',
  '/sign-in?next=/x',
  '/sign-in/verification-code',
  '/sign-out',
  '/set-up',
  '/set-up-mfa',
  '/recovery-codes',
  '/recovery-codes/saved',
  '/accept-invitation?token=x',
  '/assets/main.js',
  '/my-profile/../sign-in',
])('%s is a step on the way and no destination', (path) => {
  expect(safeReturnTo(path, origin)).toBeNull()
})

test('what comes after # never comes along', () => {
  expect(safeReturnTo('/my-profile#x', origin)).toBe('/my-profile')
})

test('whatever is typed, a browser that follows the answer stays with us', () => {
  const nasty = fc
    .array(
      fc.constantFrom('/', '\\', '.', '%2f', '%5c', ':', '@', '\t', '\n', ' ', 'evil.example', 'a', '?', '#', '//'),
      {
        maxLength: 12,
      },
    )
    .map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(fc.oneof(nasty, fc.webUrl(), fc.string({ unit: 'binary' })), (typed) => {
      for (const candidate of [typed, `/${typed}`]) {
        const path = safePath(candidate, origin)
        if (path === null) continue
        const followed = new URL(path, `${origin}/sign-in`)
        expect(followed.origin).toBe(origin)
        expect(`${followed.pathname}${followed.search}`).toBe(path)
        expect(safePath(path, origin)).toBe(path)
      }
    }),
    { numRuns: 3000 },
  )
})
