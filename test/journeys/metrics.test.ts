import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { send } from '../../src/mail/outbox.ts'
import { signInSteps } from '../../src/metrics/answers.ts'
import { createFiguresReader } from '../../src/metrics/database-figures.ts'
import { createMetrics, limits } from '../../src/metrics/metrics.ts'
import { days, minutes, seconds } from '../../src/time.ts'
import { Browser, codeAt, wrongCode } from '../support/browser.ts'
import { expositionOf, metricsToken, samplesIn, scrape } from '../support/exposition.ts'
import { addPerson, addProtectedPerson, signIn, signInFully } from '../support/people.ts'
import { dialects, startService, type TestService, type TestServiceOptions } from '../support/service.ts'

for (const dialect of dialects) {
  describe(`the metrics on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    const start = async (options: TestServiceOptions = {}) => {
      running = await startService({ dialect, metricsToken, ...options })
    }
    beforeEach(() => start())
    afterEach(() => running.stop())

    test('tell sign-ins by result and factor', async () => {
      const { person, key, codes } = await addProtectedPerson(running)
      const plain = await addPerson(running, { email: 'bob@example.org' })
      const before = await scrape(running)
      await signIn(new Browser(running), plain)
      await signInFully(running, new Browser(running), person, key)
      const browser = new Browser(running)
      await signIn(browser, { ...person, password: 'not the password at all' })
      await signIn(browser, person)
      await browser.send('/sign-in/verification-code', { code: wrongCode(key, running.time.now) })
      await browser.send('/sign-in/recovery-code', { code: codes[0] ?? '' })
      const after = await scrape(running)
      const grown = (labels: string) => {
        const name = `countersign_sign_ins_total{${labels}}`
        return (after.get(name) ?? 0) - (before.get(name) ?? 0)
      }
      expect(grown('result="completed",factor="password"')).toBe(1)
      expect(grown('result="completed",factor="totp"')).toBe(1)
      expect(grown('result="completed",factor="recovery-code"')).toBe(1)
      expect(grown('result="refused",factor="password"')).toBe(1)
      expect(grown('result="refused",factor="totp"')).toBe(1)
      expect(after.get('countersign_audit_events_total{event="sign-in.completed"}')).toBe(4)
    })

    test('tell a sign-in that wrong codes have ended', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      for (let guess = 0; guess < 5; guess += 1)
        await browser.send('/sign-in/verification-code', { code: wrongCode(key, running.time.now) })
      const samples = await scrape(running)
      expect(samples.get('countersign_sign_ins_total{result="ended",factor="other"}')).toBe(1)
    })

    test('count each event once, whichever of several processes links it', async () => {
      const person = await addPerson(running)
      for (let i = 0; i < 20; i += 1) await signIn(new Browser(running), person)
      const one = running.service
      running.restart()
      const other = running.service
      // The same clock and the same moment: both try to link the same events.
      await Promise.all([one.linkAudit(), other.linkAudit(), one.linkAudit(), other.linkAudit()])
      let sum = 0
      for (const service of [one, other]) {
        running.service = service
        sum += (await scrape(running)).get('countersign_sign_ins_total{result="completed",factor="password"}') ?? 0
      }
      expect(sum).toBe(20)
    })

    test('tell how long each step took and what came of it', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      await browser.send('/sign-in/verification-code', { code: wrongCode(key, running.time.now) })
      const samples = await scrape(running)
      const count = (step: string, result: string) =>
        samples.get(`countersign_sign_in_step_seconds_count{step="${step}",result="${result}"}`)
      expect(count('password', 'accepted')).toBe(2)
      expect(count('verification-code', 'refused')).toBe(1)
      expect(count('set-up-mfa', 'accepted')).toBe(1)
      expect(samples.get('countersign_sign_in_step_seconds_bucket{le="+Inf",step="password",result="accepted"}')).toBe(
        2,
      )
    })

    test('name only steps that there are', () => {
      const routes = running.service.routes.map(({ method, path }) => `${method} ${path}`)
      for (const route of Object.keys(signInSteps)) expect(routes).toContain(route)
    })

    test('tell attempts that were refused unchecked', async () => {
      const person = await addPerson(running)
      for (let guess = 0; guess < 7; guess += 1)
        await signIn(new Browser(running, `198.51.100.${guess}`), { ...person, password: 'not the password at all' })
      const samples = await scrape(running)
      expect(samples.get('countersign_attempts_refused_total{limit="password"}')).toBe(2)
      expect(samples.get('countersign_sign_ins_total{result="refused",factor="password"}')).toBe(5)
      expect(samples.get('countersign_sign_in_step_seconds_count{step="password",result="blocked"}')).toBe(2)
    })

    test('know every kind of limit by its name', () => {
      const folder = join(import.meta.dirname, '../../src/sign-in')
      const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
      const keys = sources.flatMap((text) => [
        ...text.matchAll(/`([a-z-]+):(?:(?:account|browser|address|mailbox):)?\$\{/g),
      ])
      expect(keys.length).toBeGreaterThan(8)
      for (const [, kind] of keys) expect(limits).toContain(kind)
    })

    test('tell answers by route and status, and nothing about anybody', async () => {
      const { browser, person, key } = await addProtectedPerson(running, { role: 'administrator' })
      const bob = await addPerson(running, { email: 'bob@example.org', name: 'Bob Example' })
      await browser.open(`/admin/users/${bob.id}`)
      await browser.open(`/admin/users/${person.id}`)
      await browser.open('/my-profile?secret=of-mine')
      await browser.open('/nothing/of/the/kind')
      await running.fetch('/nothing', { method: 'DELETE' })
      await browser.open('/reset-password?token=of-mine')
      await signInFully(running, new Browser(running), person, key)
      const text = await expositionOf(running)
      const samples = samplesIn(text)
      const answers = (method: string, route: string, status: number) =>
        samples.get(`countersign_http_answers_total{method="${method}",route="${route}",status="${status}"}`)
      expect(answers('GET', '/admin/users/:id', 200)).toBe(2)
      expect(answers('any', 'none', 404)).toBe(2)
      expect(answers('GET', '/reset-password', 404)).toBe(1)
      for (const told of [bob.id, person.id, 'example.org', 'Bob', '192.0.2', 'of-mine', '/nothing', 'DELETE'])
        expect(text).not.toContain(told)
    })

    test('count what was not even a request, and what failed', async () => {
      running.service.fault(400, null)
      running.service.fault(500, new Error('out of order'))
      const samples = await scrape(running)
      for (const status of [400, 500])
        expect(samples.get(`countersign_http_answers_total{method="any",route="none",status="${status}"}`)).toBe(1)
    })

    test('tell sessions, the outbox and the audit log as they are in the database', async () => {
      const person = await addPerson(running)
      await signIn(new Browser(running), person)
      const mail = { to: 'ada@example.org', subject: 'x', text: 'x', html: 'x' }
      const { now } = running.time
      await running.db.transaction().execute(async (trx) => {
        for (const at of [now - minutes(5), now]) await send(trx, mail, at)
        await send(trx, mail, now - days(2))
      })
      await running.db
        .updateTable('outbox')
        .set({ tries: 12 })
        .where('created_at', '<', now - days(1))
        .execute()
      const samples = samplesIn(await expositionOf(running))
      expect(samples.get('countersign_database_up')).toBe(1)
      expect(samples.get('countersign_sessions')).toBe(1)
      expect(samples.get('countersign_outbox_waiting')).toBe(2)
      expect(samples.get('countersign_outbox_given_up')).toBe(1)
      expect(samples.get('countersign_outbox_oldest_seconds')).toBe(300)
      const { unlinked } = await running.db
        .selectFrom('audit_events')
        .select((e) => e.fn.countAll<number>().as('unlinked'))
        .executeTakeFirstOrThrow()
      expect(samples.get('countersign_audit_events_unlinked')).toBe(Number(unlinked))
      running.time.now += seconds(5)
      expect((await scrape(running)).get('countersign_audit_events_unlinked')).toBe(0)
      await running.deliver()
      running.time.now += days(2)
      const later = await scrape(running)
      expect(later.get('countersign_outbox_waiting')).toBe(0)
      expect(later.get('countersign_outbox_oldest_seconds')).toBe(0)
      expect(later.get('countersign_sessions')).toBe(0)
    })

    test('ask the database once in five seconds, however often they are read', async () => {
      const person = await addPerson(running)
      const sessions = async () => (await scrape(running)).get('countersign_sessions')
      expect(await sessions()).toBe(0)
      await signIn(new Browser(running), person)
      running.time.now += seconds(5) - 1
      expect(await Promise.all([sessions(), sessions(), sessions()])).toEqual([0, 0, 0])
      running.time.now += 1
      expect(await sessions()).toBe(1)
      await signIn(new Browser(running), person)
      // A clock that is put back does not keep the figures for ever.
      running.time.now -= minutes(10)
      expect(await sessions()).toBe(2)
    })

    test('are read while the database is away, and say so', async () => {
      await signIn(new Browser(running), await addPerson(running))
      await running.db.destroy()
      const samples = samplesIn(await expositionOf(running))
      expect(samples.get('countersign_database_up')).toBe(0)
      expect(samples.has('countersign_sessions')).toBe(false)
      expect(samples.has('countersign_outbox_waiting')).toBe(false)
      expect(samples.get('countersign_sign_in_step_seconds_count{step="password",result="accepted"}')).toBe(1)
    })

    test('tell the hash queue, the process and its event loop', async () => {
      await addPerson(running)
      // The hash that stands for people who do not exist is made at the start, and may take its time.
      const isRunning = async () => (await scrape(running)).get('countersign_hashes_running')
      await expect.poll(isRunning, { timeout: 30_000 }).toBe(0)
      const samples = await scrape(running)
      expect(samples.get('countersign_hashes_running')).toBe(0)
      expect(samples.get('countersign_hashes_waiting')).toBe(0)
      expect(samples.get('countersign_hashes_refused_total')).toBe(0)
      expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1_000_000)
      expect([...samples.keys()]).toContain('nodejs_eventloop_lag_p99_seconds')
      const { hashPassword } = running.service.machine.hashing
      const hashes = Promise.all(Array.from({ length: 12 }, () => hashPassword('four words nobody would guess')))
      const busy = await scrape(running)
      expect(busy.get('countersign_hashes_running')).toBeGreaterThan(0)
      expect(busy.get('countersign_hashes_waiting')).toBeGreaterThan(0)
      await hashes
      expect((await scrape(running)).get('countersign_hashes_running')).toBe(0)
    })

    test('are the same however a sign-in comes about: a step-up is none', async () => {
      const { person, browser, key } = await addProtectedPerson(running)
      const before = await scrape(running)
      running.time.now += minutes(11)
      await browser.open('/my-profile/settings/disable-2fa')
      await browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) })
      expect((await browser.open('/my-profile/settings/disable-2fa')).status).toBe(200)
      const after = await scrape(running)
      const completed = (samples: Map<string, number>) =>
        [...samples].filter(([name]) => name.startsWith('countersign_sign_ins_total{result="completed"'))
      expect(completed(after)).toEqual(completed(before))
      expect(person.email).toBeTruthy()
    })
  })
}

describe('a database that does not answer', () => {
  test.runIf(dialects.includes('postgres'))('is not waited for longer than it may take', async () => {
    const running = await startService({ dialect: 'postgres' })
    const read = createFiguresReader(running.db, () => running.time.now, 100)
    let release = () => {}
    const locked = new Promise<void>((held) => {
      void running.db.transaction().execute(async (trx) => {
        await sql`lock table sessions in access exclusive mode`.execute(trx)
        const released = new Promise<void>((done) => {
          release = done
        })
        held()
        await released
      })
    })
    await locked
    expect(await read()).toBeNull()
    release()
    expect(await createFiguresReader(running.db, () => running.time.now)()).toMatchObject({ sessions: 0 })
    await running.stop()
  })
})

test('hashes that were refused are counted once, however often they are read', async () => {
  const running = await startService()
  const load = { running: 2, waiting: 256, refused: 3 }
  const metrics = createMetrics({
    db: running.db,
    clock: () => running.time.now,
    hashing: { load: () => load },
    onFault: () => {},
  })
  const refused = async () => samplesIn((await metrics.exposition()).text).get('countersign_hashes_refused_total')
  expect(await refused()).toBe(3)
  expect(await refused()).toBe(3)
  load.refused = 5
  expect(await refused()).toBe(5)
  await running.stop()
})

describe('counting that fails', () => {
  test('is noted once, counts on, and throws nothing', async () => {
    const running = await startService()
    const faults: unknown[] = []
    const metrics = createMetrics({
      db: running.db,
      clock: () => running.time.now,
      hashing: running.service.machine.hashing,
      onFault: (error) => void faults.push(error),
    })
    const completed = { name: 'sign-in.completed', details: JSON.stringify({ proofs: ['password'] }) }
    metrics.recorded([{ name: 'sign-in.completed', details: 'not JSON' }, completed])
    metrics.answered({ method: 'GET', route: '/', status: 200, milliseconds: Number.NaN })
    metrics.answered({ method: 'GET', route: '/', status: 200, milliseconds: null as never })
    metrics.attemptRefused('something that nobody has heard of')
    expect(faults).toHaveLength(1)
    const samples = samplesIn((await metrics.exposition()).text)
    expect(samples.get('countersign_sign_ins_total{result="completed",factor="password"}')).toBe(1)
    expect(samples.get('countersign_attempts_refused_total{limit="other"}')).toBe(1)
    await running.stop()
  })

  test('of events whose names somebody made up in the database ends somewhere', async () => {
    const running = await startService()
    const parts = { db: running.db, clock: () => running.time.now, hashing: running.service.machine.hashing }
    const metrics = createMetrics({ ...parts, onFault: () => {} })
    metrics.recorded(Array.from({ length: 1000 }, (_, number) => ({ name: `made.up-${number}`, details: '{}' })))
    const names = [...samplesIn((await metrics.exposition()).text).keys()].filter((name) => name.includes('event='))
    expect(names).toHaveLength(201)
    await running.stop()
  })
})
