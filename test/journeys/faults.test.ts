// What the service stands on fails, under the real process: the database is down, silent or read-only, the file is locked,
// the disk is full, there are no file handles, the clock steps, the mail server refuses or is silent. Nobody gets in meanwhile, nothing is told that is not
// recorded, and everything works again by itself when nothing is wrong any more.

import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Database, openDatabase } from '../../src/database/database.ts'
import { minutes, seconds } from '../../src/time.ts'
import { needsBuild } from '../support/built.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { createDatabase } from '../support/postgres.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'
import { openProxy, openProxyTo, type Proxy as Stretch } from '../support/proxy.ts'
import { dialects } from '../support/service.ts'
import { settingsForVisits, Visits } from '../support/visits.ts'

needsBuild()

/** Leaves a process so many file handles that it can open none beside those that it has. */
function limitHandles(pid: number, limit: number | 'as before'): void {
  const soft = limit === 'as before' ? 4096 : limit
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${soft}:`])
}

/** Tells whether somebody who comes anew gets any answer within a second. */
function isAnswered({ listens }: ServiceProcess): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(listens).port), '127.0.0.1')
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(seconds(1), () => end(false))
    socket.once('data', () => end(true)).on('error', () => end(false))
    socket.write('GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n')
  })
}

/** Ends what was made, the last thing first, also where making more of it has failed. */
async function undoAll(made: (() => unknown)[]): Promise<void> {
  for (const undo of made.splice(0).reverse()) await undo()
}

describe.runIf(dialects.includes('postgres'))('when PostgreSQL', { timeout: 90_000 }, () => {
  let name: string
  let proxy: Awaited<ReturnType<typeof openProxyTo>>
  let service: ServiceProcess
  let visits: Visits
  let db: Database
  let direct: Client
  const made: (() => unknown)[] = []
  beforeAll(async () => {
    const database = await createDatabase(inject('postgresTemplate'))
    made.push(database.drop)
    name = new URL(database.url).pathname.slice(1)
    proxy = await openProxyTo(database.url)
    made.push(proxy.close, proxy.flow)
    service = await startProcess({ ...settingsForVisits, DATABASE_URL: proxy.url }, { movableClock: true })
    made.push(service.stop)
    visits = await Visits.begin(service)
    made.push(() => visits.end())
    db = await openDatabase({ postgres: database.url })
    made.push(() => db.destroy())
    direct = new Client({ connectionString: database.url })
    await direct.connect()
    made.push(() => direct.end())
  }, 90_000)
  afterAll(() => undoAll(made), 90_000)
  beforeEach(() => visits.typePassword())

  test('is down', async () => {
    await proxy.refuse()
    await visits.expectClosed()
    await proxy.listen()
    await visits.expectOpenAgain()
    await visits.expectRecorded(db)
  })

  test('says nothing any more', async () => {
    proxy.stall()
    await visits.expectClosed()
    proxy.flow()
    await visits.expectOpenAgain()
    await visits.expectRecorded(db)
  })

  test('loses every connection, and there are no file handles for new ones', async () => {
    limitHandles(service.pid, 3)
    proxy.cut()
    // Over a connection that is there already.
    expect(await visits.status('/readyz')).toBe(503)
    expect(await visits.status('/my-profile')).toBe(503)
    expect(await visits.sendCode()).toBe(503)
    limitHandles(service.pid, 'as before')
    await visits.expectOpenAgain()
    await visits.expectRecorded(db)
  })

  test('may only be read, and its connections stay as they were made', async () => {
    const others = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`
    await direct.query(`alter database ${name} set default_transaction_read_only = on`)
    await direct.query(others)
    await visits.expectClosed()
    await direct.query(`alter database ${name} set default_transaction_read_only = off`)
    await visits.expectOpenAgain()
    await visits.expectRecorded(db)
  })
})

/** Puts a disk into the folder that is small enough to be filled. False where that is not allowed. */
function mountSmallDisk(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder]).status === 0
}

/** Writes until nothing more fits. */
function fill(file: string): void {
  const handle = openSync(file, 'w')
  for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 2))
    try {
      for (;;) writeSync(handle, Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  closeSync(handle)
}

describe.runIf(dialects.includes('sqlite'))('when the one file', { timeout: 90_000 }, () => {
  let data: string
  let file: string
  let isSmall: boolean
  let service: ServiceProcess
  let visits: Visits
  const made: (() => unknown)[] = []
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-disk-'))
    made.push(() => rmSync(folder, { recursive: true }))
    isSmall = mountSmallDisk(folder)
    if (isSmall) made.push(() => execFileSync('umount', [folder]))
    data = join(folder, 'data')
    file = join(data, 'countersign.sqlite')
    service = await startProcess({ ...settingsForVisits, COUNTERSIGN_DATA: data }, { movableClock: true })
    made.push(service.stop)
    visits = await Visits.begin(service)
    made.push(() => visits.end())
  }, 90_000)
  afterAll(() => undoAll(made), 90_000)
  beforeEach(() => visits.typePassword())

  async function expectRecorded() {
    const db = await openDatabase({ sqliteFile: file, to: 'read' })
    await visits.expectRecorded(db).finally(() => db.destroy())
  }

  test('is locked by another process', async () => {
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    await visits.expectClosed()
    other.exec('ROLLBACK')
    other.close()
    await visits.expectOpenAgain()
    await expectRecorded()
  })

  test('is on a disk that is full', async ({ skip }) => {
    if (!isSmall) skip('Only root may mount the small disk that this fills.')
    fill(join(data, 'filler'))
    await visits.expectClosed()
    rmSync(join(data, 'filler'))
    await visits.expectOpenAgain()
    await expectRecorded()
  })

  test('is all that is open, and no more handles are to be had', async () => {
    limitHandles(service.pid, 3)
    expect(await visits.status('/my-profile')).toBe(200)
    expect(await visits.sendCode()).toBe(303)
    // Nobody else even gets to the door.
    expect(await isAnswered(service)).toBe(false)
    limitHandles(service.pid, 'as before')
    await visits.typePassword()
    await visits.expectOpenAgain()
    await expectRecorded()
  })

  test('is as ever, and the clock steps ten minutes', async () => {
    await service.moveClock(minutes(10))
    expect(await visits.status('/my-profile')).toBe(200)
    expect(await visits.sendCode()).toBe(303)
    await service.moveClock(-minutes(10))
    expect(await visits.status('/my-profile')).toBe(200)
    await visits.typePassword()
    // The codes of the past are spent until the clock has caught up.
    expect(await visits.sendCode()).toBe(422)
    await service.moveClock(minutes(10))
    await visits.expectOpenAgain()
    await expectRecorded()
  })
})

describe.runIf(dialects.includes('sqlite'))('when the mail server', { timeout: 90_000 }, () => {
  let server: MailServer
  let proxy: Stretch
  let service: ServiceProcess
  let visits: Visits
  const made: (() => unknown)[] = []
  beforeAll(async () => {
    server = await startMailServer()
    made.push(() => server.close())
    proxy = await openProxy({ host: '127.0.0.1', port: Number(server.address.split(':')[1]) })
    made.push(proxy.close)
    const mail = { SMTP_URL: `smtp://127.0.0.1:${proxy.port}`, COUNTERSIGN_MAIL_FROM: 'no-reply@example.org' }
    service = await startProcess({ ...settingsForVisits, ...mail }, { movableClock: true })
    made.push(service.stop)
    visits = await Visits.begin(service)
    made.push(() => visits.end())
  }, 90_000)
  afterAll(() => undoAll(made), 90_000)
  beforeEach(() => visits.typePassword())

  test.each([
    ['takes no connections', () => proxy.refuse(), () => proxy.listen()],
    ['takes connections and says nothing', () => proxy.stall(), () => proxy.flow()],
  ])('%s', async (_what, begin, end) => {
    const before = server.received.length
    await begin()
    const began = performance.now()
    expect(await visits.forgetPassword()).toBe('/forgot-password?notice=sent')
    // Whoever does not wait for mail does not notice.
    await visits.expectOpenAgain()
    expect(performance.now() - began).toBeLessThan(seconds(5))
    // Two rounds, in which nothing goes out.
    await wait(seconds(4))
    expect(server.received).toHaveLength(before)
    await end()
    await service.moveClock(minutes(2))
    await expect.poll(() => server.received.length, { timeout: seconds(10) }).toBeGreaterThan(before)
    const db = await openDatabase({ sqliteFile: join(service.dataFolder, 'countersign.sqlite'), to: 'read' })
    await visits.expectRecorded(db).finally(() => db.destroy())
  })
})
