import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes } from '../../src/time.ts'
import { userPath } from '../support/admin.ts'
import { eventsOf } from '../support/attack.ts'
import { Browser, codeAt, inputs, textOf } from '../support/browser.ts'
import { addPerson, addProtectedPerson, signIn } from '../support/people.ts'
import { dialects, startService, type TestService } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`groups on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    let root: Browser
    let key: string
    beforeEach(async () => {
      running = await startService({ dialect })
      ;({ browser: root, key } = await addProtectedPerson(running, {
        email: 'root@example.org',
        role: 'administrator',
      }))
    })
    afterEach(() => running.stop())

    const create = (name: string) => root.send('/admin/groups', { name })
    const groups = () => running.db.selectFrom('groups').select(['id', 'name']).orderBy('name_key').execute()

    test('are created, renamed and deleted, each with its event', async () => {
      expect(textOf((await root.open('/admin/groups')).html)).toContain('There are no groups yet.')
      const made = await create('  Field   staff ')
      expect(made.at).toMatch(/^\/admin\/groups\/[\w-]+$/)
      expect(textOf(made.html)).toContain('Field staff')
      const [group] = await groups()
      const renamed = await root.send(made.at, { name: 'Field Staff' })
      expect(textOf(renamed.html)).toContain('The group has its new name.')
      expect(await groups()).toEqual([{ id: group?.id, name: 'Field Staff' }])
      expect(textOf((await root.open(`${made.at}/delete`)).html)).toContain('The people keep their accounts.')
      expect((await root.send(`${made.at}/delete`, {})).at).toBe('/admin/groups?notice=deleted')
      expect((await root.open(made.at)).status).toBe(404)
      expect((await root.send(`${made.at}/delete`, {})).status).toBe(404)
      expect(await eventsOf(running, 'group.created')).toEqual([{ group: group?.id, name: 'Field staff' }])
      expect(await eventsOf(running, 'group.renamed')).toEqual([
        { group: group?.id, from: 'Field staff', to: 'Field Staff' },
      ])
      expect(await eventsOf(running, 'group.deleted')).toEqual([{ group: group?.id, name: 'Field Staff' }])
    })

    test('have names that are told apart by more than their writing', async () => {
      await create('Sales')
      const { at } = await create('Support')
      for (const name of ['sales', 'SALES ', 'Ｓａｌｅｓ']) {
        const taken = await create(name)
        expect(taken.status).toBe(422)
        expect(textOf(taken.html)).toContain('There is a group with this name already.')
        expect((await root.send(at, { name })).status).toBe(422)
      }
      for (const name of ['', 'x'.repeat(101), 'Sales\u202e']) expect((await create(name)).status).toBe(422)
      expect((await groups()).map(({ name }) => name)).toEqual(['Sales', 'Support'])
    })

    test('of fifty that are given one name at the same moment, one gets it', async () => {
      const places: string[] = []
      for (let count = 0; count < 50; count += 1) places.push((await create(`Team ${count}`)).at)
      const answers = await Promise.all(places.map((at) => root.send(at, { name: 'The team' })))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ status }) => status === 422)).toHaveLength(49)
      expect((await groups()).filter(({ name }) => name === 'The team')).toHaveLength(1)
    })

    test('have members, who are added by address and removed, and grant them nothing', async () => {
      const ada = await addPerson(running)
      const { at } = await create('Administrators')
      const browser = new Browser(running)
      await signIn(browser, ada)
      const nobody = await root.send(`${at}/add`, { email: 'nobody@example.org' })
      expect(nobody.status).toBe(422)
      expect(inputs(nobody.html, 'email')).toEqual(['nobody@example.org'])
      for (const email of ['ADA@example.org ', 'ada@example.org'])
        expect(textOf((await root.send(`${at}/add`, { email })).html)).toContain('Ada Example ada@example.org')
      expect(await eventsOf(running, 'group.member-added')).toHaveLength(1)
      expect((await browser.open('/admin/users')).status).toBe(403)
      expect(textOf((await root.open('/admin/groups')).html)).toContain('Administrators 1 person')
      expect(textOf((await root.open(userPath(ada))).html)).toContain('Groups Administrators')

      await root.send(`${at}/remove`, { user: ada.id })
      expect((await root.send(`${at}/remove`, { user: ada.id })).status).toBe(404)
      expect(await eventsOf(running, 'group.member-removed')).toHaveLength(1)
      expect(textOf((await root.open(at)).html)).toContain('Nobody is in this group.')
    })

    test('go with their memberships, and so does a deleted user', async () => {
      const ada = await addPerson(running)
      const [one, two] = [await create('One'), await create('Two')]
      for (const { at } of [one, two]) await root.send(`${at}/add`, { email: ada.email })
      await root.send(`${one.at}/delete`, {})
      expect(await running.db.selectFrom('group_members').selectAll().execute()).toHaveLength(1)
      await root.send(userPath(ada, 'delete'), { email: ada.email })
      expect(await running.db.selectFrom('group_members').selectAll().execute()).toEqual([])
    })

    test('are seen by auditors and the help desk, without forms', async () => {
      const { at } = await create('One')
      for (const role of ['auditor', 'help-desk'] as const) {
        const { browser } = await addProtectedPerson(running, { email: `${role}@example.org`, role })
        for (const path of ['/admin/groups', at]) {
          const page = await browser.open(path)
          expect(page.status).toBe(200)
          expect(page.html).not.toContain('action="/admin/groups')
        }
      }
    })

    test('take a fresh proof, after which the page is there again', async () => {
      const { at } = await create('One')
      running.time.now += minutes(11)
      for (const [path, back] of [
        ['/admin/groups', '/admin/groups'],
        [at, at],
        [`${at}/add`, at],
        [`${at}/remove`, at],
      ] as const) {
        running.time.now += minutes(11)
        expect((await root.send(path, { name: 'Two', email: 'root@example.org' })).at).toBe(
          '/sign-in/verification-code',
        )
        expect((await root.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })).at).toBe(back)
      }
      expect(await groups()).toHaveLength(1)
    })
  })
}
