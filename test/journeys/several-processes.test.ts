// Several processes on one PostgreSQL: what is to be done once is done once, also when the one that does it is killed.

import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { askVia, farService } from '../support/far-service.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { type Person, signIn } from '../support/people.ts'
import type { ServiceProcess } from '../support/process.ts'
import { administrator, figureOf, type Processes, startProcesses } from '../support/processes.ts'
import { dialects } from '../support/service.ts'

describe.runIf(dialects.includes('postgres'))('three processes on one database', { timeout: 180_000 }, () => {
  let running: Processes
  let mail: MailServer
  let people: Person[]
  beforeAll(async () => {
    mail = await startMailServer()
    running = await startProcesses(3, {
      SMTP_URL: `smtp://${mail.address}`,
      COUNTERSIGN_MAIL_FROM: 'no-reply@example.org',
    })
    people = await running.addPeople(25)
  }, 180_000)
  afterAll(async () => {
    await running?.stop()
    await mail?.close()
  })

  const visitor = (place: number, address: string) =>
    new Browser(farService(askVia({ port: running.ports[place] ?? 0, tls: false }).ask), address)
  const leaseHolders = () => running.processes.filter((process) => doesWork(process))
  const events = (name: string) => running.db.selectFrom('audit_events').selectAll().where('name', '=', name).execute()
  const person = (number: number) => people[number] ?? { id: '', email: '', password: '' }

  /** Looks again and again, for as long as a busy machine may take. */
  async function until(what: () => Promise<boolean> | boolean): Promise<void> {
    for (const end = Date.now() + 60_000; !(await what()); await wait(100))
      if (Date.now() > end) throw new Error(`It does not come to pass: ${what}`)
  }
  const allLinked = async () => {
    const { left } = await running.db
      .selectFrom('audit_events')
      .select((e) => e.fn.countAll<number>().as('left'))
      .where('linked_at', 'is', null)
      .executeTakeFirstOrThrow()
    return Number(left) === 0
  }
  async function expectWholeChain(): Promise<void> {
    const links = await running.db.selectFrom('audit_links').selectAll().orderBy('sequence').execute()
    expect(links.map(({ sequence }) => sequence)).toEqual(links.map((_, index) => index + 1))
    const { all } = await running.db
      .selectFrom('audit_events')
      .select((e) => e.fn.countAll<number>().as('all'))
      .executeTakeFirstOrThrow()
    expect(links).toHaveLength(Number(all))
  }

  test('one of them extends the audit chain and does what is done once', async () => {
    await until(() => leaseHolders().length > 0)
    for (let number = 0; number < 9; number += 1)
      await signIn(visitor(number % 3, `127.0.1.${number + 1}`), person(number))
    await until(allLinked)
    await expectWholeChain()
    const linked = await Promise.all(
      running.processes.map((process) => figureOf(process, 'countersign_sign_ins_total')),
    )
    expect(linked.filter((count) => count > 0)).toEqual([9])
    expect(leaseHolders()).toHaveLength(1)
  })

  test('each mail is sent once, whoever wrote it', async () => {
    const before = mail.received.length
    await Promise.all(
      people
        .slice(0, 20)
        .map(({ email }, number) => visitor(number % 3, `127.0.2.${number + 1}`).send('/forgot-password', { email })),
    )
    await until(() => mail.received.length - before >= 20)
    // Time for whoever would send them again.
    await wait(5000)
    const recipients = mail.received.slice(before).flatMap(({ to }) => to)
    expect(recipients.sort()).toEqual(
      people
        .slice(0, 20)
        .map(({ email }) => email)
        .sort(),
    )
  })

  test('an enforcement that nobody confirmed lapses once, and is told once', async () => {
    const before = mail.received.length
    const { id } = await running.db
      .selectFrom('users')
      .select('id')
      .where('email', '=', administrator.email)
      .executeTakeFirstOrThrow()
    const lapsed = { requires: 'mfa' as const, changed_by: id, confirm_by: Date.now() - 1000 }
    await running.db.updateTable('policies').set(lapsed).where('id', '=', 'everyone').execute()
    await until(async () => (await events('policy.reverted')).length > 0 && mail.received.length > before)
    await wait(6000)
    expect(await events('policy.reverted')).toHaveLength(1)
    expect(mail.received.slice(before).map(({ to }) => to)).toEqual([[administrator.email]])
  })

  test('when the one that does it is killed, another takes over within seconds, and nothing is lost or done twice', async () => {
    await until(() => leaseHolders().length === 1)
    const [holder] = leaseHolders()
    if (!holder) throw new Error('Nobody does the work.')
    const place = running.processes.indexOf(holder)
    const rest = [0, 1, 2].filter((other) => other !== place)
    await holder.stop('SIGKILL')
    const killed = Date.now()
    await signIn(visitor(rest[0] ?? 0, '127.0.3.1'), person(20))
    const before = mail.received.length
    await visitor(rest[1] ?? 0, '127.0.3.2').send('/forgot-password', { email: person(21).email })
    await until(() => leaseHolders().some((process) => process !== holder))
    // Six seconds of silence, and at most two until each of them looks again; the rest is for a busy machine.
    expect(Date.now() - killed).toBeLessThan(20_000)
    await until(allLinked)
    await expectWholeChain()
    await until(() => mail.received.length > before)
    expect(mail.received.slice(before).map(({ to }) => to)).toEqual([[person(21).email]])
    expect(leaseHolders().filter((process) => process !== holder)).toHaveLength(1)
  })

  test('when the one that does it is stopped, another takes over at once, and it comes back as one of the others', async () => {
    const [holder] = running.processes.filter((process) => doesWork(process) && isRunning(process))
    if (!holder) throw new Error('Nobody does the work.')
    const stopped = holder.stop('SIGTERM')
    await until(() =>
      running.processes.some((process) => process !== holder && isRunning(process) && doesWork(process)),
    )
    expect(await stopped).toBe(0)
    const back = await running.start(running.processes.indexOf(holder))
    await wait(5000)
    expect(doesWork(back)).toBe(false)
  })
})

/** Tells whether a process says that it does what is done once: it says so when it begins, and when it has lost it. */
function doesWork(process: ServiceProcess): boolean {
  const said = process.output().match(/(?:this|another) process does the background work/g) ?? []
  return said.at(-1)?.startsWith('this') ?? false
}

function isRunning({ pid }: ServiceProcess): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
