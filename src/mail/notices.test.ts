import { describe, expect, test } from 'vitest'
import { messagesFor } from '../messages.ts'
import { type Notice, noticeMessage } from './notices.ts'

const about = {
  messages: messagesFor('en'),
  serviceName: 'Example & Sons',
  serviceUrl: 'https://sign-in.test',
  helpContact: 'help@example.org',
  to: { email: 'ada@example.org', name: 'Ada' },
  caller: { address: '192.0.2.1', userAgent: 'Browser', requestId: 'r' },
  now: Date.parse('2026-11-24T09:00:10Z'),
}

const notices: readonly Notice[] = [
  { about: 'mfa-enabled' },
  { about: 'mfa-disabled' },
  { about: 'authenticator-renamed', name: 'Phone <2>' },
  { about: 'authenticator-replaced' },
  { about: 'authenticator-blocked' },
  { about: 'recovery-codes-created' },
  { about: 'recovery-code-used', left: 3 },
  { about: 'password-changed' },
  { about: 'own-sessions-ended' },
  { about: 'email-change-asked' },
  { about: 'email-changed' },
  { about: 'email-is-yours' },
]

describe.each(notices.map((notice) => [notice.about, notice] as const))('the notice %s', (_, notice) => {
  const { to, subject, text, html } = noticeMessage(notice, about)

  test('says what, when, from where, and what to do', () => {
    expect(to).toBe('ada@example.org')
    expect(subject.length).toBeGreaterThan(5)
    expect(text).toMatch(/^Hello Ada,\n\n/)
    for (const said of [
      'Example & Sons',
      'November 24, 2026',
      '09:00 UTC',
      '192.0.2.1',
      'help@example.org',
      'https://sign-in.test',
    ])
      expect(text).toContain(said)
    expect(text).toMatch(/was not you/)
  })

  test('says the same as HTML, without markup from outside', () => {
    const plain = html
      .replace(/<[^>]+>/g, ' ')
      .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
      .replace(/\s+/g, ' ')
      .trim()
    expect(plain).toBe(text.replace(/\s+/g, ' ').trim())
    expect(html).toMatch(
      /^<!doctype html><html lang="en"><head>(<meta [^<>]+>)+<\/head><body style="[^"<>]+">(<p style="[^"<>]+">[^<]*<\/p>)+<\/body><\/html>$/,
    )
    expect(html).not.toContain('<2>')
  })

  test('holds no link that signs in', () => {
    expect(text).not.toContain('token')
    expect(html).not.toContain('href')
  })
})

test('whoever gave no name, and has no one to ask, is written to as well', () => {
  const to = { email: 'ada@example.org', name: null }
  const { text } = noticeMessage({ about: 'mfa-enabled' }, { ...about, to, helpContact: null })
  expect(text).toMatch(/^Hello,\n\n/)
  expect(text).toContain('ask your administrator')
})

test.each([
  [0, 'There are none left: you will be asked to create new ones.'],
  [1, 'There is 1 left.'],
  [3, 'There are 3 left.'],
])('with %i codes left it says so', (left, said) => {
  expect(noticeMessage({ about: 'recovery-code-used', left }, about).text).toContain(said)
})

test('what somebody else did is told without where they were, and with whom to ask', () => {
  const { text } = noticeMessage({ about: 'sessions-ended' }, { ...about, caller: null })
  expect(text).toContain('An administrator ended sessions')
  expect(text).toContain('When: November 24, 2026 at 09:00 UTC.')
  expect(text).toContain('If you did not expect this')
  expect(text).not.toMatch(/address:|was not you/)
})
