import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../src/secrets/tokens.ts'
import { days, minutes } from '../../src/time.ts'
import { countFound, countUsers, keepUserCounts } from '../../src/users/user-counts.ts'
import { everyUser, listUsers, type UserFilter } from '../../src/users/user-list.ts'
import { namesListed, resetMfa } from '../support/admin.ts'
import { eventsOf } from '../support/attack.ts'
import { Browser, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, signIn } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`the list of users on ${dialect}`, { timeout: 120_000 }, () => {
    let running: TestService
    let root: Browser
    beforeEach(async () => {
      running = await startService({ dialect })
      ;({ browser: root } = await addProtectedPerson(running, {
        email: 'root@example.org',
        role: 'administrator',
        name: 'Root',
      }))
    })
    afterEach(() => running.stop())

    const set = (id: string, columns: Record<string, number | string | null>) =>
      running.db.updateTable('users').set(columns).where('id', '=', id).execute()
    const found = async (query: Record<string, string>) => {
      const page = await root.open(`/admin/users?${new URLSearchParams(query)}`)
      expect(page.status).toBe(200)
      return namesListed(page)
    }
    const download = (fields: Record<string, string>, browser = root) =>
      browser.request('/admin/users/export', {
        method: 'POST',
        body: new URLSearchParams(fields).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin, 'sec-fetch-site': 'same-origin' },
      })

    test('is narrowed by MFA state, factor, role, state, group and last sign-in, alone and together', async () => {
      const off = await addPerson(running, { email: 'a@example.org', name: 'Off' })
      const unsaved = new Browser(running)
      await signIn(unsaved, await addPerson(running, { email: 'b@example.org', name: 'Unsaved' }))
      await enrol(running, unsaved)
      const blocked = await addProtectedPerson(running, { email: 'c@example.org', name: 'Blocked', role: 'auditor' })
      await running.db
        .updateTable('totp_factors')
        .set({ disabled_at: 1 })
        .where('user_id', '=', blocked.person.id)
        .execute()
      const gone = await addPerson(running, { email: 'd@example.org', name: 'Gone' })
      await set(gone.id, { deactivated_at: 1, expires_at: 1 })
      const over = await addPerson(running, { email: 'e@example.org', name: 'Over' })
      await set(over.id, { expires_at: running.time.now, last_sign_in_at: running.time.now - days(40) })
      await set(off.id, { last_sign_in_at: running.time.now - days(8) })
      await root.send('/admin/users/new', { email: 'f@example.org', name: 'Invited', role: 'member' })
      const reset = await addPerson(running, { email: 'g@example.org', name: 'Resetted', role: 'help-desk' })
      await resetMfa(root, reset)
      const { at } = await root.send('/admin/groups', { name: 'Some' })
      const group = at.split('/').at(-1) ?? ''
      for (const email of ['a@example.org', 'c@example.org']) await root.send(`${at}/add`, { email })

      expect(await found({})).toHaveLength(8)
      expect(await found({ mfa: 'on' })).toEqual(['Root'])
      expect(await found({ mfa: 'off' })).toEqual(['Off', 'Gone', 'Over', 'Invited'])
      expect(await found({ mfa: 'codes-unsaved' })).toEqual(['Unsaved'])
      expect(await found({ mfa: 'disabled' })).toEqual(['Blocked'])
      expect(await found({ mfa: 'reset' })).toEqual(['Resetted'])
      expect(await found({ factor: 'totp' })).toEqual(['Unsaved', 'Blocked', 'Root'])
      expect(await found({ factor: 'recovery-codes' })).toEqual(['Blocked', 'Root'])
      expect(await found({ factor: 'none' })).toEqual(['Off', 'Gone', 'Over', 'Invited', 'Resetted'])
      expect(await found({ role: 'auditor' })).toEqual(['Blocked'])
      expect(await found({ role: 'member' })).toEqual(['Off', 'Unsaved', 'Gone', 'Over', 'Invited'])
      expect(await found({ state: 'deactivated' })).toEqual(['Gone'])
      expect(await found({ state: 'expired' })).toEqual(['Over'])
      expect(await found({ state: 'invited' })).toEqual(['Invited'])
      expect(await found({ state: 'usable' })).toEqual(['Off', 'Unsaved', 'Blocked', 'Invited', 'Resetted', 'Root'])
      expect(await found({ state: 'ended' })).toEqual(['Gone', 'Over'])
      expect(await found({ state: 'active' })).toEqual(['Off', 'Unsaved', 'Blocked', 'Resetted', 'Root'])
      expect(await found({ group })).toEqual(['Off', 'Blocked'])
      expect(await found({ seen: '7' })).toEqual(['Unsaved', 'Blocked', 'Root'])
      expect(await found({ seen: '30' })).toEqual(['Off', 'Unsaved', 'Blocked', 'Root'])
      expect(await found({ seen: 'over-30' })).toEqual(['Over'])
      expect(await found({ seen: 'over-90' })).toEqual([])
      expect(await found({ seen: 'never' })).toEqual(['Gone', 'Invited', 'Resetted'])
      expect(await found({ seen: 'ever' })).toEqual(['Off', 'Unsaved', 'Blocked', 'Over', 'Root'])
      expect(await found({ group, mfa: 'off', role: 'member', search: 'OF' })).toEqual(['Off'])
      expect(
        await found({ mfa: 'whatever', role: 'root', state: '', seen: '8', factor: 'x', group: 'x y' }),
      ).toHaveLength(8)
      expect(await found({ group: 'no-such-group' })).toEqual([])

      const page = await root.open(`/admin/users?mfa=off&group=${group}`)
      expect(page.html).toMatch(/<option value="off" selected/)
      expect(page.html).toMatch(new RegExp(`<option value="${group}" selected`))
      expect(page.html).toMatch(/<details open/)
      // Counted are those whose MFA is on, with a usable authenticator and saved codes.
      expect(textOf(page.html)).toContain('1 of 8 people with 2FA')
      expect(textOf(page.html)).not.toContain('Counted at')
    })

    test('is exported as it is narrowed, over all pages, with nothing that a spreadsheet would calculate', async () => {
      await running.db
        .insertInto('users')
        .values(
          Array.from({ length: 1203 }, (_, index) => ({
            id: newId(),
            email: `m${index}@example.org`,
            email_key: `m${String(index).padStart(5, '0')}@example.org`,
            name: index === 0 ? '=HYPERLINK("https://evil.test","x")' : index === 1 ? 'Comma, "Quote"' : null,
            role: 'member' as const,
            theme: 'system' as const,
            created_at: running.time.now,
          })).slice(0, 1203),
        )
        .execute()
      const response = await download({ role: 'member' })
      expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
      expect(response.headers.get('content-disposition')).toBe('attachment; filename="users-2026-11-24.csv"')
      const lines = (await response.text()).trimEnd().split('\r\n')
      expect(lines).toHaveLength(1204)
      expect(lines[0]).toBe(
        '"id","email","name","role","state","mfa","recovery_codes_left","groups","last_sign_in","added","ends"',
      )
      expect(lines[1]).toContain(`,"'=HYPERLINK(""https://evil.test"",""x"")","member","invited","off","0",`)
      expect(lines[2]).toContain(',"Comma, ""Quote""",')
      expect(lines.join()).not.toContain('root@example.org')
      expect(await eventsOf(running, 'users.exported')).toEqual([{ filters: ['role'] }])
    })

    test('is exported for whoever may see it, and nobody else', async () => {
      const auditor = await addProtectedPerson(running, { email: 'auditor@example.org', role: 'auditor' })
      expect((await download({}, auditor.browser)).status).toBe(200)
      const member = await addProtectedPerson(running, { email: 'member@example.org' })
      expect((await download({}, member.browser)).status).toBe(403)
      expect(await eventsOf(running, 'users.exported')).toHaveLength(1)
    })

    test('holds no secret when it is exported', async () => {
      const hash = await running.db.selectFrom('users').select('password_hash').executeTakeFirstOrThrow()
      const text = await (await download({})).text()
      expect(text).toContain('"root@example.org","Root","administrator","active","on","10"')
      expect(text).not.toContain(hash.password_hash)
      expect(text).not.toContain('argon2')
    })

    test('of twenty thousand is read quickly by every filter', async () => {
      const now = running.time.now
      for (let from = 0; from < 20_000; from += 1000) {
        const ids = Array.from({ length: 1000 }, (_, index) => `u${String(from + index).padStart(6, '0')}`)
        await running.db
          .insertInto('users')
          .values(
            ids.map((id, index) => ({
              id,
              email: `${id}@example.org`,
              email_key: `${id}@example.org`,
              name: `Name ${id}`,
              role: index % 500 === 0 ? ('auditor' as const) : ('member' as const),
              theme: 'system' as const,
              password_hash: index % 3 ? 'x' : null,
              created_at: now,
              last_sign_in_at: index % 2 ? now - days(index % 100) : null,
            })),
          )
          .execute()
        const covered = ids.filter((_, index) => index % 2)
        await running.db
          .insertInto('totp_factors')
          .values(
            covered.map((id) => ({
              id,
              user_id: id,
              name: 'x',
              sealed_secret: 'x',
              created_at: now,
              last_step: 1,
              failures: 0,
            })),
          )
          .execute()
        await running.db
          .insertInto('recovery_code_sets')
          .values(
            covered.map((id) => ({
              id,
              user_id: id,
              salt: 'x',
              memory_kib: 1,
              passes: 1,
              created_at: now,
              saved_at: now,
            })),
          )
          .execute()
      }
      const filters: Partial<UserFilter>[] = [
        {},
        { search: 'u01999' },
        { search: 'nobody at all' },
        { mfa: 'on' },
        { mfa: 'codes-unsaved' },
        { factor: 'none' },
        { role: 'auditor' },
        { state: 'invited' },
        { seen: 'over-90' },
        { group: 'no-such-group' },
      ]
      const took: Record<string, number> = {}
      for (const filter of filters) {
        const begun = performance.now()
        await listUsers(running.db, { filter: { ...everyUser, ...filter }, after: null, now })
        took[JSON.stringify(filter)] = Math.round(performance.now() - begun)
      }
      const begun = performance.now()
      await listUsers(running.db, { filter: everyUser, after: 'u019900@example.org', now })
      took['the last page'] = Math.round(performance.now() - begun)
      const counting = performance.now()
      expect(await countUsers(running.db)).toEqual({ total: 20_001, withMfa: 10_001 })
      took.counting = Math.round(performance.now() - counting)
      const found = (filter: Partial<UserFilter>) => countFound(running.db, { ...everyUser, ...filter }, now)
      expect(await found({ mfa: 'on' })).toEqual({ count: 1000, more: true })
      expect(await found({ search: 'u01' })).toEqual({ count: 1000, more: true })
      expect(await found({ search: 'u0100' })).toEqual({ count: 100, more: false })
      expect(textOf((await root.open('/admin/users?mfa=on')).html)).toContain('More than 1,000 people found')
      if (process.env.USERS_VERBOSE) console.log(dialect, took)
      // No measure of speed, but of kind: what reads every row for every row takes minutes.
      expect(Math.max(...Object.values(took))).toBeLessThan(minutes(0.1))
    })

    test('is counted anew each time while that is quick, and beyond that once a minute, which it says', async () => {
      const add = (from: number, count: number) =>
        running.db
          .insertInto('users')
          .values(
            Array.from({ length: count }, (_, index) => {
              const id = `u${String(from + index).padStart(6, '0')}`
              const email = `${id}@example.org`
              return {
                id,
                email,
                email_key: email,
                role: 'member' as const,
                theme: 'system' as const,
                created_at: running.time.now,
              }
            }),
          )
          .execute()
      const before = (await countUsers(running.db)).total
      const count = keepUserCounts(running.db, () => running.time.now)
      const began = running.time.now
      expect(await count()).toMatchObject({ total: before, countedAt: null })
      for (let at = 0; at < 10_000; at += 500) await add(at, 500)
      expect(await count()).toMatchObject({ total: before + 10_000, countedAt: null })
      await add(10_000, 1)
      running.time.now += minutes(1) - 1
      expect(await count()).toMatchObject({ total: before + 10_000, countedAt: began })
      running.time.now += 1
      expect(await count()).toMatchObject({ total: before + 10_001, countedAt: null })
      await add(10_001, 1)
      running.time.now -= minutes(10)
      expect(await count()).toMatchObject({ total: before + 10_002, countedAt: null })
      // Its page says of when the count is that it shows.
      const page = async () => textOf((await root.open('/admin/users')).html)
      expect(await page()).not.toContain('Counted at')
      expect(await page()).toMatch(/Counted at \d\d:\d\d UTC/)
    })
  })
}
