import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { masterKey } from './master-key.ts'
import { confirmKey, hasKeyCheck, sealerFor } from './sealing.ts'

const bytes = randomBytes(32)
const sealer = sealerFor(masterKey(bytes))
const secret = Buffer.from('a secret of twenty b')

describe('a sealed value', () => {
  test('opens where it was sealed, also after a restart', () => {
    const sealed = sealer.seal(secret, 'totp:u:f')
    expect(sealer.open(sealed, 'totp:u:f').equals(secret)).toBe(true)
    expect(sealerFor(masterKey(bytes)).open(sealed, 'totp:u:f').equals(secret)).toBe(true)
    expect(sealer.open(sealer.seal(Buffer.alloc(0), 'x'), 'x')).toHaveLength(0)
  })

  test('names its key and does not show what is in it', () => {
    const sealed = sealer.seal(secret, 'totp:u:f')
    expect(sealed).toMatch(/^1\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/)
    for (const encoding of ['latin1', 'hex', 'base64', 'base64url'] as const)
      expect(sealed).not.toContain(secret.toString(encoding))
  })

  test('does not open for another row', () => {
    const sealed = sealer.seal(secret, 'totp:u:f')
    for (const boundTo of ['totp:u:g', 'totp:v:f', '', 'totp:u:f '])
      expect(() => sealer.open(sealed, boundTo)).toThrow()
  })

  test('does not open with another key', () => {
    const sealed = sealer.seal(secret, 'totp:u:f')
    expect(() => sealerFor(masterKey(randomBytes(32))).open(sealed, 'totp:u:f')).toThrow()
  })

  test('does not open with any one bit changed, in nonce, text or tag', () => {
    const sealed = sealer.seal(secret, 'x')
    const parts = sealed.split('.')
    for (let part = 1; part < 4; part += 1) {
      const plain = Buffer.from(parts[part] ?? '', 'base64url')
      for (let bit = 0; bit < plain.length * 8; bit += 1) {
        const changed = Buffer.from(plain)
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        const forged = parts.with(part, changed.toString('base64url')).join('.')
        expect(() => sealer.open(forged, 'x')).toThrow()
      }
    }
  })

  test('does not open with a shortened tag', () => {
    const [number, nonce, text, tag = ''] = sealer.seal(secret, 'x').split('.')
    for (const length of [0, 4, 8, 12, 15]) {
      const short = Buffer.from(tag, 'base64url').subarray(0, length).toString('base64url')
      expect(() => sealer.open([number, nonce, text, short].join('.'), 'x')).toThrow()
    }
  })

  test.each(['', '1', '1..', '1.a.b', '2.AAAA.AAAA.AAAA', 'x.AAAA.AAAA.AAAA', 'plain text'])('%j is none', (text) => {
    expect(() => sealer.open(text, 'x')).toThrow()
  })

  test('has a number of its own each time, so that the same secret never looks the same', () => {
    const sealed = Array.from({ length: 2000 }, () => sealer.seal(secret, 'x'))
    expect(new Set(sealed.map((text) => text.split('.')[1])).size).toBe(2000)
    expect(new Set(sealed.map((text) => text.split('.')[2])).size).toBe(2000)
  })
})

for (const dialect of dialects) {
  describe(`the proof of the key on ${dialect}`, () => {
    let database: TestDatabase
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
    })
    afterEach(() => database.close())

    test('is written once and recognises the key again', async () => {
      expect(await hasKeyCheck(database.db)).toBe(false)
      expect(await confirmKey(database.db, sealer, 1)).toBe(true)
      expect(await hasKeyCheck(database.db)).toBe(true)
      const rows = await database.db.selectFrom('keys').selectAll().execute()
      expect(await confirmKey(database.db, sealerFor(masterKey(bytes)), 2)).toBe(true)
      expect(await database.db.selectFrom('keys').selectAll().execute()).toEqual(rows)
    })

    test('refuses another key and changes nothing', async () => {
      await confirmKey(database.db, sealer, 1)
      const rows = await database.db.selectFrom('keys').selectAll().execute()
      expect(await confirmKey(database.db, sealerFor(masterKey(randomBytes(32))), 2)).toBe(false)
      expect(await database.db.selectFrom('keys').selectAll().execute()).toEqual(rows)
      expect(await confirmKey(database.db, sealer, 3)).toBe(true)
    })

    test('of two processes that start at once with different keys, one is right', async () => {
      const other = sealerFor(masterKey(randomBytes(32)))
      const right = await Promise.all([confirmKey(database.db, sealer, 1), confirmKey(database.db, other, 1)])
      expect(right.filter(Boolean)).toHaveLength(1)
    })
  })
}
