import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hours, minutes } from '../../src/time.ts'
import { createUser } from '../../src/users/users.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, enrol, password, signIn, switchEnforcementOn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

const admin = { email: 'root@example.org', role: 'administrator' as const, name: 'Root' }

for (const dialect of dialects) {
  describe(`administration on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let root: Browser
    let key: string
    beforeEach(async () => {
      running = await startService({ dialect })
      ;({ browser: root, key } = await addProtectedPerson(running, admin))
    })
    afterEach(() => running.stop())

    const add = (fields: Record<string, string> = {}) =>
      root.send('/admin/users/new', { email: 'bob@example.org', name: 'Bob', role: 'member', ...fields })
    const linkOn = (html: string) =>
      /data-copy="https:\/\/sign-in\.test(\/accept-invitation\?token=[\w-]{43})"/.exec(html)?.[1]
    const users = () =>
      running.db.selectFrom('users').select(['email', 'role', 'password_hash']).orderBy('email').execute()
    const row = (html: string, email: string) =>
      textOf([...html.matchAll(/<tr>[\s\S]*?<\/tr>/g)].map(([it]) => it).find((it) => it.includes(email)) ?? '')

    test('a new user gets a link, chooses a password with it, and is signed in', async () => {
      const added = await add()
      expect(added.status).toBe(200)
      const link = linkOn(added.html) ?? ''
      expect(textOf(added.html)).toContain('This link is shown once.')
      expect(textOf(added.html)).toContain('November 27, 2026')

      const bob = new Browser(running)
      const page = await bob.open(link)
      expect(page.status).toBe(200)
      expect(textOf(page.html)).toContain('bob@example.org')
      const token = inputs(page.html, 'token')[0] ?? ''
      const done = await bob.send('/accept-invitation', { token, password })
      expect(done.at).toBe('/my-profile')
      expect(textOf(done.html)).toContain('Bob')

      const again = new Browser(running)
      expect((await signIn(again, { id: '', email: 'bob@example.org', password })).at).toBe('/my-profile')
    })

    test('the link is shown once, and the database holds no readable copy', async () => {
      const link = linkOn((await add()).html) ?? ''
      const token = link.split('=')[1] ?? ''
      for (const path of ['/admin/users', '/admin/users/new', '/admin/users?search=bob'])
        expect((await root.open(path)).html).not.toContain(token)
      const rows = JSON.stringify([
        await running.db.selectFrom('invitations').selectAll().execute(),
        await running.db.selectFrom('audit_events').selectAll().execute(),
        running.logged,
      ])
      expect(rows).not.toContain(token)
    })

    test('the link works once, and opening it uses nothing up', async () => {
      const link = linkOn((await add()).html) ?? ''
      const token = link.split('=')[1] ?? ''
      for (let count = 0; count < 3; count += 1) expect((await new Browser(running).open(link)).status).toBe(200)
      expect((await new Browser(running).send('/accept-invitation', { token, password })).at).toBe('/my-profile')
      const late = new Browser(running)
      expect((await late.open(link)).status).toBe(404)
      const refused = await late.send('/accept-invitation', { token, password: 'another four words entirely' })
      expect(refused.status).toBe(404)
      expect(late.session).toBeUndefined()
      expect((await signIn(new Browser(running), { id: '', email: 'bob@example.org', password })).at).toBe(
        '/my-profile',
      )
    })

    test('of many who use the link at once, one gets in', async () => {
      const token = linkOn((await add()).html)?.split('=')[1] ?? ''
      const browsers = Array.from({ length: 8 }, () => new Browser(running))
      await Promise.all(
        browsers.map((browser, index) =>
          browser.send('/accept-invitation', { token, password: `${password} ${index}` }),
        ),
      )
      expect(browsers.filter((browser) => browser.session !== undefined)).toHaveLength(1)
    })

    test('the link works for seventy-two hours', async () => {
      const link = linkOn((await add()).html) ?? ''
      const token = link.split('=')[1] ?? ''
      running.time.now += hours(72) - 1
      expect((await new Browser(running).open(link)).status).toBe(200)
      running.time.now += 1
      expect((await new Browser(running).open(link)).status).toBe(404)
      expect((await new Browser(running).send('/accept-invitation', { token, password })).status).toBe(404)
      expect((await users()).find(({ email }) => email === 'bob@example.org')?.password_hash).toBeNull()
    })

    test('a link that nobody made does not work', async () => {
      for (const path of [
        '/accept-invitation',
        '/accept-invitation?token=',
        `/accept-invitation?token=${'x'.repeat(43)}`,
      ]) {
        const page = await new Browser(running).open(path)
        expect(page.status).toBe(404)
        expect(textOf(page.html)).toContain('This link does not work')
      }
    })

    test('the link of a user who was deactivated in the meantime does not work', async () => {
      const link = linkOn((await add()).html) ?? ''
      await running.db.updateTable('users').set({ deactivated_at: 1 }).where('email', '=', 'bob@example.org').execute()
      expect((await new Browser(running).open(link)).status).toBe(404)
    })

    test('whoever has a link and no password yet cannot sign in', async () => {
      await add()
      for (const guess of ['', 'null', password])
        expect((await signIn(new Browser(running), { id: '', email: 'bob@example.org', password: guess })).status).toBe(
          422,
        )
    })

    test('a password that is too short is refused, and the link still works', async () => {
      const token = linkOn((await add()).html)?.split('=')[1] ?? ''
      const bob = new Browser(running)
      const refused = await bob.send('/accept-invitation', { token, password: 'x'.repeat(14) })
      expect(refused.status).toBe(422)
      expect(textOf(refused.html)).toContain('at least 15 characters')
      expect(refused.html).not.toContain('x'.repeat(14))
      expect(inputs(refused.html, 'token')).toEqual([token])
      expect((await bob.send('/accept-invitation', { token, password })).at).toBe('/my-profile')
    })

    test('where MFA is enforced eight characters are enough, and the set-up of 2FA comes next', async () => {
      await switchEnforcementOn(root)
      const token = linkOn((await add()).html)?.split('=')[1] ?? ''
      const bob = new Browser(running)
      expect(textOf((await bob.open(`/accept-invitation?token=${token}`)).html)).toContain('At least 8 characters')
      expect((await bob.send('/accept-invitation', { token, password: 'vq7-jzx' })).status).toBe(422)
      expect((await bob.send('/accept-invitation', { token, password: 'vq7-jzxk' })).at).toBe('/set-up-mfa')
      expect(bob.session).toBeUndefined()
    })

    test('an address that is taken, however it is written, is told and nothing is added', async () => {
      await add()
      const taken = await add({ email: ' BOB@Example.org ', name: 'Another Bob', role: 'administrator' })
      expect(taken.status).toBe(422)
      expect(textOf(taken.html)).toContain('There is a user with this email address already.')
      expect(inputs(taken.html, 'name')).toEqual(['Another Bob'])
      expect(taken.html).toMatch(/<option value="administrator" selected/)
      expect((await users()).map(({ email }) => email)).toEqual(['bob@example.org', 'root@example.org'])
    })

    test.each([
      ['no address', { email: 'bob' }, 'Enter an email address'],
      ['a list of addresses', { email: 'a@example.org,b@example.org' }, 'Enter an email address'],
      ['a name that is too long', { name: 'x'.repeat(101) }, 'Enter a name of 1 to 100 characters'],
      ['a name that hides something', { name: 'Bob\u202e' }, 'Enter a name of 1 to 100 characters'],
      ['a role that there is not', { role: 'owner' }, 'Choose one of the list'],
    ])('%s is refused, and what was typed stays in the form', async (_, fields, words) => {
      const page = await add({ ...fields })
      expect(page.status).toBe(422)
      expect(textOf(page.html)).toContain(words)
      const typed = { email: 'bob@example.org', name: 'Bob', ...fields }
      expect(inputs(page.html, 'email')).toEqual([typed.email])
      expect(inputs(page.html, 'name')).toEqual([typed.name])
      expect(page.html.match(/autofocus/g)).toHaveLength(1)
      expect(page.html).toContain('aria-invalid="true"')
      expect(await users()).toHaveLength(1)
    })

    test('a name may be left out', async () => {
      expect(linkOn((await add({ name: '' })).html)).toBeDefined()
    })

    test('an administrator whose proof is old confirms it before adding anybody', async () => {
      running.time.now += minutes(11)
      expect((await root.open('/admin/users/new')).at).toBe('/sign-in/verification-code')
      expect((await add()).at).toBe('/sign-in/verification-code')
      expect(await users()).toHaveLength(1)
      const back = await root.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect(back.at).toBe('/admin/users/new')
      expect(linkOn((await add()).html)).toBeDefined()
    })

    test('a member can see and add nobody', async () => {
      const bob = new Browser(running)
      await signIn(bob, await addPerson(running, { email: 'bob@example.org' }))
      for (const path of ['/admin', '/admin/users', '/admin/users/new']) expect((await bob.open(path)).status).toBe(403)
      expect(
        (await bob.send('/admin/users/new', { email: 'x@example.org', name: 'X', role: 'administrator' })).status,
      ).toBe(403)
      expect((await bob.open('/my-profile')).html).not.toContain('/admin')
      expect(await users()).toHaveLength(2)
    })

    test('the list tells how everybody stands with 2FA', async () => {
      await addPerson(running, { email: 'off@example.org', name: 'Off' })
      const unsaved = new Browser(running)
      await signIn(unsaved, await addPerson(running, { email: 'unsaved@example.org', name: 'Unsaved' }))
      await enrol(running, unsaved)
      const blocked = await addProtectedPerson(running, { email: 'blocked@example.org', name: 'Blocked' })
      await running.db
        .updateTable('totp_factors')
        .set({ disabled_at: 1 })
        .where('user_id', '=', blocked.person.id)
        .execute()
      await add({ email: 'invited@example.org', name: '' })
      await addPerson(running, { email: 'gone@example.org', name: 'Gone' })
      await running.db.updateTable('users').set({ deactivated_at: 1 }).where('email', '=', 'gone@example.org').execute()

      const { html } = await root.open('/admin/users')
      expect(textOf(html)).toContain('1 of 6 people with 2FA')
      expect(row(html, 'root@example.org')).toMatch(/\bOn\b.*Administrator/)
      expect(row(html, 'off@example.org')).toMatch(/\bOff\b.*Member.*never/)
      expect(row(html, 'unsaved@example.org')).toContain('Codes not saved')
      expect(row(html, 'blocked@example.org')).toContain('Switched off')
      expect(row(html, 'invited@example.org')).toContain('Invited')
      expect(row(html, 'gone@example.org')).toContain('Deactivated')
    })

    test('a hundred and twenty people are shown page by page, each once', async () => {
      const about = { now: running.time.now, caller: null, actor: null }
      await running.db.transaction().execute(async (trx) => {
        for (let count = 0; count < 119; count += 1) {
          const user = {
            email: `user${String(count).padStart(3, '0')}@example.org`,
            name: `Name ${count}`,
            role: 'member' as const,
          }
          await createUser(trx, { ...user, passwordHash: null }, 'administrator', about)
        }
      })
      const seen: string[] = []
      const pages: number[] = []
      let next: string | undefined = '/admin/users'
      while (next) {
        const { html }: { html: string } = await root.open(next)
        const found = [...html.matchAll(/[\w.]+@example\.org(?=<\/span>)/g)].map(([email]) => email)
        pages.push(found.length)
        seen.push(...found)
        next = /<a href="([^"]+)"[^>]*rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
        expect(html.includes('First page')).toBe(pages.length > 1)
      }
      expect(pages).toEqual([50, 50, 20])
      expect(new Set(seen).size).toBe(120)
      expect(seen).toEqual([...seen].sort())
    })

    test('people are found by part of a name or address, and nothing in the search is a pattern', async () => {
      for (const [email, name] of [
        ['bob@example.org', 'Bob Builder'],
        ['per_cent@example.org', '100% Person'],
        ['percent@example.org', 'Quote \' " <b>'],
      ] as const)
        await addPerson(running, { email, name })
      const found = async (search: string) => {
        const { html } = await root.open(`/admin/users?search=${encodeURIComponent(search)}`)
        expect(inputs(html, 'search')[0]).toBe(search)
        return [...html.matchAll(/[\w.]+@example\.org(?=<\/span>)/g)].map(([email]) => email)
      }
      expect(await found('BUILD')).toEqual(['bob@example.org'])
      expect(await found('bob@')).toEqual(['bob@example.org'])
      expect(await found(' builder ')).toEqual(['bob@example.org'])
      expect(await found('%')).toEqual(['per_cent@example.org'])
      expect(await found('_')).toEqual(['per_cent@example.org'])
      expect(await found("'")).toEqual(['percent@example.org'])
      expect(await found('<b>')).toEqual(['percent@example.org'])
      expect(await found('\\')).toEqual([])
      expect(await found("' or 1=1 --")).toEqual([])
      expect((await root.open('/admin/users?search=nobody')).html).toContain('No one found.')
    })

    test('a list that is narrowed says how many it found, and leads back to everyone', async () => {
      for (const email of ['bob@example.org', 'bea@example.org']) await addPerson(running, { email })
      const list = async (query: string) => textOf((await root.open(`/admin/users${query}`)).html)
      expect(await list('?search=bob')).toContain('1 person found Show everyone')
      expect(await list('?role=member')).toContain('2 people found')
      expect(await list('?role=member&after=bea@example.org')).toContain('2 people found')
      expect(await list('')).not.toMatch(/found|Show everyone/)
    })

    test('an auditor reads the settings, and is not asked to do what only administrators can', async () => {
      const auditor = new Browser(running)
      await signIn(auditor, await addPerson(running, { email: 'ivy@example.org', role: 'auditor' }))
      const text = textOf((await auditor.open('/admin/settings')).html)
      expect(text).toContain('Administrators change them.')
      expect(text).toContain('MFA is not enforced. 1 person does not have 2FA.')
      expect(text).not.toMatch(/enable 2FA on your own account|Name, colour and logo/)
      expect(textOf((await auditor.open('/admin/users/new')).html)).toContain('Your role does not include this.')
    })

    test('a help contact that is too long is refused and stays in the form', async () => {
      const page = await root.send('/admin/settings', { enforce: 'on', helpContact: 'x'.repeat(201) })
      expect(page.status).toBe(422)
      expect(inputs(page.html, 'helpContact')).toEqual(['x'.repeat(201)])
      expect(page.html).toMatch(/<input[^>]*id="enforce"[^>]*checked/)
      const { help_contact } = await running.db
        .selectFrom('installation')
        .select('help_contact')
        .executeTakeFirstOrThrow()
      expect(help_contact).toBeNull()
    })
  })
}
