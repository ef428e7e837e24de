import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { groupCode, newCode, parseRecoveryCode } from './code.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const codes = fc
  .array(fc.constantFrom(...alphabet), { minLength: 16, maxLength: 16 })
  .map((characters) => characters.join(''))

describe('a new code', () => {
  test('is 16 characters of an alphabet of 32: 80 bits', () => {
    expect(newCode()).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/)
    expect(16 * Math.log2(alphabet.length)).toBe(80)
  })

  test('uses every character at every place, none more often than chance', () => {
    const many = Array.from({ length: 4000 }, newCode)
    expect(new Set(many).size).toBe(many.length)
    for (let place = 0; place < 16; place += 1) {
      const counts = Map.groupBy(many, (code) => code[place] ?? '')
      expect([...counts.keys()].sort().join('')).toBe(alphabet)
      for (const [, found] of counts) expect(Math.abs(found.length - 125)).toBeLessThan(80)
    }
  })
})

test('a code is written in groups of four', () => {
  expect(groupCode('0123456789abcdef')).toBe('0123-4567-89ab-cdef')
})

describe('reading a typed code', () => {
  test.each([
    ['as shown', '0a1b-2c3d-4e5f-6g7h'],
    ['without dashes', '0a1b2c3d4e5f6g7h'],
    ['in capitals', '0A1B-2C3D-4E5F-6G7H'],
    ['with spaces', ' 0a1b 2c3d 4e5f 6g7h '],
    ['with a line break and a tab', '0a1b 2c3d\n4e5f\t6g7h'],
    ['with a no-break space', '0a1b\u00a02c3d\u202f4e5f 6g7h'],
    ['with a hyphen', '0a1b\u20102c3d\u20104e5f\u20106g7h'],
    ['with a non-breaking hyphen', '0a1b\u20112c3d\u20114e5f\u20116g7h'],
    ['with a figure dash', '0a1b\u20122c3d\u20124e5f\u20126g7h'],
    ['with an en dash', '0a1b\u20132c3d\u20134e5f\u20136g7h'],
    ['with an em dash', '0a1b\u20142c3d\u20144e5f\u20146g7h'],
    ['with a full-width dash', '0a1b\uff0d2c3d\uff0d4e5f\uff0d6g7h'],
    ['with a minus sign', '0a1b\u22122c3d\u22124e5f\u22126g7h'],
    ['with a soft hyphen', '0a1b\u00ad2c3d\u00ad4e5f\u00ad6g7h'],
    ['with underscores and dots', '0a1b_2c3d.4e5f_6g7h'],
    ['in full width', '０ａ１ｂ２ｃ３ｄ４ｅ５ｆ６ｇ７ｈ'],
    ['with O for 0', 'Oa1b-2c3d-4e5f-6g7h'],
    ['with o for 0', 'oa1b-2c3d-4e5f-6g7h'],
    ['with I for 1', '0aIb-2c3d-4e5f-6g7h'],
    ['with i for 1', '0aib-2c3d-4e5f-6g7h'],
    ['with L for 1', '0aLb-2c3d-4e5f-6g7h'],
    ['with l for 1', '0alb-2c3d-4e5f-6g7h'],
  ])('takes it %s', (_, typed) => {
    expect(parseRecoveryCode(typed)).toBe('0a1b2c3d4e5f6g7h')
  })

  test.each([
    '',
    '----',
    '0a1b-2c3d-4e5f-6g7',
    '0a1b-2c3d-4e5f-6g7hj',
    '0a1b-2c3d-4e5f-6g7u',
    '0a1b-2c3d-4e5f-6g7ä',
    '0a1b-2c3d-4e5f-6g7%',
    '0a1b/2c3d/4e5f/6g7h',
    '123456',
    `${' '.repeat(100)}0a1b2c3d4e5f6g7h`,
    null,
    undefined,
    16,
    ['0a1b2c3d4e5f6g7h'],
  ])('does not take %j', (typed) => {
    expect(parseRecoveryCode(typed)).toBeNull()
  })

  test('every new code is read as itself, shown or ungrouped', () => {
    for (let count = 0; count < 500; count += 1) {
      const code = newCode()
      expect(parseRecoveryCode(groupCode(code))).toBe(code)
      expect(parseRecoveryCode(code.toUpperCase())).toBe(code)
    }
  })

  test('case, separators and look-alikes never change what is read', () => {
    const lookAlikes: Record<string, string[]> = { 0: ['0', 'o', 'O'], 1: ['1', 'i', 'I', 'l', 'L'] }
    const separators = fc.constantFrom('', '-', ' ', '\u2013', '\u2011', '_', '\u00a0')
    fc.assert(
      fc.property(
        codes,
        fc.array(fc.tuple(fc.boolean(), separators, fc.nat()), { minLength: 16, maxLength: 16 }),
        (code, how) => {
          const typed = [...code].map((character, index) => {
            const [upper = false, separator = '', pick = 0] = how[index] ?? []
            const alike = lookAlikes[character] ?? [upper ? character.toUpperCase() : character]
            return `${alike[pick % alike.length]}${separator}`
          })
          expect(parseRecoveryCode(typed.join(''))).toBe(code)
        },
      ),
    )
  })

  test('whatever is typed, the answer is a code of the alphabet or nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (typed) => {
        const code = parseRecoveryCode(typed)
        if (code !== null) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/)
      }),
    )
  })
})
