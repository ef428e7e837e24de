import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seconds } from '../time.ts'
import { acceptedDrift, clockIsOff, findStep, hotp, matchCode, parseCode, stepAt } from './otp.ts'

const secret = Buffer.from('12345678901234567890')

describe('HOTP', () => {
  test('RFC 4226 appendix D', () => {
    const codes = Array.from({ length: 10 }, (_, counter) => hotp(secret, counter))
    expect(codes.join(' ')).toBe('755224 287082 359152 969429 338314 254676 287922 162583 399871 520489')
  })

  test('a counter beyond 32 bits uses all eight bytes', () => {
    expect(hotp(secret, 2 ** 32)).not.toBe(hotp(secret, 0))
    expect(hotp(secret, 2 ** 32 + 1)).not.toBe(hotp(secret, 1))
  })

  test('a code keeps its leading zeros', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 }), fc.constantFrom(6, 8), (counter, digits) => {
        expect(hotp(secret, counter, digits)).toMatch(new RegExp(`^[0-9]{${digits}}$`))
      }),
    )
  })
})

describe('TOTP', () => {
  const secrets = {
    sha1: secret,
    sha256: Buffer.from('12345678901234567890123456789012'),
    sha512: Buffer.from('1234567890123456789012345678901234567890123456789012345678901234'),
  }
  test.each([
    [59, '94287082', '46119246', '90693936'],
    [1_111_111_109, '07081804', '68084774', '25091201'],
    [1_111_111_111, '14050471', '67062674', '99943326'],
    [1_234_567_890, '89005924', '91819424', '93441116'],
    [2_000_000_000, '69279037', '90698825', '38618901'],
    [20_000_000_000, '65353130', '77737706', '47863826'],
  ])('RFC 6238 appendix B at %i seconds: %s (SHA-1), %s (SHA-256), %s (SHA-512)', (at, sha1, sha256, sha512) => {
    const step = stepAt(seconds(at))
    expect(hotp(secrets.sha1, step, 8, 'sha1')).toBe(sha1)
    expect(hotp(secrets.sha256, step, 8, 'sha256')).toBe(sha256)
    expect(hotp(secrets.sha512, step, 8, 'sha512')).toBe(sha512)
  })

  test('a step begins with its thirtieth second and ends a millisecond before the next', () => {
    expect(stepAt(0)).toBe(0)
    expect(stepAt(29_999)).toBe(0)
    expect(stepAt(30_000)).toBe(1)
    expect(stepAt(59_999)).toBe(1)
    expect(stepAt(60_000)).toBe(2)
  })
})

describe('the window', () => {
  const now = seconds(1_700_000_015)
  const step = stepAt(now)

  test.each([
    [-2, false],
    [-1, true],
    [0, true],
    [1, true],
    [2, false],
  ])('a code %i steps away is recognised: %s', (away, recognised) => {
    expect(matchCode(secret, hotp(secret, step + away), now)).toBe(recognised ? step + away : null)
  })

  test('is one step to each side', () => {
    expect(acceptedDrift).toBe(1)
  })

  test('at every instant exactly the codes of three steps fit, and each returns a step that it belongs to', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4_000_000_000 }), fc.integer({ min: -5, max: 5 }), (at, away) => {
        const around = stepAt(seconds(at))
        const code = hotp(secret, Math.max(0, around + away))
        const found = matchCode(secret, code, seconds(at))
        if (Math.abs(away) <= 1) expect(found).not.toBeNull()
        if (found === null) return
        expect(Math.abs(found - around)).toBeLessThanOrEqual(1)
        expect(hotp(secret, found)).toBe(code)
      }),
    )
  })

  test('there are no steps before 1970', () => {
    expect(findStep(secret, hotp(secret, 0), { from: -3, to: 0, around: 0 })).toBe(0)
    expect(matchCode(secret, hotp(secret, 0), 0)).toBe(0)
  })

  test('of two steps with the same code the nearer one is found, on either side, and of two as near the earlier', () => {
    const [one, other] = collision()
    const code = hotp(secret, one)
    expect(findStep(secret, code, { from: one, to: other, around: one })).toBe(one)
    expect(findStep(secret, code, { from: one, to: other, around: one + 1 })).toBe(one)
    expect(findStep(secret, code, { from: one, to: other, around: other - 1 })).toBe(other)
    expect(findStep(secret, code, { from: one, to: other, around: other })).toBe(other)
    expect(findStep(secret, code, { from: one, to: other, around: (one + other) / 2 })).toBe(one)
  })

  function collision(): [number, number] {
    const seen = new Map<string, number>()
    for (let at = step; ; at += 1) {
      const earlier = seen.get(hotp(secret, at))
      if (earlier !== undefined && at - earlier > 2 && (at - earlier) % 2 === 0) return [earlier, at]
      seen.set(hotp(secret, at), at)
    }
  }
})

describe('reading a typed code', () => {
  test.each([
    ['123456', '123456'],
    ['000000', '000000'],
    ['123 456', '123456'],
    [' 123456 ', '123456'],
    ['1 2 3 4 5 6', '123456'],
    ['123\u00a0456', '123456'],
    ['123\u202f456', '123456'],
    ['123\t456\n', '123456'],
    ['12345', null],
    ['1234567', null],
    ['', null],
    ['      ', null],
    ['12345a', null],
    ['-12345', null],
    ['+12345', null],
    ['123,456', null],
    ['123-456', null],
    ['1e5', null],
    ['0x1234', null],
    ['١٢٣٤٥٦', null],
    ['１２３４５６', null],
    ['𝟏𝟐𝟑𝟒𝟓𝟔', null],
    ['123456\u0000', null],
    ['123\u200b456', null],
    [`${' '.repeat(26)}123456`, '123456'],
    [`${' '.repeat(27)}123456`, null],
    [123456, null],
    [null, null],
    [undefined, null],
    [['123456'], null],
    [{ toString: () => '123456' }, null],
  ])('%j is read as %j', (typed, code) => {
    expect(parseCode(typed)).toBe(code)
  })

  test('six digits are read whatever spaces stand between them', () => {
    const digit = fc.constantFrom(...'0123456789')
    const space = fc.constantFrom('', ' ', '\t', '\u00a0', '\u202f')
    fc.assert(
      fc.property(fc.array(fc.tuple(digit, space), { minLength: 6, maxLength: 6 }), (pairs) => {
        expect(parseCode(pairs.flat().join(''))).toBe(pairs.map(([it]) => it).join(''))
      }),
    )
  })
})

describe('the hint about the clock', () => {
  const now = seconds(1_700_000_015)
  const step = stepAt(now)
  const code = (away: number) => hotp(secret, step + away)

  test.each([
    [-2, 'behind'],
    [-10, 'behind'],
    [-120, 'behind'],
    [-121, null],
    [2, 'ahead'],
    [10, 'ahead'],
    [120, 'ahead'],
    [121, null],
  ])('while enrolling, a code %i steps away says: %s', (away, said) => {
    expect(clockIsOff(secret, code(away), now, 'past-and-future')).toBe(said)
  })

  test.each([-2, -120])('at sign-in, a code %i steps past is recognised', (away) => {
    expect(clockIsOff(secret, code(away), now, 'past')).toBe('behind')
  })

  test.each([2, 3, 10, 120])('at sign-in, a code %i steps to come gives no hint: it will be valid', (away) => {
    expect(clockIsOff(secret, code(away), now, 'past')).toBeNull()
  })

  test.each([-1, 0, 1])('a code %i steps away fits: the clock is not off', (away) => {
    expect(clockIsOff(secret, code(away), now, 'past-and-future')).toBeNull()
  })
})
