import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { openKeys } from '../../test/support/keys.ts'
import { dialects } from '../../test/support/service.ts'
import { type Sealer, sealerFor } from '../secrets/sealing.ts'
import { enrolmentLife, findEnrolment, openEnrolment, setUpKey, takeEnrolment } from './enrolment.ts'

describe('the set-up key', () => {
  const secret = Buffer.from('12345678901234567890')
  const key = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

  test('holds everything that an app needs to know, in the form that every app reads', () => {
    expect(setUpKey(secret, { issuer: 'Countersign', account: 'ada@example.org' })).toEqual({
      key,
      uri: `otpauth://totp/Countersign:ada%40example.org?secret=${key}&issuer=Countersign&algorithm=SHA1&digits=6&period=30`,
    })
  })

  test.each([
    ['Example Ltd', 'ada@example.org', 'Example%20Ltd:ada%40example.org', 'Example%20Ltd'],
    ['Zürich', 'müller@example.org', 'Z%C3%BCrich:m%C3%BCller%40example.org', 'Z%C3%BCrich'],
    ['Example: Sign-in', 'ada@example.org', 'Example%20%20Sign-in:ada%40example.org', 'Example%20%20Sign-in'],
    ['Example', 'a:b@example.org', 'Example:a%20b%40example.org', 'Example'],
    ['R&D?#=', 'a+b&c=d@example.org', 'R%26D%3F%23%3D:a%2Bb%26c%3Dd%40example.org', 'R%26D%3F%23%3D'],
  ])('the name %s and the account %s cannot be misread', (issuer, account, label, written) => {
    const { uri } = setUpKey(secret, { issuer, account })
    expect(uri).toBe(`otpauth://totp/${label}?secret=${key}&issuer=${written}&algorithm=SHA1&digits=6&period=30`)
    const parsed = new URL(uri)
    expect(parsed.searchParams.get('issuer')).toBe(issuer.replaceAll(':', ' '))
    expect(parsed.pathname.split(':')).toHaveLength(2)
  })
})

for (const dialect of dialects) {
  describe(`an enrolment on ${dialect}`, () => {
    let sealer: Sealer
    const now = 1_000_000
    const about = { now, caller: null }
    let database: TestDatabase
    let userId: string
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      sealer = sealerFor(await openKeys(database.db))
      userId = await database.addUser()
    })
    afterEach(() => database.close())

    test('shows the same secret of 160 bits for as long as it lives', async () => {
      const first = await openEnrolment(database.db, sealer, { userId, holder: 'one' }, about)
      expect(first.secret).toHaveLength(20)
      const again = { now: now + enrolmentLife - 1, caller: null }
      expect(await openEnrolment(database.db, sealer, { userId, holder: 'one' }, again)).toEqual(first)
      const events = await database.db
        .selectFrom('audit_events')
        .where('name', '=', 'totp.enrolment-shown')
        .selectAll()
        .execute()
      expect(events).toHaveLength(1)
    })

    test('has run out after half an hour, and gives way to another secret', async () => {
      const first = await openEnrolment(database.db, sealer, { userId, holder: 'one' }, about)
      const later = now + enrolmentLife
      expect(await findEnrolment(database.db, sealer, { userId, holder: 'one' }, later)).toBeNull()
      const second = await openEnrolment(database.db, sealer, { userId, holder: 'one' }, { now: later, caller: null })
      expect(second.id).not.toBe(first.id)
      expect(second.secret.equals(first.secret)).toBe(false)
    })

    test('belongs to the session or sign-in that saw it', async () => {
      const one = await openEnrolment(database.db, sealer, { userId, holder: 'one' }, about)
      const other = await openEnrolment(database.db, sealer, { userId, holder: 'other' }, about)
      expect(other.id).not.toBe(one.id)
      expect(other.secret.equals(one.secret)).toBe(false)
      expect(await findEnrolment(database.db, sealer, { userId, holder: 'third' }, now)).toBeNull()
    })

    test('opened twice at once is one', async () => {
      const opened = await Promise.all(
        Array.from({ length: 10 }, () => openEnrolment(database.db, sealer, { userId, holder: 'one' }, about)),
      )
      expect(new Set(opened.map(({ id }) => id)).size).toBe(1)
      const events = await database.db
        .selectFrom('audit_events')
        .where('name', '=', 'totp.enrolment-shown')
        .selectAll()
        .execute()
      expect(events).toHaveLength(1)
    })

    test('is taken once, by its own user, in time, and takes the user’s others with it', async () => {
      const { id } = await openEnrolment(database.db, sealer, { userId, holder: 'one' }, about)
      await openEnrolment(database.db, sealer, { userId, holder: 'other' }, about)
      const stranger = await database.addUser()
      const take = (whose: string, at: number) =>
        database.db.transaction().execute((trx) => takeEnrolment(trx, whose, id, at))
      expect(await take(stranger, now)).toBeNull()
      expect(await take(userId, now + enrolmentLife)).toBeNull()
      expect(await take(userId, now)).toMatch(/^1\./)
      expect(await take(userId, now)).toBeNull()
      expect(await findEnrolment(database.db, sealer, { userId, holder: 'other' }, now)).toBeNull()
    })

    test('does not lie readable in the database', async () => {
      const { secret } = await openEnrolment(database.db, sealer, { userId, holder: 'one' }, about)
      const rows = JSON.stringify([
        await database.db.selectFrom('totp_enrolments').selectAll().execute(),
        await database.db.selectFrom('audit_events').selectAll().execute(),
      ])
      for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const)
        expect(rows).not.toContain(secret.toString(encoding))
      expect(rows).not.toContain(setUpKey(secret, { issuer: 'x', account: 'y' }).key)
    })
  })
}
