// Backup and restore as an operator does them: commands as processes of their own, beside a service that goes on serving.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { needsBuild } from '../support/built.ts'
import { type Ended, runCommand, startCommand } from '../support/command.ts'
import { inDatabase } from '../support/in-database.ts'
import {
  cookiesOf,
  createInstallations,
  firstAdministrator,
  type Installation,
  type Installations,
  signInFirstAdministrator,
} from '../support/installations.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'
import { type Dialect, dialects } from '../support/service.ts'

needsBuild()

/** From each database, back to the same and over to the other. */
const ways = dialects.flatMap((from) => dialects.map((to) => [from, to] as const))
/** What takes long is shown on the way over, where there is one. */
const isLongWay = ([from, to]: (typeof ways)[number]) => dialects.length === 1 || from !== to

for (const way of ways) {
  const [from, to] = way
  describe(`a backup of ${from}, restored into ${to}`, { timeout: 240_000 }, () => {
    let installations: Installations
    let folder: string
    beforeEach(async () => {
      installations = await createInstallations()
      folder = installations.folder
      await mkdir(join(folder, 'backups'))
    })
    afterEach(() => installations.end())

    const make = (dialect: Dialect, name: string) =>
      installations.make(dialect, name, { COUNTERSIGN_URL: 'http://localhost:8080' })
    const start = ({ settings: { COUNTERSIGN_URL: _, ...settings }, ...rest }: Installation) =>
      installations.start({ ...rest, settings })
    /** Puts the key of one installation into another, as an operator does before restoring. */
    async function bringKey(one: Installation, other: Installation): Promise<void> {
      await mkdir(other.data, { recursive: true, mode: 0o700 })
      await copyFile(join(one.data, 'secret.key'), join(other.data, 'secret.key'))
    }
    const backup = (place: Installation, ...words: string[]) => runCommand(['backup', ...words], place.settings)
    const restore = (place: Installation, file: string) => runCommand(['restore', file], place.settings)
    /** Makes an installation with an administrator and so many audit events, and leaves it without a service. */
    async function prepare(name = 'one', events = 0): Promise<Installation> {
      const place = await make(from, name)
      await (await start(place)).stop()
      const rows = Array.from({ length: events }, (_, at) => ({ id: `e${at}`, at, name: 'sign-out', details: '{}' }))
      await inDatabase(place, async (db) => {
        for (let at = 0; at < rows.length; at += 1000)
          await db
            .insertInto('audit_events')
            .values(rows.slice(at, at + 1000))
            .execute()
      })
      return place
    }
    const countEvents = (place: Installation, name?: string) =>
      inDatabase(place, async (db) => {
        const tables = await db.introspection.getTables()
        if (!tables.some((table) => table.name === 'audit_events')) return 0
        const all = db.selectFrom('audit_events').select('id')
        return (await (name === undefined ? all : all.where('name', '=', name)).execute()).length
      })
    const sentence = ({ said }: Ended) => expect(said).toMatch(/^countersign: [^\n]+\n$/)

    test('is made while people sign in, and serves them afterwards', async () => {
      const one = await make(from, 'one')
      const service = await start(one)
      let over = false
      const signedIn: number[] = []
      const people = [0, 1].map(async () => {
        while (!over) signedIn.push((await signInFirstAdministrator(service)).status)
      })
      const made = await backup(one, `${join(folder, 'backups')}/`)
      over = true
      await Promise.all(people)
      expect(signedIn.length).toBeGreaterThan(0)
      expect(new Set(signedIn)).toEqual(new Set([303]))

      expect(made.code).toBe(0)
      const file = made.out.trim()
      expect(file).toMatch(/\/backups\/countersign-[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}Z\.sqlite$/)
      expect(made.said).toMatch(/^Backed up [0-9]+ rows of [0-9]+ tables, as of .*, and read it all again\.\n/)
      expect(made.said).toContain(`It is in ${join(one.data, 'secret.key')}: keep a copy apart from the backup`)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect(await readdir(join(folder, 'backups'))).toEqual([file.split('/').at(-1)])
      const key = await readFile(join(one.data, 'secret.key'), 'utf8')
      expect((await readFile(file)).includes(Buffer.from(key.trim(), 'base64'))).toBe(false)
      expect((await readFile(file)).includes(key.trim())).toBe(false)

      const two = await make(to, 'two')
      await bringKey(one, two)
      const restored = await restore(two, file)
      expect(restored).toMatchObject({ code: 0, out: '' })
      expect(restored.said).toMatch(/^Restored [0-9]+ rows of [0-9]+ tables into /)
      expect(restored.said).toMatch(/^Ended or void now: sessions \([1-9][0-9]*\), /m)
      const again = await start(two)
      expect((await signInFirstAdministrator(again)).headers.get('location')).toBe('/my-profile')
      const verified = await runCommand(['verify-audit'], two.settings)
      expect(verified.code).toBe(0)
      const events = await inDatabase(two, (db) =>
        db.selectFrom('audit_events').selectAll().where('name', 'like', 'database.%').execute(),
      )
      expect(events.map(({ name, actor_id }) => [name, actor_id])).toEqual([['database.restored', null]])
      expect(JSON.parse(events[0]?.details ?? '')).toMatchObject({ madeAt: expect.stringMatching(/Z$/), links: 0 })
      const noted = await inDatabase(one, (db) =>
        db.selectFrom('audit_events').selectAll().where('name', '=', 'database.backed-up').execute(),
      )
      expect(noted).toHaveLength(1)
      expect(noted[0]?.linked_at).not.toBeNull()
    })

    test.runIf(isLongWay(way))(
      'is whole or not there, at whatever moment it is killed, and so is what is restored from it',
      async () => {
        const one = await prepare('one', 5000)
        const file = join(folder, 'backups', 'it.sqlite')
        const lasted = async (act: () => Promise<unknown>) => {
          const began = performance.now()
          await act()
          return performance.now() - began
        }
        const whole = await lasted(() => backup(one, join(folder, 'first.sqlite')))
        for (const part of [0.5, 0.7, 0.9]) {
          const command = startCommand(['backup', file], one.settings)
          await wait(whole * part)
          command.kill()
          await command.ended
          if (!existsSync(file)) continue
          // It was quicker this time.
          expect((await restore(await make('sqlite', `check-${part}`), file)).said).toContain('secret key')
          await rm(file)
        }
        expect((await backup(one, file)).code).toBe(0)

        const two = await make(to, 'two')
        await bringKey(one, two)
        for (const part of [0.5, 0.8]) {
          const command = startCommand(['restore', file], two.settings)
          await wait(whole * part)
          command.kill()
          await command.ended
          // Nothing, or everything with what a restore sees to.
          const found = await countEvents(two)
          if (found > 0) expect(found).toBeGreaterThan(5000)
          if (found > 0) expect(await countEvents(two, 'database.restored')).toBe(1)
        }
        const isDone = (await countEvents(two)) > 0
        const last = await restore(two, file)
        expect(last.code).toBe(isDone ? 1 : 0)
        expect((await signInFirstAdministrator(await start(two))).status).toBe(303)
        expect(await countEvents(two, 'sign-out')).toBe(5000)
        expect((await runCommand(['verify-audit'], two.settings)).code).toBe(0)
      },
    )

    test.runIf(isLongWay(way))(
      'is refused where it would overwrite, without the right key, and when it is damaged; nothing changes',
      async () => {
        const one = await prepare()
        const file = join(folder, 'backups', 'it.sqlite')
        expect((await backup(one, file)).code).toBe(0)
        const bytes = await readFile(file)
        const taken = await backup(one, file)
        expect(taken).toMatchObject({ code: 1, out: '' })
        expect(taken.said).toContain(`${file} is there already.`)
        expect(await readFile(file)).toEqual(bytes)
        expect((await backup(one, file, '--overwrite')).code).toBe(0)
        const away = await backup(one, join(folder, 'no', 'such', 'folder.sqlite'))
        expect(away.code).toBe(1)
        expect(away.said).toContain(`There is no folder ${join(folder, 'no', 'such')}. Make it first.`)
        sentence(away)
        // A slip of the finger must not cost the key, or the database itself.
        const key = join(one.data, 'secret.key')
        const database = join(one.data, 'countersign.sqlite')
        for (const precious of existsSync(database) ? [key, database] : [key]) {
          const before = await readFile(precious)
          const refused = await backup(one, precious, '--overwrite')
          expect(refused.said).toContain(`${precious} is no backup, so it is not replaced.`)
          expect(refused.code).toBe(1)
          expect(await readFile(precious)).toEqual(before)
        }
        const empty = join(folder, 'backups', 'empty.sqlite')
        await writeFile(empty, '')
        expect((await backup(one, empty, '--overwrite')).code).toBe(0)

        const occupied = await restore(one, file)
        expect(occupied).toMatchObject({ code: 1, out: '' })
        expect(occupied.said).toContain('The database is not empty')

        const two = await make(to, 'two')
        const without = await restore(two, file)
        expect(without.said).toContain('The secret key is missing')
        sentence(without)
        const wrong = { ...two, settings: { ...two.settings, COUNTERSIGN_SECRET_KEY: randomBytes(32).toString('hex') } }
        expect((await restore(wrong, file)).said).toContain('This is not the secret key of that database.')
        await bringKey(one, two)
        const damaged = join(folder, 'damaged.sqlite')
        for (const [damage, says] of [
          [() => writeFile(damaged, 'no database'), 'cannot be read as a backup'],
          [() => copyFile(file, damaged).then(() => truncate(damaged, 40_960)), damaged],
          [() => changed(damaged), 'These tables are not as written: users.'],
          [() => rm(damaged), 'There is no file'],
          [() => mkdir(damaged), `${damaged} is a folder.`],
        ] as const) {
          await damage()
          const refused = await restore(two, damaged)
          expect(refused).toMatchObject({ code: 1, out: '' })
          expect(refused.said).toContain(says)
          sentence(refused)
        }
        expect((await readdir(two.data)).filter((name) => name.startsWith('countersign.sqlite'))).toEqual([])
        expect((await restore(two, file)).code).toBe(0)

        async function changed(path: string): Promise<void> {
          await copyFile(file, path)
          const db = await openDatabase({ sqliteFile: path })
          await db.updateTable('users').set({ role: 'member' }).execute()
          await db.destroy()
        }
      },
    )
  })
}

describe('a backup that is put in place by hand', { timeout: 60_000 }, () => {
  test('is noticed by the service and by commands', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-backup-'))
    const data = join(folder, 'data')
    await (await startProcess({ COUNTERSIGN_DATA: data, ...firstAdministrator })).stop()
    const settings = { COUNTERSIGN_DATA: data }
    const file = join(data, 'countersign.sqlite')
    expect((await runCommand(['backup', join(folder, 'it.sqlite')], settings)).code).toBe(0)
    await copyFile(join(folder, 'it.sqlite'), file)
    for (const extra of ['-wal', '-shm']) await rm(`${file}${extra}`, { force: true })
    const told = 'This database is a backup that was put in place as it is'
    await expect(startProcess(settings)).rejects.toThrow(told)
    expect((await runCommand(['user', 'list'], settings)).said).toContain(told)
    expect((await runCommand(['doctor'], settings)).out).toContain(told)
    await rm(folder, { recursive: true })
  })

  test('cannot be noticed when it was copied in another way; after-restore sees to it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-backup-'))
    const data = join(folder, 'data')
    const service = await startProcess({ COUNTERSIGN_DATA: data, ...firstAdministrator })
    const cookie = cookiesOf(await signInFirstAdministrator(service))
    await service.stop()
    const isIn = async ({ url }: ServiceProcess) =>
      (await fetch(`${url}/my-profile`, { redirect: 'manual', headers: { cookie } })).status === 200
    const copied = await startProcess({ COUNTERSIGN_DATA: data })
    expect(await isIn(copied)).toBe(true)
    await copied.stop()
    const done = await runCommand(['after-restore'], { COUNTERSIGN_DATA: data })
    expect(done).toMatchObject({ code: 0, out: '' })
    expect(done.said).toContain('sessions (1)')
    const safe = await startProcess({ COUNTERSIGN_DATA: data })
    expect(await isIn(safe)).toBe(false)
    await safe.stop()
    expect((await runCommand(['verify-audit'], { COUNTERSIGN_DATA: data })).code).toBe(0)
    await rm(folder, { recursive: true })
  })
})
