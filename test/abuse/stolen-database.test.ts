// A stolen database: whoever reads it has no token, no code and no secret, and whoever writes to it cannot move a secret
// from one user to another.

import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { replaceMasterKey } from '../../src/rotation/replace-master-key.ts'
import { rotate } from '../../src/rotation/rotate.ts'
import { keyRing } from '../../src/secrets/key-ring.ts'
import { masterKey } from '../../src/secrets/master-key.ts'
import { browserWith, dumpOf, isIn, sessionCookie, signInCookie } from '../support/attack.ts'
import { Browser, codeAt, secretBytes } from '../support/browser.ts'
import { codePage } from '../support/guesser.ts'
import { addProtectedPerson, keyOn, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`a stolen database on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    test('nothing in the database is a token, a code or a secret', async () => {
      const { person, browser, key, codes } = await addProtectedPerson(running)
      const pending = new Browser(running)
      await signIn(pending, person)
      const { html } = await browser.open('/set-up-mfa?replace=yes')
      const waiting = keyOn(html)
      const dump = await dumpOf(running)
      const text = dump.join('\n').toLowerCase()
      const secrets = [key, waiting].flatMap((secret) => {
        const bytes = secretBytes(secret)
        return [secret, bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')]
      })
      const tokens = [browser.session, pending.signIn, ...browser.cookies.values()].map(String)
      const plain = codes.flatMap((code) => [code, code.replaceAll('-', '')])
      for (const secret of [...secrets, ...tokens, ...plain, person.password])
        expect(text).not.toContain(secret.toLowerCase())
      expect(tokens.every((token) => token.length >= 43)).toBe(true)

      for (const value of new Set(dump)) {
        if (!/^[\x21-\x3a\x3c-\x7e]+$/.test(value)) continue
        expect(await isIn(browserWith(running, { [sessionCookie]: value }))).toBe(false)
        expect((await browserWith(running, { [signInCookie]: value }).open(codePage)).at).toBe('/sign-in?notice=over')
      }
    })

    test('no key is in the database that opens anything, and after the secret key was replaced the old one opens nothing', async () => {
      const secret = randomBytes(32)
      await running.stop()
      running = await startService({ dialect, key: secret })
      const { key } = await addProtectedPerson(running)
      const old = masterKey(secret)
      const parts = { db: running.db, masterKeys: async () => [old], clock: () => running.time.now }
      await rotate({ ...parts, keys: keyRing(async () => [old]), pause: async () => {}, onProgress: () => {} })
      const stolen = await running.db.selectFrom('keys').selectAll().execute()
      const dataKeys = stolen.map(({ number, wrapped }) => old.unwrap(number, wrapped ?? ''))
      expect(dataKeys.map((bytes) => bytes?.length)).toEqual([32, 32])
      const text = (await dumpOf(running)).join('\n').toLowerCase()
      for (const bytes of [secret, secretBytes(key), ...dataKeys])
        for (const encoding of ['hex', 'base64', 'base64url'] as const)
          expect(text).not.toContain((bytes ?? secret).toString(encoding).toLowerCase().replace(/=+$/, ''))

      await replaceMasterKey(parts, masterKey(randomBytes(32)))
      for (const { number, wrapped } of await running.db.selectFrom('keys').selectAll().execute())
        expect(old.unwrap(number, wrapped ?? '')).toBeNull()
    })

    test('a sealed secret that is copied to another user opens nothing for anybody', async () => {
      const victim = await addProtectedPerson(running)
      const mallory = await addProtectedPerson(running, { email: 'mallory@example.org' })
      const rows = await running.db.selectFrom('totp_factors').select(['user_id', 'sealed_secret']).execute()
      for (const { user_id } of rows) {
        const other = rows.find((row) => row.user_id !== user_id)
        await running.db
          .updateTable('totp_factors')
          .set({ sealed_secret: other?.sealed_secret ?? '' })
          .where('user_id', '=', user_id)
          .execute()
      }
      const answers: { inside: boolean; status: number }[] = []
      for (const { person } of [victim, mallory])
        for (const { key } of [victim, mallory]) {
          const browser = new Browser(running)
          await signIn(browser, person)
          const { status } = await browser.send(codePage, { code: codeAt(key, running.time.now) })
          answers.push({ inside: await isIn(browser), status })
        }
      expect(answers.map(({ inside }) => inside)).toEqual([false, false, false, false])
      expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 500])
    })
  })
}
