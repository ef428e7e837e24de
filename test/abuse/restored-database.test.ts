// A database that was restored from a backup: what was used up, ended or revoked after the backup was made opens nothing, and
// nobody who has their password and their authenticator is kept out.

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeBackup } from '../../src/copying/backup.ts'
import { openAsCurrent, restore } from '../../src/copying/restore.ts'
import { minutes } from '../../src/time.ts'
import { invite } from '../../src/users/invitations.ts'
import { issueLink } from '../../src/users/one-time-links.ts'
import { resetMfa, tokenIn } from '../support/admin.ts'
import { addToken, callByToken } from '../support/api.ts'
import { isIn } from '../support/attack.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, password, saveCodes, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const quiet = () => {}

for (const dialect of dialects) {
  describe(`a database restored on ${dialect}`, { timeout: 60_000 }, () => {
    let folder: string
    let key: Buffer
    let before: TestService
    let after: TestService | null
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'countersign-restored-'))
      key = randomBytes(32)
      before = await startService({ dialect, key, hasMailServer: true })
      after = null
    })
    afterEach(async () => {
      await before.stop()
      await after?.stop()
      await rm(folder, { recursive: true })
    })

    const file = () => join(folder, 'backup.sqlite')
    async function backUp(): Promise<void> {
      const wish = { file: file(), overwrite: false, clock: () => before.time.now, onCopying: quiet, onChecking: quiet }
      await writeBackup(before.db, wish)
    }
    /** Puts the backup into another database, at the time that it is now, and starts a service on it. */
    async function restoreIt(): Promise<TestService> {
      const fill: NonNullable<Parameters<typeof startService>[0]>['fill'] = async (db, time) => {
        time.now = before.time.now
        const opened = await openAsCurrent(file(), folder, quiet)
        await restore(opened, db, { clock: () => time.now, onProgress: quiet })
        await opened.close()
      }
      after = await startService({ dialect, key, hasMailServer: true, fill })
      return after
    }
    /** The same browser, with its cookies, as it meets the restored service. */
    const returning = (browser: Browser, service: TestService) => {
      const same = new Browser(service)
      for (const [name, value] of browser.cookies) same.cookies.set(name, value)
      return same
    }

    test('takes no verification code up to now, and the next one', async () => {
      const { person, key: secret } = await addProtectedPerson(before)
      await backUp()
      const used = codeAt(secret, before.time.now)
      const ahead = codeAt(secret, before.time.now, 1)
      const first = new Browser(before)
      await signIn(first, person)
      expect((await first.send('/sign-in/verification-code', { code: used })).at).toBe('/my-profile')
      const restored = await restoreIt()
      const browser = new Browser(restored)
      await signIn(browser, person)
      for (const code of [used, ahead, codeAt(secret, before.time.now, -1)])
        expect((await browser.send('/sign-in/verification-code', { code })).status).toBe(422)
      restored.time.now += minutes(1)
      const code = codeAt(secret, restored.time.now)
      expect((await browser.send('/sign-in/verification-code', { code })).at).toBe('/recovery-codes')
    })

    test('takes no recovery code of before, and has new ones made behind the next verification code', async () => {
      const { person, key: secret, codes, setId } = await addProtectedPerson(before)
      await backUp()
      const first = new Browser(before)
      await signIn(first, person)
      await first.send('/sign-in/recovery-code', { code: codes[0] ?? '' })
      expect(await isIn(first)).toBe(true)
      const restored = await restoreIt()
      restored.time.now += minutes(1)
      const browser = new Browser(restored)
      await signIn(browser, person)
      for (const code of codes.slice(0, 2)) {
        await browser.send('/sign-in/recovery-code', { code })
        expect(await isIn(browser)).toBe(false)
      }
      const page = await browser.send('/sign-in/verification-code', { code: codeAt(secret, restored.time.now) })
      expect(page.at).toBe('/recovery-codes')
      // The form that somebody still has open does not bring the old ones back.
      await saveCodes(browser, { key: secret, codes, setId })
      expect(await isIn(browser)).toBe(false)
      const made = await browser.send('/recovery-codes', {})
      const fresh = { key: secret, codes: inputs(made.html, 'code'), setId: inputs(made.html, 'set')[0] ?? '' }
      expect(fresh.codes).toHaveLength(10)
      expect((await saveCodes(browser, fresh)).at).toBe('/my-profile')
      const later = new Browser(restored)
      await signIn(later, person)
      await later.send('/sign-in/recovery-code', { code: fresh.codes[0] ?? '' })
      expect(await isIn(later)).toBe(true)
    })

    test('knows no session and no sign-in, ended since or not, and shows no secret that waits', async () => {
      const { person, browser: ended } = await addProtectedPerson(before)
      const running = new Browser(before)
      await signIn(running, await addPerson(before, { email: 'bob@example.org', name: 'Bob' }))
      const secret = /data-copy="([A-Z2-7]{32})"/.exec((await running.open('/set-up-mfa')).html)?.[1] ?? ''
      const pending = new Browser(before)
      await signIn(pending, person)
      await backUp()
      await ended.send('/sign-out', {})
      const restored = await restoreIt()
      for (const browser of [ended, running, pending]) {
        const same = returning(browser, restored)
        expect(await isIn(same)).toBe(false)
        expect((await same.open('/sign-in/verification-code')).at).toMatch(/^\/sign-in(\?|$)/)
      }
      const again = new Browser(restored)
      await signIn(again, { id: '', email: 'bob@example.org', password })
      expect((await again.open('/set-up-mfa')).html).not.toContain(secret)
    })

    test('knows none of the links that were on their way', async () => {
      const ada = await addPerson(before)
      const bob = await addPerson(before, { email: 'bob@example.org', name: 'Bob' })
      const about = { now: before.time.now, caller: null, actor: null }
      const { reset, invitation, setUp, email } = await before.db.transaction().execute(async (trx) => ({
        reset: await issueLink(trx, { purpose: 'reset-password', userId: ada.id }, about.now),
        invitation: await invite(trx, bob.id, about),
        setUp: await issueLink(trx, { purpose: 'set-up-mfa', userId: bob.id }, about.now),
        email: await issueLink(trx, { purpose: 'change-email', userId: ada.id, email: 'new@example.org' }, about.now),
      }))
      const paths = [
        `/reset-password?token=${reset.token}`,
        `/accept-invitation?token=${invitation.token}`,
        `/set-up-mfa-link?token=${setUp.token}`,
        `/confirm-email?token=${email.token}`,
      ]
      const knows = async (service: TestService, path: string) => {
        const browser = new Browser(service)
        await signIn(browser, ada)
        return (await browser.open(path)).status
      }
      await backUp()
      for (const path of paths) expect(await knows(before, path), path).toBe(200)
      const chosen = { token: reset.token, password: 'seven quiet otters sing' }
      expect((await new Browser(before).send('/reset-password', chosen)).at).toBe('/sign-in?notice=password-reset')
      const restored = await restoreIt()
      for (const path of paths) expect(await knows(restored, path), path).toBe(404)
      expect((await new Browser(restored).send('/reset-password', chosen)).status).toBe(404)
      expect((await signIn(new Browser(restored), ada)).at).toBe('/my-profile')
    })

    test('asks for a new set-up link where MFA had been reset', async () => {
      const { browser: root } = await addProtectedPerson(before, {
        email: 'root@example.org',
        name: 'Root',
        role: 'administrator',
      })
      const { person } = await addProtectedPerson(before)
      const token = tokenIn(await resetMfa(root, person))
      await backUp()
      const restored = await restoreIt()
      const browser = new Browser(restored)
      expect((await browser.send('/set-up-mfa-link', { token, password })).status).toBe(404)
      await signIn(browser, person)
      expect(await isIn(browser)).toBe(false)
    })

    test('takes no personal access token, revoked since or not', async () => {
      const ada = await addPerson(before)
      const { token } = await addToken(before, ada)
      expect((await callByToken(before, token, 'GET /api/v1/me')).status).toBe(200)
      await backUp()
      const restored = await restoreIt()
      expect((await callByToken(restored, token, 'GET /api/v1/me')).status).toBe(401)
    })

    test('has another link for the first administrator', async () => {
      const link = (await before.service.setUpLink()) ?? ''
      await backUp()
      const form = { token: tokenIn(link), email: 'root@example.org', name: 'Root', password }
      expect((await new Browser(before).send('/set-up', form)).at).toBe('/my-profile')
      before.time.now += 1
      const restored = await restoreIt()
      expect((await new Browser(restored).send('/set-up', form)).status).toBe(404)
      const other = { ...form, token: tokenIn((await restored.service.setUpLink()) ?? '') }
      expect((await new Browser(restored).send('/set-up', other)).at).toBe('/my-profile')
    })

    test('sends no mail that waited, and answers no request that did', async () => {
      const ada = await addPerson(before)
      const browser = new Browser(before)
      await signIn(browser, ada)
      await browser.send('/my-profile/settings/change-email', { email: 'new@example.org' })
      await new Browser(before).send('/forgot-password', { email: ada.email })
      await backUp()
      const restored = await restoreIt()
      await restored.deliver()
      expect(restored.mails).toEqual([])
      const kept = await restored.db.selectFrom('outbox').select(['sealed_link', 'last_error']).execute()
      expect(kept.length).toBeGreaterThan(0)
      for (const mail of kept)
        expect(mail).toEqual({ sealed_link: null, last_error: 'restored from a backup; it may have been sent before' })
    })

    test('keeps the count of wrong guesses', async () => {
      const ada = await addPerson(before)
      for (let count = 0; count < 5; count += 1)
        await signIn(new Browser(before), { ...ada, password: 'a wrong password of ada' })
      await backUp()
      const restored = await restoreIt()
      const page = await signIn(new Browser(restored), ada)
      expect(page.status).toBe(429)
      expect(textOf(page.html)).toContain('Too many attempts')
    })
  })
}
