import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emailKey, parseEmail } from './email.ts'

test.each([
  ['ada@example.org', 'ada@example.org'],
  ['  Ada@Example.org\n', 'Ada@Example.org'],
  ['a+tag@example.org', 'a+tag@example.org'],
  ["o'neill@example.org", "o'neill@example.org"],
  ['müller@example.org', 'müller@example.org'],
  ['mu\u0308ller@example.org', 'müller@example.org'],
  ['ada@localhost', 'ada@localhost'],
  [`${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`],
])('%j is the address %j', (typed, email) => {
  expect(parseEmail(typed)).toBe(email)
})

test.each([
  '',
  'ada',
  '@example.org',
  'ada@',
  'ada@@example.org',
  'a@b@example.org',
  'ada example@example.org',
  'ada@exa mple.org',
  'ada@example.org,eve@example.org',
  'ada@example.org;eve@example.org',
  'Ada <ada@example.org>',
  '"ada"@example.org',
  'ada(comment)@example.org',
  'ada@[192.0.2.1]',
  'ada@example.org:25',
  'ada@example.org\r\nBcc: eve@example.org',
  'ada\u0000@example.org',
  'ada\u200b@example.org',
  'ada\u202e@example.org',
  `${'a'.repeat(65)}@example.org`,
  `ada@${'a'.repeat(251)}`,
])('%j is no address', (typed) => {
  expect(parseEmail(typed)).toBeNull()
})

test.each([
  ['V@example.org', 'v@EXAMPLE.org'],
  [' v@example.org ', 'v@example.org'],
  ['ｖ@example.org', 'v@example.org'],
  ['MU\u0308LLER@example.org', 'm\u00fcller@example.org'],
  ['ﬁne@example.org', 'fine@example.org'],
])('%j and %j are one account', (one, other) => {
  expect(emailKey(one)).toBe(emailKey(other))
})

test('a canonical form stays as it is', () => {
  fc.assert(
    fc.property(fc.emailAddress(), (typed) => {
      expect(emailKey(emailKey(typed))).toBe(emailKey(typed))
    }),
  )
})

test('any text has a canonical form, so that every guess can be counted', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (typed) => {
      expect(emailKey(typed)).toBe(emailKey(` ${typed}\n`))
    }),
  )
})
