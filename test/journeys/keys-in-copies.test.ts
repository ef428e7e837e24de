// Keys and whole databases: a backup from before a rotation, or out of its middle, is put back and serves; so does a copy that
// a rotation came into. Nothing is ever served whose keys and sealed values are of two different moments.

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { verifyChain } from '../../src/audit/verify.ts'
import { writeBackup } from '../../src/copying/backup.ts'
import { copyDatabase } from '../../src/copying/move.ts'
import { openAsCurrent, restore } from '../../src/copying/restore.ts'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { replaceMasterKey } from '../../src/rotation/replace-master-key.ts'
import { type RotationParts, rotate } from '../../src/rotation/rotate.ts'
import { keyRing, openKeyRows, WrongMasterKey } from '../../src/secrets/key-ring.ts'
import { masterKey } from '../../src/secrets/master-key.ts'
import { numberOf, seal, sealCheck, sealerFor } from '../../src/secrets/sealing.ts'
import { seconds } from '../../src/time.ts'
import { sealedAuthenticators } from '../../src/totp/sealed-secrets.ts'
import { Browser } from '../support/browser.ts'
import { addPerson, addProtectedPerson, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService, type TestServiceOptions } from '../support/service.ts'

const quiet = () => {}
class Killed extends Error {}

for (const dialect of dialects) {
  describe(`keys in copies on ${dialect}`, { timeout: 60_000 }, () => {
    const secret = randomBytes(32)
    let folder: string
    let before: TestService
    let after: TestService | null
    let ada: Awaited<ReturnType<typeof addProtectedPerson>>
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'countersign-keys-in-copies-'))
      before = await startService({ dialect, key: secret, hasMailServer: true })
      after = null
      ada = await addProtectedPerson(before)
    })
    afterEach(async () => {
      await before.stop()
      await after?.stop()
      await rm(folder, { recursive: true })
    })

    const ringOf = (key = secret) => keyRing(async () => [masterKey(key)])
    const partsOf = ({ db, time }: TestService, key = secret) => ({
      db,
      masterKeys: async () => [masterKey(key)],
      clock: () => time.now,
    })
    const rotateIn = (service: TestService, more: Partial<RotationParts> = {}) =>
      rotate({ ...partsOf(service), keys: ringOf(), pause: async () => {}, onProgress: quiet, ...more })
    const file = () => join(folder, 'backup.sqlite')
    const backUp = (db: Database = before.db) =>
      writeBackup(db, {
        file: file(),
        overwrite: false,
        clock: () => before.time.now,
        onCopying: quiet,
        onChecking: quiet,
      })
    async function serve(fill: NonNullable<TestServiceOptions['fill']>): Promise<TestService> {
      after = await startService({ dialect, key: secret, hasMailServer: true, fill })
      return after
    }
    const restoreIt = () =>
      serve(async (db, time) => {
        time.now = before.time.now
        const opened = await openAsCurrent(file(), folder, quiet)
        await restore(opened, db, { clock: () => time.now, onProgress: quiet })
        await opened.close()
      })
    /** Whether it takes password and code; after a restore, recovery codes are to be made next. */
    const letsIn = async (service: TestService, { person, key }: typeof ada) => {
      service.time.now += seconds(90)
      const { at } = await signInFully(service, new Browser(service), person, key)
      return at === '/my-profile' || at === '/recovery-codes'
    }
    const numbersIn = async ({ db }: TestService) =>
      (await db.selectFrom('totp_factors').select('sealed_secret').execute()).map((row) => numberOf(row.sealed_secret))
    /** Adds so many authenticators that they are sealed anew in more than one batch. */
    async function addMany(): Promise<void> {
      const { id: user } = await addPerson(before, { email: 'many@example.org' })
      await before.db.transaction().execute(async (trx) => {
        for (let at = 0; at < 250; at += 1) {
          const id = `many-${String(at).padStart(3, '0')}`
          const sealed_secret = await before.service.machine.sealer.seal(trx, randomBytes(20), `totp:${user}:${id}`)
          const row = { id, user_id: user, name: 'x', sealed_secret, created_at: 0, last_step: 0, failures: 0 }
          await trx.insertInto('totp_factors').values(row).execute()
        }
      })
    }

    test('a backup from before a rotation is put back after it, and the next rotation there makes a key of its own', async () => {
      await backUp()
      await rotateIn(before)
      const restored = await restoreIt()
      expect(await numbersIn(restored)).toEqual([1])
      expect(await letsIn(restored, ada)).toBe(true)
      expect(await rotateIn(restored)).toMatchObject({ newest: 2, isNew: true, unreadable: [] })
      expect(await numbersIn(restored)).toEqual([2])
      expect(await letsIn(restored, ada)).toBe(true)
      await restored.service.linkAudit()
      expect(await verifyChain(restored.db, ringOf())).toMatchObject({ pending: 0, found: 0 })
    })

    test('a backup from before there were data keys opens with the secret key, and is rotated like any other', async () => {
      const older = await openDatabase({ sqliteFile: join(folder, 'older.sqlite') })
      await migrate(older, '010-leases')
      const { first } = masterKey(secret)
      await older
        .insertInto('keys')
        .values({ number: 1, sealed_check: sealCheck(first), created_at: 0 })
        .execute()
      await older
        .insertInto('users')
        .values({
          id: 'u',
          email: 'u@example.org',
          email_key: 'u@example.org',
          role: 'member',
          theme: 'system',
          created_at: 0,
        })
        .execute()
      const plain = randomBytes(20)
      const sealed_secret = seal(first, plain, 'totp:u:f')
      const factor = { id: 'f', user_id: 'u', name: 'x', sealed_secret, created_at: 0, last_step: 0, failures: 0 }
      await older.insertInto('totp_factors').values(factor).execute()
      await backUp(older)
      await older.destroy()
      const restored = await restoreIt()
      const opened = async () => {
        const row = await restored.db.selectFrom('totp_factors').select('sealed_secret').executeTakeFirstOrThrow()
        return sealerFor(ringOf()).open(restored.db, row.sealed_secret, 'totp:u:f')
      }
      expect(await numbersIn(restored)).toEqual([1])
      expect(await opened()).toEqual(plain)
      expect(await rotateIn(restored)).toMatchObject({ newest: 2, isNew: true, unreadable: [] })
      expect(await numbersIn(restored)).toEqual([2])
      expect(await opened()).toEqual(plain)
    })

    test('a process that went on below a restored database takes the keys that are there, not those it knew', async () => {
      await backUp()
      await rotateIn(before)
      const { keys } = before.service.machine
      expect((await keys.newest(before.db)).number).toBe(2)
      const restored = await restoreIt()
      expect((await keys.newest(restored.db)).number).toBe(1)
      await rotateIn(restored)
      const plain = randomBytes(20)
      const sealed = await restored.db.transaction().execute((trx) => sealerFor(keys).seal(trx, plain, 'x'))
      expect(numberOf(sealed)).toBe(2)
      expect(await sealerFor(ringOf()).open(restored.db, sealed, 'x')).toEqual(plain)
    })

    test('a backup out of the middle of a rotation serves everybody, and the rotation goes on where it is put back', async () => {
      await addMany()
      let pauses = 0
      const pause = async () => {
        pauses += 1
        if (pauses === 1) await backUp()
      }
      expect(await rotateIn(before, { pause })).toMatchObject({ newest: 2 })
      const restored = await restoreIt()
      expect([...new Set(await numbersIn(restored))].sort()).toEqual([1, 2])
      expect(await letsIn(restored, ada)).toBe(true)
      expect(await rotateIn(restored)).toMatchObject({ newest: 2, isNew: false, unreadable: [] })
      expect([...new Set(await numbersIn(restored))]).toEqual([2])
      expect(await letsIn(restored, ada)).toBe(true)
      // And where it was made, it has ended as ever.
      expect(await letsIn(before, ada)).toBe(true)
    })

    test('a backup from before the secret key was replaced opens with the old one, and with no other', async () => {
      await backUp()
      const next = randomBytes(32)
      await replaceMasterKey(partsOf(before), masterKey(next))
      const opened = await openAsCurrent(file(), folder, quiet)
      await expect(openKeyRows(opened.db, async () => [masterKey(next)])).rejects.toThrow(WrongMasterKey)
      await opened.close()
      const restored = await restoreIt()
      expect(await letsIn(restored, ada)).toBe(true)
      // Then it is replaced there as well, with the same one.
      expect(await replaceMasterKey(partsOf(restored), masterKey(next))).toBe(1)
      await ringOf(next).prove(restored.db)
    })

    test('a copy that a rotation came into is not taken for one: it starts over, and then serves', async () => {
      const wish = { clock: () => before.time.now, onCopying: quiet, onChecking: quiet }
      const copied = await serve(async (db) => {
        const onCopying = (table: string) => {
          if (table === 'keys') throw new Killed()
        }
        await expect(copyDatabase(before.db, db, { ...wish, onCopying })).rejects.toThrow(Killed)
        await rotateIn(before)
        await expect(copyDatabase(before.db, db, wish)).rejects.toThrow(/has changed since it was copied, in: .*keys/)
        expect(await copyDatabase(before.db, db, wish)).toMatchObject({ resumedBehind: 0 })
      })
      copied.time.now = before.time.now
      expect(await numbersIn(copied)).toEqual([2])
      expect(await copied.db.selectFrom('keys').selectAll().orderBy('number').execute()).toEqual(
        await before.db.selectFrom('keys').selectAll().orderBy('number').execute(),
      )
      expect(await letsIn(copied, ada)).toBe(true)
      await copied.service.linkAudit()
      expect(await verifyChain(copied.db, ringOf())).toMatchObject({ pending: 0, found: 0 })
      expect((await sealedAuthenticators.count(copied.db, 2)).others).toBe(0)
    })
  })
}
