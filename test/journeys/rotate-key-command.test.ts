// Keys are changed by the command line while real processes sign people in: killed in the middle, run again, with the key in a
// file and in a setting.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { codeOf, emailOf, password, secretKey } from '../../bench/seeding/people.ts'
import { seed } from '../../bench/seeding/seed.ts'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { replaceMasterKey } from '../../src/rotation/replace-master-key.ts'
import { masterKey } from '../../src/secrets/master-key.ts'
import { sealedAuthenticators } from '../../src/totp/sealed-secrets.ts'
import { needsBuild } from '../support/built.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'
import { dialects } from '../support/service.ts'

needsBuild()

for (const dialect of dialects) {
  describe(`countersign rotate-key on ${dialect}`, { timeout: 180_000 }, () => {
    let folder: string
    let postgres: TestDatabase | null
    let db: Database
    let services: ServiceProcess[]
    /** The next person who has not signed in yet: a code works once. */
    let person: number
    beforeEach(async () => {
      ;[services, person] = [[], 0]
      folder = await mkdtemp(join(tmpdir(), 'countersign-keys-'))
      await mkdir(data())
      postgres = dialect === 'postgres' ? await createDatabase() : null
    })
    afterEach(async () => {
      for (const service of services) await service.stop()
      await db?.destroy()
      await postgres?.drop()
      await rm(folder, { recursive: true })
    })

    const data = () => join(folder, 'data')
    const keyFile = () => join(data(), 'secret.key')
    const text = (key: Buffer) => key.toString('base64')
    const settings = (more: Record<string, string> = {}): Record<string, string> => ({
      COUNTERSIGN_DATA: data(),
      ...(postgres ? { DATABASE_URL: postgres.url } : {}),
      ...more,
    })
    async function prepare(users: number): Promise<void> {
      const at = postgres ? { postgres: postgres.url } : { sqliteFile: join(data(), 'countersign.sqlite') }
      await seed(at, users, { now: Date.now(), onProgress: () => {} })
      await writeFile(keyFile(), `${text(secretKey)}\n`, { mode: 0o600 })
      db = await openDatabase(at)
      // The links of the seeding vouch for nothing.
      for (const table of ['audit_links', 'audit_events'] as const) await db.deleteFrom(table).execute()
    }
    async function start(more: Record<string, string> = {}): Promise<ServiceProcess> {
      const service = await startProcess(settings(more))
      services.push(service)
      return service
    }
    const run = (words: string[] = [], more: Record<string, string> = {}) =>
      runCommand(['rotate-key', ...words], settings(more))
    const newestKeys = async () =>
      (await db.selectFrom('keys').selectAll().orderBy('number').execute()).map(({ number, retired_at }) => ({
        number,
        isRetired: retired_at !== null,
      }))
    const others = async (key: number) => (await sealedAuthenticators.count(db, key)).others

    /** Signs the next person in through this process, with password and code. */
    async function signIn(service: ServiceProcess): Promise<string> {
      const n = person++
      const cookies = new Map<string, string>()
      const post = async (path: string, fields: Record<string, string>) => {
        const answer = await fetch(`${service.url}${path}`, {
          method: 'POST',
          redirect: 'manual',
          headers: { origin: service.url, cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
          body: new URLSearchParams(fields),
        })
        for (const line of answer.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
          cookies.set(name, value)
        }
        return `${answer.status} ${answer.headers.get('location')}`
      }
      await post('/sign-in', { email: emailOf(n), password })
      return post('/sign-in/verification-code', { code: codeOf(n, Date.now()) })
    }
    const isIn = '303 /my-profile'
    /** Signs people in through all of these, over and over, until it is told to stop; gives all answers. */
    function keepSigningIn(several: readonly ServiceProcess[]) {
      let isDone = false
      const answers = Promise.all(
        several.map(async (service) => {
          const found: string[] = []
          while (!isDone) found.push(await signIn(service))
          return found
        }),
      )
      return async () => {
        isDone = true
        return (await answers).flat()
      }
    }

    test('killed again and again while people sign in, ends with everything sealed anew and nobody turned away', async () => {
      await prepare(2000)
      const stop = keepSigningIn([await start(), await start()])
      const until = async (isReached: () => Promise<boolean>) => {
        while (!(await isReached())) await new Promise((later) => setTimeout(later, 5))
      }
      for (const left of [2000, 1200]) {
        const { ended, kill } = startCommand(['rotate-key'], settings())
        await until(async () => (await newestKeys()).length === 2 && (await others(2)) <= left)
        kill()
        expect(await ended).toMatchObject({ code: null })
        expect(await newestKeys()).toEqual([
          { number: 1, isRetired: false },
          { number: 2, isRetired: false },
        ])
      }
      const doctor = await runCommand(['doctor'], settings())
      expect(doctor.out).toContain('A rotation was begun and not finished.')
      const [one, other] = await Promise.all([run(), run()])
      for (const { code, said } of [one, other]) {
        expect(code).toBe(0)
        expect(said).toContain('A rotation had been begun; went on with data key 2.')
        expect(said).toContain('2000 authenticators')
      }
      expect(await others(2)).toBe(0)
      expect(await newestKeys()).toEqual([
        { number: 1, isRetired: true },
        { number: 2, isRetired: false },
      ])
      const answers = await stop()
      expect(answers.length).toBeGreaterThan(4)
      expect([...new Set(answers)]).toEqual([isIn])
      for (const service of services) expect(await signIn(service)).toBe(isIn)
    })

    test('replaces a key file, and running processes take the next data key without a restart', async () => {
      await prepare(60)
      const several = [await start(), await start()]
      const stop = keepSigningIn(several)
      const replaced = await run(['--master'])
      expect(replaced).toMatchObject({ code: 0, out: '' })
      expect(replaced.said).toContain('The data key is wrapped with the new secret key')
      expect((await run()).said).toContain('Made data key 2.')
      expect([...new Set(await stop())]).toEqual([isIn])
      for (const service of several) expect(await signIn(service)).toBe(isIn)
      const files = (await readdir(data())).filter((name) => name.startsWith('secret.key'))
      expect(files).toEqual(['secret.key', expect.stringMatching(/^secret\.key\.until-2/)])
      expect((await readFile(join(data(), files[1] ?? ''), 'utf8')).trim()).toBe(text(secretKey))
      expect((await readFile(keyFile(), 'utf8')).trim()).not.toBe(text(secretKey))
      expect(await signIn(await start())).toBe(isIn)
      for (const words of [[], ['--master']]) {
        const wrong = await run(words, { COUNTERSIGN_SECRET_KEY: text(randomBytes(32)) })
        expect(wrong).toMatchObject({ code: 1, out: '' })
        expect(wrong.said).toContain('This is not the secret key that the database was made with.')
      }
      expect((await readdir(data())).filter((name) => name.startsWith('secret.key'))).toEqual(files)
      expect(await newestKeys()).toHaveLength(2)
      const verified = await runCommand(['verify-audit'], settings())
      expect(verified.said).toContain('all are as they were linked')
      expect(verified.code).toBe(0)
    })

    test('leaves an installation that starts, wherever the replacement of the file was broken off', async () => {
      await prepare(20)
      const next = randomBytes(32)
      const draft = `${keyFile()}.new`
      // Broken off when the new key was written, and nothing else had happened.
      await writeFile(draft, `${text(next)}\n`, { mode: 0o600 })
      const service = await start()
      expect(await signIn(service)).toBe(isIn)
      // Broken off when the data keys were wrapped with it.
      const masterKeys = async () => [masterKey(secretKey)]
      await replaceMasterKey({ db, masterKeys, clock: Date.now }, masterKey(next))
      expect(await signIn(service)).toBe(isIn)
      expect((await runCommand(['doctor'], settings())).out).toContain('the key was to be replaced, and that was not')
      // Broken off when the old file had its other name as well.
      await link(keyFile(), `${keyFile()}.until-then`)
      expect(await signIn(await start())).toBe(isIn)
      expect((await run(['--master'])).code).toBe(0)
      expect((await readFile(keyFile(), 'utf8')).trim()).toBe(text(next))
      expect(existsSync(draft)).toBe(false)
      expect(await signIn(await start())).toBe(isIn)
      expect((await readFile(`${keyFile()}.until-then`, 'utf8')).trim()).toBe(text(secretKey))
      // The new file alone, because somebody has removed the other.
      await rename(keyFile(), draft)
      const named = await run(['--master'])
      expect(named.said).toContain('it has the right name now. No key was replaced.')
      expect(named.code).toBe(0)
      expect((await readFile(keyFile(), 'utf8')).trim()).toBe(text(next))
      expect(existsSync(draft)).toBe(false)
      // Killed just when the new key had got its name: it has one more, which nobody knows of.
      await writeFile(`${draft}.0123456789abcdef`, `${text(randomBytes(32))}\n`, { mode: 0o600 })
      await link(`${draft}.0123456789abcdef`, draft)
      expect((await run(['--master'])).code).toBe(0)
      expect((await readdir(data())).filter((name) => name.startsWith('secret.key.new'))).toEqual([])
      expect(await signIn(await start())).toBe(isIn)
    })

    test('replaces a key that is a setting: both start before, and each process goes on', async () => {
      await prepare(20)
      await rm(keyFile())
      const [old, next] = [text(secretKey), text(randomBytes(32))]
      const both = { COUNTERSIGN_SECRET_KEY: old, COUNTERSIGN_NEW_SECRET_KEY: next }
      const needsNew = await run(['--master'], { COUNTERSIGN_SECRET_KEY: old })
      expect(needsNew).toMatchObject({ code: 1 })
      expect(needsNew.said).toContain('set COUNTERSIGN_NEW_SECRET_KEY')
      const [knowsBoth, knowsOld] = [await start(both), await start({ COUNTERSIGN_SECRET_KEY: old })]
      const replaced = await run(['--master'], both)
      expect(replaced.code).toBe(0)
      expect(replaced.said).toContain('Now set COUNTERSIGN_SECRET_KEY to it')
      expect((await run(['--master'], both)).said).toContain('wrapped with COUNTERSIGN_NEW_SECRET_KEY already')
      for (const service of [knowsBoth, knowsOld]) expect(await signIn(service)).toBe(isIn)
      await expect(start({ COUNTERSIGN_SECRET_KEY: old })).rejects.toThrow('did not start')
      for (const more of [both, { COUNTERSIGN_SECRET_KEY: next }]) expect(await signIn(await start(more))).toBe(isIn)
      expect((await run([], { COUNTERSIGN_SECRET_KEY: next })).code).toBe(0)
      expect(await signIn(knowsBoth)).toBe(isIn)
      expect((await fetch(`${knowsBoth.url}/readyz`)).status).toBe(200)
      expect((await fetch(`${knowsOld.url}/readyz`)).status).toBe(503)
      expect(await signIn(knowsOld)).not.toBe(isIn)
    })
  })
}
