import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { dialects } from '../../test/support/service.ts'
import { seconds } from '../time.ts'
import { createBranding, setBrand } from './branding.ts'

for (const dialect of dialects) {
  describe(`the copy of the brand on ${dialect}`, () => {
    let database: TestDatabase
    let time: { now: number }
    beforeEach(async () => {
      database = await openTestDatabase(dialect)
      time = { now: 1_000_000 }
    })
    afterEach(() => database.close())

    const rename = (name: string) =>
      database.db
        .transaction()
        .execute((trx) =>
          setBrand(trx, { name, color: null, logo: 'keep' }, { now: time.now, caller: null, actor: null }),
        )
    const open = async () => {
      const branding = createBranding(database.db, () => time.now)
      await branding.refresh()
      return branding
    }

    test('follows what another process changes within a second', async () => {
      const branding = await open()
      await rename('Acme')
      time.now += seconds(1) - 1
      await branding.refresh()
      expect(branding.current().name).toBeNull()
      time.now += 1
      await branding.refresh()
      expect(branding.current().name).toBe('Acme')
    })

    test('follows what was changed here at once', async () => {
      const branding = await open()
      await rename('Acme')
      branding.outdate()
      await branding.refresh()
      expect(branding.current().name).toBe('Acme')
    })

    test('follows when the clock was set back meanwhile', async () => {
      const branding = await open()
      await rename('Acme')
      time.now -= seconds(600)
      await branding.refresh()
      expect(branding.current().name).toBe('Acme')
    })
  })
}
