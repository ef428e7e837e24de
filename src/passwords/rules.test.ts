import { describe, expect, test } from 'vitest'
import { passwordProblem } from './rules.ts'

const words = ['Countersign', 'ada.lovelace@example.org', 'Ada Lovelace']
const alone = (password: string) => passwordProblem(password, { mfaRequired: false, words })
const withMfa = (password: string) => passwordProblem(password, { mfaRequired: true, words })

/** Letters in no common order, none of them part of a known word. */
const noise = 'zqxjkvbwpyfmughd'.repeat(9)

describe('the length of a password', () => {
  test.each([
    [0, 'too-short'],
    [8, 'too-short'],
    [14, 'too-short'],
    [15, null],
    [128, null],
    [129, 'too-long'],
  ])('alone, %i characters: %s', async (length, problem) => {
    expect(await alone(noise.slice(0, length))).toBe(problem)
  })

  test.each([
    [7, 'too-short'],
    [8, null],
    [128, null],
    [129, 'too-long'],
  ])('where MFA is required, %i characters: %s', async (length, problem) => {
    expect(await withMfa(noise.slice(0, length))).toBe(problem)
  })

  test('counts what a person sees as one character once, not as two units of memory', async () => {
    const emoji = ['🦊', '🌵', '🎻', '🧭', '🪁', '🥝', '🛶', '🧊']
    expect(emoji.join('').length).toBe(16)
    expect(await withMfa(emoji.join(''))).toBeNull()
    expect(await withMfa(emoji.slice(1).join(''))).toBe('too-short')
    expect(await alone(emoji.join(''))).toBe('too-short')
  })

  test('counts a composed and a decomposed letter alike', async () => {
    const composed = 'éàüöñçêîôûâëïÿ'
    expect([...composed]).toHaveLength(14)
    expect(await alone(composed)).toBe('too-short')
    expect(await alone(composed.normalize('NFD'))).toBe('too-short')
    expect(await alone(`${composed.normalize('NFD')}x`)).toBeNull()
    expect(await alone(`${'e\u0301'}${noise.slice(0, 127)}`)).toBeNull()
  })
})

test.each([
  'four words nobody would guess',
  'fyjqzkwmxvbpghd',
  'FYJQZKWMXVBPGHD',
  '829461037465281930',
  '!?%&§$#*+~=<>|:;',
  'Пароль из пяти слов',
  '正确的马电池订书钉密码很好用吧',
  '   spaces   count   ',
])('there are no rules about kinds of characters: %j may be used', async (password) => {
  expect(await alone(password)).toBeNull()
})

describe('a password that attackers try first', () => {
  test.each(['password', 'PASSWORD', 'Password1', 'iloveyou', 'sunshine', 'football', 'princess'])(
    '%s is refused, in whatever case',
    async (password) => {
      expect(await withMfa(password)).toBe('common')
    },
  )

  test.each([
    'aaaaaaaaaaaaaaaa',
    'abababababababab',
    '123123123123123',
    'abcdabcdabcdabcdab',
    'ÄäÄäÄäÄäÄäÄäÄäÄä',
    '🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊',
  ])('%s is one short piece over and over', async (password) => {
    expect(await alone(password)).toBe('common')
  })
})

describe('a password that says who it belongs to', () => {
  test.each([
    'countersign',
    'Countersign!1',
    'ada.lovelace@example.org',
    'ADA.LOVELACE@EXAMPLE.ORG',
    'lovelace2026',
    'adalovelace123',
    'countersign-lovelace',
    'Lovelace Lovelace Lovelace',
  ])('%s is refused', async (password) => {
    expect(await withMfa(password)).toBe('names-you')
  })

  test('may hold such a word among enough others', async () => {
    expect(await alone('countersign is a fine old word')).toBeNull()
    expect(await withMfa('lovelace+zqxjkvbw')).toBeNull()
  })

  test('short words are not held against it', async () => {
    const context = { mfaRequired: true, words: ['Ada', 'a@b.io', ''] }
    expect(await passwordProblem('adazqxjk', context)).toBeNull()
  })

  test('is recognised whichever way its letters are composed', async () => {
    const context = { mfaRequired: true, words: ['Zo\u00eb M\u00fcller'] }
    expect(await passwordProblem('Mu\u0308ller123', context)).toBe('names-you')
  })
})
