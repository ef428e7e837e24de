// Two processes behind a proxy restart one after the other while people sign in and go about: not one request fails.

import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { askVia, farService } from '../support/far-service.ts'
import { type Person, signIn } from '../support/people.ts'
import { type Processes, startProcesses } from '../support/processes.ts'
import { type ProxyProcess, proxyKinds, startProxy } from '../support/proxies.ts'
import { dialects } from '../support/service.ts'

/** How many requests there are at least, over both restarts. */
const fewest = 2000
const visitors = 8

describe.runIf(dialects.includes('postgres')).each(proxyKinds)('behind %s', (kind) => {
  let running: Processes
  let proxy: ProxyProcess
  let closers: (() => void)[] = []
  afterEach(async () => {
    for (const close of closers) close()
    closers = []
    await proxy?.stop()
    await running?.stop()
  })

  test('two processes restart under load without a failed request', { timeout: 400_000 }, async () => {
    running = await startProcesses(2)
    const people = await running.addPeople(visitors)
    proxy = await startProxy(kind, running.ports)
    const counted = { requests: 0, signIns: 0, failed: [] as string[] }
    let over = false

    /** One person, who signs in, looks around and signs out, over and over. */
    async function goAbout(person: Person, number: number): Promise<void> {
      const way = askVia({ port: proxy.port, tls: true })
      closers.push(way.close)
      const ask: typeof way.ask = async (path, init) => {
        counted.requests += 1
        const answer = await way.ask(path, init)
        if (answer.status >= 500) counted.failed.push(`${path} ${answer.status}`)
        return answer
      }
      const browser = new Browser(farService(ask), `127.0.4.${number + 1}`)
      const expectAt = (page: { at: string; status: number }, at: string) => {
        if (page.at !== at || page.status !== 200) counted.failed.push(`${page.at} ${page.status} in place of ${at}`)
      }
      while (!over) {
        try {
          browser.forget()
          await browser.open('/sign-in')
          expectAt(await signIn(browser, person), '/my-profile')
          counted.signIns += 1
          for (let visit = 0; visit < 8; visit += 1) expectAt(await browser.open('/my-profile'), '/my-profile')
          expectAt(await browser.send('/sign-out', {}), '/sign-in?notice=signed-out')
        } catch (error) {
          counted.failed.push(error instanceof Error ? `${error.name} ${error.message}` : 'unknown')
        }
      }
    }

    const gone = Promise.all(people.map(goAbout))
    await wait(1000)
    for (const place of [0, 1]) {
      const stopping = running.processes[place]?.stop('SIGTERM')
      expect(await stopping).toBe(0)
      await running.start(place)
      await wait(1000)
    }
    for (const end = Date.now() + 240_000; counted.requests < fewest && Date.now() < end; ) await wait(200)
    over = true
    await gone
    expect(counted.failed).toEqual([])
    expect(counted.signIns).toBeGreaterThan(50)
    expect(counted.requests).toBeGreaterThanOrEqual(fewest)
    // Both had their part, before and after.
    for (const process of running.processes) expect(process.output()).toContain('"path":"/my-profile"')
  })
})
