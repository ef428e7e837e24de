// The real process, as an operator runs it: what it prints, what it keeps, when it refuses to start, how it stops.

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { needsBuild } from '../support/built.ts'
import { password } from '../support/people.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'
import { dialects } from '../support/service.ts'

needsBuild()

for (const dialect of dialects) {
  describe(`the process on ${dialect}`, { timeout: 60_000 }, () => {
    let folder: string
    let postgres: TestDatabase | null
    let running: Promise<ServiceProcess>[]
    beforeEach(async () => {
      running = []
      folder = await mkdtemp(join(tmpdir(), 'countersign-process-'))
      postgres = dialect === 'postgres' ? await createDatabase() : null
    })
    afterEach(async () => {
      // Those as well that were still starting when a test had failed already.
      for (const one of await Promise.allSettled(running)) if (one.status === 'fulfilled') await one.value.stop()
      await postgres?.drop()
      await rm(folder, { recursive: true })
    })

    const data = () => join(folder, 'data')
    const keyFile = () => join(data(), 'secret.key')

    function start(settings: Record<string, string> = {}): Promise<ServiceProcess> {
      const started = startProcess({
        COUNTERSIGN_DATA: data(),
        ...(postgres ? { DATABASE_URL: postgres.url } : {}),
        ...settings,
      })
      running.push(started)
      return started
    }
    /** Starts what must not start, and returns what it wrote and how it ended. */
    async function refuse(settings: Record<string, string> = {}) {
      const error = await start(settings).then(
        () => new Error('It started.'),
        (reason: unknown) => reason,
      )
      if (!(error instanceof Error)) throw error
      const { cause } = error
      return { written: error.message, ended: cause instanceof Error ? cause.message : '' }
    }
    const openItsDatabase = () =>
      openDatabase(postgres ? { postgres: postgres.url } : { sqliteFile: join(data(), 'countersign.sqlite') })

    /** Everything in the database, as text. */
    async function contents(): Promise<string> {
      const db = await openItsDatabase()
      const found = await db.introspection.getTables({ withInternalKyselyTables: true })
      const tables = found.map(({ name }) => name as 'users').sort()
      const rows: unknown[] = []
      for (const table of tables) rows.push(table, await db.selectFrom(table).selectAll().execute())
      await db.destroy()
      return JSON.stringify(rows)
    }
    const post = (service: ServiceProcess, path: string, fields: Record<string, string>) =>
      fetch(`${service.url}${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: service.url },
        body: new URLSearchParams(fields),
      })

    test('prints its address and the link for the first administrator, and both work', async () => {
      const service = await start()
      expect(service.output()).toContain(`Countersign is ready at ${service.url}`)
      expect((await fetch(`${service.url}/healthz`)).status).toBe(200)
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200)
      const page = await fetch(`${service.url}/sign-in`)
      expect(page.status).toBe(200)
      const html = await page.text()
      for (const [, path] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g))
        expect((await fetch(`${service.url}${path}`)).status).toBe(200)
      expect(html).toMatch(/\/assets\/[^"]+\.js/)
      expect(html).toMatch(/\/assets\/[^"]+\.css/)
      expect((await fetch(service.setUpLink ?? '')).status).toBe(200)
    })

    test('makes a key file for its owner’s eyes only, in a folder of its own', async () => {
      await start()
      expect((await stat(keyFile())).mode & 0o777).toBe(0o600)
      expect((await stat(data())).mode & 0o077).toBe(0)
      const files = (await readdir(data())).filter((name) => name.includes('.sqlite'))
      expect(files.includes('countersign.sqlite')).toBe(dialect === 'sqlite')
      for (const name of files) expect((await stat(join(data(), name))).mode & 0o777).toBe(0o600)
      expect(Buffer.from((await readFile(keyFile(), 'utf8')).trim(), 'base64')).toHaveLength(32)
    })

    test('warns at start where others than its owner may read the key file', async () => {
      const first = await start()
      expect(first.output()).not.toContain('may read the secret key')
      await first.stop()
      await chmod(keyFile(), 0o640)
      const output = (await start()).output()
      expect(output).toContain('others than its owner may read the secret key')
      expect(output).toContain(keyFile())
    })

    test('keeps everything over a restart; the link closes for ever', async () => {
      const first = await start()
      const token = new URL(first.setUpLink ?? '').searchParams.get('token') ?? ''
      const created = await post(first, '/set-up', { token, email: 'root@example.org', name: 'Root', password })
      expect(created.status).toBe(303)
      expect(await first.stop()).toBe(0)
      const key = await readFile(keyFile(), 'utf8')

      const second = await start()
      expect(second.setUpLink).toBeNull()
      expect(await readFile(keyFile(), 'utf8')).toBe(key)
      const signedIn = await post(second, '/sign-in', { email: 'root@example.org', password })
      expect(signedIn.headers.get('location')).toBe('/my-profile')
      expect((await fetch(`${second.url}/set-up?token=${token}`)).status).toBe(404)
    })

    test('prints the same link at every start until it is used', async () => {
      const first = await start()
      const token = new URL(first.setUpLink ?? '').search
      await first.stop()
      const second = await start()
      expect(new URL(second.setUpLink ?? '').search).toBe(token)
    })

    test('two that start at once share one database and one link', async () => {
      const [one, other] = await Promise.all([start(), start()])
      expect(new URL(one.setUpLink ?? '').search).toBe(new URL(other.setUpLink ?? 'http://x').search)
      for (const service of [one, other]) expect((await fetch(`${service.url}/readyz`)).status).toBe(200)
    })

    test('logs no secret', async () => {
      const service = await start({ COUNTERSIGN_LOG_LEVEL: 'trace' })
      const token = new URL(service.setUpLink ?? '').searchParams.get('token') ?? ''
      const created = await post(service, '/set-up', { token, email: 'root@example.org', name: 'Root', password })
      const cookies = created.headers.getSetCookie().map((line) => line.split(/[=;]/)[1] ?? '')
      await fetch(`${service.url}/accept-invitation?token=${'t'.repeat(43)}`)
      await post(service, '/sign-in', { email: 'root@example.org', password: 'a mistyped password' })
      await service.stop()
      const log = service.output().replaceAll(service.setUpLink ?? '', '')
      expect(log).toContain('answered')
      const key = (await readFile(keyFile(), 'utf8')).trim()
      for (const secret of [token, password, 'a mistyped password', 't'.repeat(43), key, ...cookies.filter(Boolean)])
        expect(log).not.toContain(secret)
    })

    test('refuses another key in a sentence, and writes nothing', async () => {
      await (await start()).stop()
      // As a database of an older version: with the right key, the next start would bring it up to date.
      const db = await openItsDatabase()
      await sql`delete from kysely_migration`.execute(db)
      await db.destroy()
      const [key, before] = [await readFile(keyFile(), 'utf8'), await contents()]
      for (const settings of [{ COUNTERSIGN_SECRET_KEY: randomBytes(32).toString('base64') }, {}]) {
        if (!('COUNTERSIGN_SECRET_KEY' in settings)) await writeFile(keyFile(), randomBytes(32).toString('hex'))
        const { written, ended } = await refuse(settings)
        expect(ended).toBe('it ended with 1')
        expect(written).toContain('This is not the secret key that the database was made with.')
        expect(written).not.toMatch(/\n\s+at /)
        expect(await contents()).toBe(before)
      }
      await writeFile(keyFile(), key)
      expect((await fetch(`${(await start()).url}/readyz`)).status).toBe(200)
    })

    test('refuses to make a new key where one is missing, and writes nothing', async () => {
      await (await start()).stop()
      const [key, before] = [await readFile(keyFile(), 'utf8'), await contents()]
      await unlink(keyFile())
      const { written, ended } = await refuse()
      expect(ended).toBe('it ended with 1')
      expect(written).toContain('The secret key is missing')
      expect(existsSync(keyFile())).toBe(false)
      expect(await contents()).toBe(before)
      await start({ COUNTERSIGN_SECRET_KEY: key.trim() })
    })

    test('refuses a key file that holds no key, and leaves it as it is', async () => {
      await (await start()).stop()
      await writeFile(keyFile(), 'oops')
      await chmod(keyFile(), 0o600)
      const { written, ended } = await refuse()
      expect(ended).toBe('it ended with 1')
      expect(written).toContain('does not hold a secret key')
      expect(await readFile(keyFile(), 'utf8')).toBe('oops')
    })

    test('names all faulty settings at once, and makes nothing', async () => {
      const { written, ended } = await refuse({
        PORT: 'eighty',
        COUNTERSIGN_URL: 'http://sign-in.example.org',
        COUNTERSIGN_SESSION_IDLE: 'soon',
        COUNTERSIGN_SECRET_KEY: 'my-secret-value',
      })
      expect(ended).toBe('it ended with 1')
      for (const name of ['PORT', 'COUNTERSIGN_URL', 'COUNTERSIGN_SESSION_IDLE', 'COUNTERSIGN_SECRET_KEY'])
        expect(written).toMatch(new RegExp(`^ {2}- ${name} `, 'm'))
      expect(written).not.toContain('my-secret-value')
      expect(await readdir(folder)).toEqual([])
    })

    test('warns of a setting that it does not know', async () => {
      const service = await start({ COUNTERSIGN_SESION_IDLE: '1h' })
      expect(service.output()).toContain('COUNTERSIGN_SESION_IDLE')
    })

    test('says in a sentence that there is no such address, no such folder, or no such database', async () => {
      await writeFile(join(folder, 'file'), 'no folder')
      const cases: [Record<string, string>, string][] = [
        [
          { COUNTERSIGN_HOST: '203.0.113.7' },
          'COUNTERSIGN_HOST is "203.0.113.7", which is no address of this machine.',
        ],
        [{ COUNTERSIGN_DATA: join(folder, 'file/below') }, 'The data folder cannot be made (COUNTERSIGN_DATA).'],
      ]
      for (const [settings, says] of cases) {
        const { written } = await refuse(settings)
        expect(written).toContain(`Countersign cannot start. ${says}`)
        expect(written.split('It wrote:')[1]).not.toMatch(/^ +at /m)
      }
      if (postgres) return
      await rm(data(), { recursive: true })
      await mkdir(data(), { mode: 0o700 })
      await writeFile(join(data(), 'countersign.sqlite'), 'this is no database '.repeat(100), { mode: 0o600 })
      expect((await refuse()).written).toContain('Countersign cannot start. The database cannot be used. file is not a')
    })

    test('says that the port is taken', async () => {
      const other: Server = createServer()
      await new Promise<void>((listening) => other.listen(0, listening))
      const { port } = other.address() as AddressInfo
      const { written, ended } = await refuse({ PORT: String(port) })
      expect(ended).toBe('it ended with 1')
      expect(written).toContain(`Port ${port} is taken.`)
      expect(written).not.toContain('set-up?token=')
      await new Promise((closed) => other.close(closed))
    })

    test('says that the database cannot be reached', async () => {
      const { written, ended } = await refuse({ DATABASE_URL: 'postgres://nobody:my-secret-value@127.0.0.1:1/nothing' })
      expect(ended).toBe('it ended with 1')
      expect(written).toContain('The database cannot be used.')
      expect(written).not.toContain('my-secret-value')
    })

    async function stopTime(service: ServiceProcess): Promise<number> {
      const began = performance.now()
      expect(await service.stop()).toBe(0)
      return performance.now() - began
    }
    async function open(service: ServiceProcess, text: string): Promise<Socket> {
      const socket = connect(Number(new URL(service.url).port), 'localhost')
      socket.on('error', () => {})
      await new Promise<void>((connected) => socket.once('connect', connected))
      socket.write(text)
      return socket
    }

    test('stops at once, also while browsers keep their connections open', async () => {
      const service = await start()
      const request = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n'
      const socket = await open(service, request)
      await new Promise((answered) => socket.once('data', answered))
      expect(await stopTime(service)).toBeLessThan(3000)
      socket.destroy()
    })

    test('stops within five seconds, also while a request does not come to its end', async () => {
      const service = await start()
      const head = [
        'POST /sign-in HTTP/1.1',
        'Host: localhost',
        `Origin: ${service.url}`,
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: 100',
      ]
      const socket = await open(service, `${head.join('\r\n')}\r\n\r\nemail=`)
      // Another request that was answered: by then, the half one has arrived as well.
      await fetch(`${service.url}/healthz`)
      expect(await stopTime(service)).toBeLessThan(5000)
      socket.destroy()
    })

    test('creates the administrator from the settings, once', async () => {
      const settings = { COUNTERSIGN_ADMIN_EMAIL: 'root@example.org', COUNTERSIGN_ADMIN_PASSWORD: password }
      const first = await start(settings)
      expect(first.setUpLink).toBeNull()
      const signedIn = await post(first, '/sign-in', { email: 'root@example.org', password })
      expect(signedIn.headers.get('location')).toBe('/my-profile')
      await first.stop()
      const second = await start({ ...settings, COUNTERSIGN_ADMIN_PASSWORD: 'quite another long password' })
      const again = await post(second, '/sign-in', { email: 'root@example.org', password })
      expect(again.headers.get('location')).toBe('/my-profile')
      expect(second.output()).not.toContain(password)
    })

    test('names what is wrong with the administrator in the settings', async () => {
      const { written, ended } = await refuse({
        COUNTERSIGN_ADMIN_EMAIL: 'root',
        COUNTERSIGN_ADMIN_PASSWORD: 'short-one',
      })
      expect(ended).toBe('it ended with 1')
      expect(written).toMatch(/^ {2}- COUNTERSIGN_ADMIN_EMAIL /m)
      expect(written).toMatch(/^ {2}- COUNTERSIGN_ADMIN_PASSWORD /m)
      expect(written).not.toContain('short-one')
      expect((await start()).setUpLink).not.toBeNull()
    })

    test('reads a secret from a file', async () => {
      const path = join(folder, 'key')
      await writeFile(path, `${randomBytes(32).toString('hex')}\n`)
      await start({ COUNTERSIGN_SECRET_KEY_FILE: path })
      expect(existsSync(keyFile())).toBe(false)
    })
  })
}
