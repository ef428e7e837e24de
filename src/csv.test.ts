import { describe, expect, test } from 'vitest'
import { csvLine } from './csv.ts'

describe('comma-separated values', () => {
  test('keep commas, quotes and line breaks inside of their cell', () => {
    expect(csvLine(['a,b', 'say "yes"', 'two\nlines', 7, null])).toBe('"a,b","say ""yes""","two\nlines","7",""\r\n')
  })

  test.each([
    '=HYPERLINK("https://evil.example","x")',
    '+1+1',
    '-2+3',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    ' =1',
    '\n=1',
    '\ufeff=1',
    '＝1',
    '＠x',
  ])('never begin with a formula: %j', (text) => {
    expect(csvLine([text]).startsWith(`"'`)).toBe(true)
  })

  test.each(['ada@example.org', '2026-11-24T09:00:00.000Z', '192.0.2.1', 'a=b', '', 'é-x'])(
    'leave %j as it is',
    (text) => {
      expect(csvLine([text])).toBe(`"${text}"\r\n`)
    },
  )
})
