// Moving an installation to another database, as an operator does it: the command as a process of its own, stopped, killed,
// run again, and the service on the new database afterwards.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { needsBuild } from '../support/built.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { inDatabase } from '../support/in-database.ts'
import {
  cookiesOf,
  createInstallations,
  type Installation,
  type Installations,
  signInFirstAdministrator,
} from '../support/installations.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'
import { type Dialect, dialects } from '../support/service.ts'
import { readTables } from '../support/tables.ts'

needsBuild()

const ways = dialects.flatMap((from) => dialects.map((to) => [from, to] as const))
const isLongWay = ([from, to]: (typeof ways)[number]) => dialects.length === 1 || from !== to

for (const way of ways) {
  const [from, to] = way
  describe(`moving from ${from} to ${to}`, { timeout: 240_000 }, () => {
    let installations: Installations
    let source: Installation
    let target: Installation
    beforeEach(async () => {
      installations = await createInstallations()
      source = await make(from, 'old')
      target = await make(to, 'new')
    })
    afterEach(() => installations.end())

    const key = randomBytes(32).toString('base64')
    const make = (dialect: Dialect, name: string) => installations.make(dialect, name, { COUNTERSIGN_SECRET_KEY: key })
    /** An installation with an administrator and so many audit events, without a service; and the cookies of a session. */
    async function prepare(events = 0): Promise<string> {
      const service = await installations.start(source)
      const cookies = cookiesOf(await signInFirstAdministrator(service))
      await service.stop()
      if (events > 0) await addEvents(events)
      return cookies
    }
    async function addEvents(count: number, prefix = 'e'): Promise<void> {
      const rows = Array.from({ length: count }, (_, at) => ({ id: prefix + at, at, name: 'sign-out', details: '{}' }))
      await inDatabase(source, async (db) => {
        for (let at = 0; at < count; at += 1000)
          await db
            .insertInto('audit_events')
            .values(rows.slice(at, at + 1000))
            .execute()
      })
    }
    const move = () => runCommand(['copy-database', '--to', target.url], source.settings)
    const isIn = async ({ url }: ServiceProcess, cookie: string) =>
      (await fetch(`${url}/my-profile`, { redirect: 'manual', headers: { cookie } })).status === 200

    test('takes everything along, running sessions too, and leaves the old database as it was', async () => {
      const cookie = await prepare(10)
      const before = await inDatabase(source, readTables)
      await writeFile(join(installations.folder, 'url'), `${target.url}\n`)
      const done = await runCommand(['copy-database', '--to-file', join(installations.folder, 'url')], source.settings)
      expect(done).toMatchObject({ code: 0, out: '' })
      expect(done.said).toMatch(/^Copied [0-9]+ rows of [0-9]+ tables to .*, and compared them all\.\n/)
      if (to === 'postgres') expect(done.said).not.toContain(new URL(target.url).password)
      else expect((await stat(target.url.replace('sqlite:', ''))).mode & 0o777).toBe(0o600)
      expect(await inDatabase(source, readTables)).toEqual(before)
      const after = await inDatabase(target, readTables)
      const moved = after.audit_events.filter(({ name }) => name === 'database.copied')
      expect(moved.map(({ details }) => JSON.parse(String(details)))).toEqual([
        { from, to, rows: Object.values(before).reduce((total, rows) => total + rows.length, 0) },
      ])
      for (const [name, rows] of Object.entries(before))
        if (!name.startsWith('audit_')) expect([name, after[name as keyof typeof after]]).toEqual([name, rows])
      const service = await installations.start(target)
      expect(await isIn(service, cookie)).toBe(true)
      expect((await runCommand(['verify-audit'], target.settings)).code).toBe(0)
      const again = await move()
      expect(again).toMatchObject({ code: 1, out: '' })
      expect(again.said).toContain('The target is not empty')
    })

    test.runIf(isLongWay(way))('goes on where it was killed, and is not served before it is whole', async () => {
      const cookie = await prepare(12_000)
      const began = performance.now()
      const other = await make(to, 'other')
      await runCommand(['copy-database', '--to', other.url], source.settings)
      const whole = performance.now() - began
      let stopped = 0
      for (const part of [0.3, 0.45, 0.6, 0.75, 0.9]) {
        const command = startCommand(['copy-database', '--to', target.url], source.settings)
        await wait(whole * part)
        command.kill()
        await command.ended
        if (!(await isUnfinished())) continue
        stopped += 1
        const told = 'This database is a copy that is not finished'
        if (stopped === 1) await expect(startProcess(target.settings)).rejects.toThrow(told)
        if (stopped === 1) expect((await runCommand(['doctor'], target.settings)).out).toContain(told)
      }
      expect(stopped).toBeGreaterThan(0)
      if (await isUnfinished()) {
        const last = await move()
        expect(last.code).toBe(0)
      }
      const [one, two] = [await inDatabase(source, readTables), await inDatabase(target, readTables)]
      for (const [name, rows] of Object.entries(one))
        if (!name.startsWith('audit_')) expect(two[name as keyof typeof two].length, name).toBe(rows.length)
      expect(two.audit_events.length).toBe(one.audit_events.length + 1)
      expect(await isIn(await installations.start(target), cookie)).toBe(true)
    })

    /** Before the first start of the command there is not even a folder. */
    const isUnfinished = async () =>
      ('postgres' in target.at || existsSync(target.at.sqliteFile)) &&
      (await inDatabase(target, async (db) =>
        (await db.introspection.getTables()).some(({ name }) => name === 'copy_note'),
      ))

    test.runIf(isLongWay(way))('says so when the source has changed meanwhile, and starts over', async () => {
      await prepare(3000)
      // As a copy that was stopped: with a note, and one table in it.
      const command = startCommand(['copy-database', '--to', target.url], source.settings)
      for (let left = 600; left > 0 && !(await hasRows()); left -= 1) await wait(5)
      command.kill()
      await command.ended
      if (!(await isUnfinished())) return
      await inDatabase(source, (db) => db.updateTable('users').set({ name: 'Another name' }).execute())
      const refused = await move()
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.said).toMatch(/The source has changed since it was copied, in: .*users/)
      await expect(startProcess(target.settings)).rejects.toThrow('a copy that is not finished')
      const done = await move()
      expect(done.code).toBe(0)
      const users = await inDatabase(target, (db) => db.selectFrom('users').select('name').execute())
      expect(users).toEqual([{ name: 'Another name' }])
    })

    const hasRows = () =>
      inDatabase(target, async (db) => {
        if (!(await db.introspection.getTables()).some(({ name }) => name === 'users')) return false
        return (await db.selectFrom('users').select('id').execute()).length > 0
      }).catch(() => false)

    test.runIf(isLongWay(way))(
      'takes no target that is in use, out of reach, or a copy of something else',
      async () => {
        await prepare()
        const bad = await runCommand(['copy-database', '--to', 'mysql://root:my-secret-value@x/y'], source.settings)
        expect(bad.code).toBe(2)
        expect(bad.said).not.toContain('my-secret-value')
        expect((await runCommand(['copy-database'], source.settings)).code).toBe(2)
        const away = await runCommand(
          ['copy-database', '--to', 'postgres://nobody:my-secret-value@127.0.0.1:1/nothing'],
          source.settings,
        )
        expect(away.code).toBe(1)
        expect(away.said).toMatch(
          /^countersign: The target, PostgreSQL at 127\.0\.0\.1:1\/nothing, cannot be used: [^\n]+\n$/,
        )
        expect(away.said).not.toContain('my-secret-value')
        const service = await installations.start(target)
        await service.stop()
        expect((await move()).said).toContain('The target is not empty: there is something in its table')
        expect((await runCommand(['copy-database', '--to', source.url], source.settings)).said).toContain(
          'is not empty',
        )
        const text = join(installations.folder, 'text')
        await writeFile(text, 'something else')
        for (const wrong of [text, installations.folder]) {
          const none = await runCommand(['copy-database', '--to', `sqlite:${wrong}`], source.settings)
          expect(none.code).toBe(1)
          expect(none.said).toMatch(/^countersign: The target, [^\n]+ (cannot be used: |is not a file\.)[^\n]+\n$/)
        }
        expect(await readFile(text, 'utf8')).toBe('something else')
        const unescaped = await runCommand(
          ['copy-database', '--to', 'postgres://u:1#my-secret-value@x/y'],
          source.settings,
        )
        expect(unescaped.said).toContain('In user and password write # as %23')
        expect(unescaped.said).not.toContain('my-secret-value')
      },
    )

    test.runIf(from === 'sqlite' && isLongWay(way))('is refused while anybody has the file open', async () => {
      await prepare()
      const service = await installations.start(source)
      const refused = await move()
      expect(refused).toMatchObject({ code: 1, out: '' })
      expect(refused.said).toContain('Stop every service on it first')
      await service.stop()
      expect((await move()).code).toBe(0)
      expect((await readFile(join(installations.folder, 'old', 'countersign.sqlite'))).length).toBeGreaterThan(0)
    })
  })
}
