// How a personal access token is written: `cs_pat_`, 256 random bits, and a checksum. The prefix lets scanners of source
// code find one that was published by mistake; the checksum lets them and us tell it from anything else at a glance.

import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const prefix = 'cs_pat_'
const randomLength = 43
const checksumLength = 6
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const shape = /^cs_pat_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/

/** Makes the text of a new token. Show it once and keep only its hash. */
export function newTokenText(): string {
  const random = inDigits(BigInt(`0x${randomBytes(32).toString('hex')}`), randomLength)
  return `${prefix}${random}${checksumOf(random)}`
}

/**
 * Tells whether a text can be a token at all, so that anything else is refused without asking the database. The checksum
 * is no secret and proves nothing.
 */
export function isTokenText(text: string): boolean {
  const [, random, checksum] = shape.exec(text) ?? []
  return random !== undefined && checksum === checksumOf(random)
}

function checksumOf(random: string): string {
  return inDigits(BigInt(crc32(random)), checksumLength)
}

/** Writes a number in base 62, which needs no quoting anywhere and is selected with one double click. */
function inDigits(number: bigint, length: number): string {
  let text = ''
  for (let rest = number; text.length < length; rest /= 62n) text = `${digits[Number(rest % 62n)]}${text}`
  return text
}
