import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigFaults } from '../../src/config.ts'
import { createAdministratorFromSettings } from '../../src/service.ts'
import { Browser, inputs, textOf } from '../support/browser.ts'
import { password, signIn } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`the first administrator on ${dialect}`, { timeout: 60_000 }, () => {
    const key = randomBytes(32)
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect, key })
    })
    afterEach(() => running.stop())

    const link = async () => (await running.service.setUpLink())?.replace(origin, '') ?? ''
    const create = async (browser: Browser, fields: Record<string, string> = {}, from?: string) => {
      const token = new URL(from ?? (await link()), origin).searchParams.get('token') ?? ''
      return browser.send('/set-up', { token, email: 'root@example.org', name: 'Root', password, ...fields })
    }
    const users = () => running.db.selectFrom('users').select(['id', 'email', 'role']).execute()

    test('is created with the printed link, and is signed in', async () => {
      const browser = new Browser(running)
      const page = await browser.open(await link())
      expect(page.status).toBe(200)
      expect(textOf(page.html)).toContain('Create the first administrator')
      const done = await create(browser)
      expect(done.at).toBe('/my-profile')
      expect(textOf(done.html)).toContain('Administrator')
      expect((await browser.open('/admin/users')).status).toBe(200)
      expect(await users()).toMatchObject([{ email: 'root@example.org', role: 'administrator' }])
    })

    test('has a link that is the same after a restart and in every process', async () => {
      const first = await link()
      expect(first).toMatch(/^\/set-up\?token=[\w-]{43}$/)
      running.restart()
      expect(await link()).toBe(first)
    })

    test('closes the link for ever', async () => {
      const used = await link()
      await create(new Browser(running))
      expect(await running.service.setUpLink()).toBeNull()
      const late = new Browser(running)
      const page = await late.open(used)
      expect(page.status).toBe(404)
      expect(textOf(page.html)).toContain('This link does not work')
      expect((await create(late, { email: 'eve@example.org' }, used)).status).toBe(404)
      expect(await users()).toHaveLength(1)

      await running.db.deleteFrom('users').execute()
      running.restart()
      expect(await running.service.setUpLink()).toBeNull()
      expect((await late.open(used)).status).toBe(404)
      expect((await create(late, {}, used)).status).toBe(404)
      expect(await users()).toEqual([])
    })

    test('is one, however many use the link at once', async () => {
      const browsers = Array.from({ length: 6 }, () => new Browser(running))
      const used = await link()
      await Promise.all(browsers.map((browser, index) => create(browser, { email: `root${index}@example.org` }, used)))
      expect(await users()).toHaveLength(1)
      expect(browsers.filter((browser) => browser.session !== undefined)).toHaveLength(1)
    })

    test('cannot be created with another token', async () => {
      const right = await link()
      const other = await startService({ dialect, key: randomBytes(32) })
      const foreign = (await other.service.setUpLink())?.replace(origin, '') ?? ''
      await other.stop()
      for (const wrong of ['/set-up', '/set-up?token=', `${right}x`, right.slice(0, -1), foreign]) {
        expect((await new Browser(running).open(wrong)).status).toBe(404)
        expect((await create(new Browser(running), {}, wrong)).status).toBe(404)
      }
      expect(await users()).toEqual([])
    })

    test('is asked again for whatever was wrong, and nothing is lost but the password', async () => {
      const browser = new Browser(running)
      const page = await create(browser, { email: 'root', name: '', password: 'short' })
      expect(page.status).toBe(422)
      for (const words of ['Enter an email address', 'Enter a name', 'at least 15 characters'])
        expect(textOf(page.html)).toContain(words)
      expect(inputs(page.html, 'email')).toEqual(['root'])
      expect(page.html).not.toContain('value="short"')
      expect(page.html.match(/autofocus/g)).toHaveLength(1)
      expect((await create(browser)).at).toBe('/my-profile')
    })

    test.each([
      ['too long', 'zqxjkvbwpyfmughd'.repeat(9), 'at most 128 characters'],
      ['the service’s name', 'CountersignCountersign', 'says little more than your name'],
      ['one piece over and over', 'abcabcabcabcabcabc', 'one of those that attackers try first'],
    ])('may not have a password that is %s', async (_, wrong, words) => {
      const page = await create(new Browser(running), { password: wrong })
      expect(page.status).toBe(422)
      expect(textOf(page.html)).toContain(words)
      expect(await users()).toEqual([])
    })

    describe('from the settings', () => {
      const fromSettings = (settings: { email: string; password: string }) => {
        const { hashing } = running.service.machine
        return createAdministratorFromSettings(
          { db: running.db, clock: () => running.time.now, serviceName: 'Countersign', hashing },
          settings,
        )
      }
      const good = { email: 'root@example.org', password }

      test('is created once, and the link closes', async () => {
        const used = await link()
        expect(await fromSettings(good)).toBe(true)
        expect(await running.service.setUpLink()).toBeNull()
        expect((await new Browser(running).open(used)).status).toBe(404)
        expect(await fromSettings({ ...good, email: 'other@example.org' })).toBe(false)
        expect(await users()).toHaveLength(1)
        const browser = new Browser(running)
        expect((await signIn(browser, { id: '', ...good })).at).toBe('/my-profile')
        expect((await browser.open('/admin/users')).status).toBe(200)
      })

      test('is not created again after it was deleted, nor its password reset', async () => {
        await fromSettings(good)
        expect(await fromSettings({ ...good, password: 'quite another long password' })).toBe(false)
        expect((await signIn(new Browser(running), { id: '', ...good })).at).toBe('/my-profile')
        await running.db.deleteFrom('users').execute()
        expect(await fromSettings(good)).toBe(false)
        expect(await users()).toEqual([])
      })

      test('needs an address and a password that the pages would take; all faults are named, and no secret', async () => {
        const faults = await fromSettings({ email: 'root', password: 'too short' }).then(
          () => [],
          (error: unknown) => (error instanceof ConfigFaults ? error.faults : Promise.reject(error)),
        )
        expect(faults).toHaveLength(2)
        expect(faults[0]).toContain('COUNTERSIGN_ADMIN_EMAIL')
        expect(faults[1]).toContain('COUNTERSIGN_ADMIN_PASSWORD')
        expect(faults[1]).toContain('at least 15 characters')
        expect(faults.join()).not.toContain('too short')
        expect(await users()).toEqual([])
        expect(await running.service.setUpLink()).not.toBeNull()
      })

      test('is one, however many processes start at once', async () => {
        const made = await Promise.all(
          ['a', 'b', 'c'].map((one) => fromSettings({ ...good, email: `${one}@example.org` })),
        )
        expect(made.filter(Boolean)).toHaveLength(1)
        expect(await users()).toHaveLength(1)
      })

      test('leaves a record of who was made and how', async () => {
        await fromSettings(good)
        const events = await running.db.selectFrom('audit_events').select(['name', 'details']).execute()
        expect(events.map(({ name }) => name).sort()).toEqual(['password.set', 'user.created'])
        for (const { details } of events) expect(JSON.parse(details)).toMatchObject({ by: 'settings' })
      })
    })
  })
}
