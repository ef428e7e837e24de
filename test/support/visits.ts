// Somebody with 2FA who uses a real process while something is wrong with what it stands on: is in, waits with the code, or
// wants in. Keeps count of the sign-ins that were answered as done, to be compared with those that are recorded.

import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { minutes, seconds } from '../../src/time.ts'
import { Browser, codeAt } from './browser.ts'
import { askVia } from './far-service.ts'
import { firstAdministrator } from './installations.ts'
import { enrol, type Person, password, saveCodes, signIn } from './people.ts'
import type { ServiceProcess } from './process.ts'
import { origin, type TestService } from './service.ts'

/** What a process must be started with to be visited. */
export const settingsForVisits = { COUNTERSIGN_URL: origin, COUNTERSIGN_HOST: '127.0.0.1', ...firstAdministrator }

/** So long the service may take to be itself again, once nothing is wrong any more. */
const recovery = seconds(5)

export class Visits {
  readonly #process: ServiceProcess
  readonly #ways: { ask: TestService['fetch']; close(): void }
  readonly #running: TestService
  readonly #person: Person = { id: '', email: firstAdministrator.COUNTERSIGN_ADMIN_EMAIL, password }
  #key = ''
  #inside: Browser
  #waiting: Browser
  #told = 0

  /** Begins: the administrator turns 2FA on. */
  static async begin(process: ServiceProcess): Promise<Visits> {
    const visits = new Visits(process)
    await signIn(visits.#inside, visits.#person)
    const enrolled = await enrol(visits.#running, visits.#inside)
    await saveCodes(visits.#inside, enrolled)
    visits.#key = enrolled.key
    visits.#told = 1
    return visits
  }

  private constructor(process: ServiceProcess) {
    this.#process = process
    this.#ways = askVia({ port: Number(new URL(process.listens).port), tls: false })
    const time = {
      get now() {
        return process.now()
      },
    }
    this.#running = { fetch: this.#ways.ask, time } as unknown as TestService
    this.#inside = this.#browser()
    this.#waiting = this.#browser()
  }

  end(): void {
    this.#ways.close()
  }

  #browser(): Browser {
    return new Browser(this.#running, '127.0.0.1')
  }

  /** A while later somebody has typed the password and holds the next code in hand. */
  async typePassword(): Promise<void> {
    await this.#process.moveClock(minutes(2))
    this.#waiting = this.#browser()
    expect((await signIn(this.#waiting, this.#person)).at).toBe('/sign-in/verification-code')
  }

  /** Sends the code, and gives the status that came. */
  async sendCode(): Promise<number> {
    const code = codeAt(this.#key, this.#process.now())
    const response = await this.#waiting.request('/sign-in/verification-code', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
      body: new URLSearchParams({ code }).toString(),
    })
    if (this.#waiting.session !== undefined) this.#told += 1
    return response.status
  }

  async status(path: string, by: Browser | null = this.#inside): Promise<number> {
    if (by === null) return (await this.#ways.ask(path)).status
    return (await by.request(path, { method: 'GET', headers: {} })).status
  }

  /** Asks for a link to choose a new password; gives where that leads. */
  async forgetPassword(): Promise<string> {
    return (await this.#browser().send('/forgot-password', { email: this.#person.email })).at
  }

  async #newSignIn(): Promise<number> {
    return (await signIn(this.#browser(), this.#person)).status
  }

  /** Nobody gets in, and nobody is told that they are: not even where the database can be read, as it cannot note that they were seen. */
  async expectClosed(): Promise<void> {
    const asked = performance.now()
    const ready = this.status('/readyz', null).then((status) => ({ status, took: performance.now() - asked }))
    const [wanting, code, page, api] = await Promise.all([
      this.#newSignIn(),
      this.sendCode(),
      this.status('/my-profile'),
      this.status('/api/v1/me'),
    ])
    expect({ wanting, code, page, api }).toEqual({ wanting: 503, code: 503, page: 503, api: 503 })
    expect(this.#waiting.session).toBeUndefined()
    expect(await ready).toMatchObject({ status: 503 })
    expect((await ready).took).toBeLessThan(seconds(4))
    expect(await this.status('/healthz', null)).toBe(200)
  }

  /** Everything works as before, in the same process, soon: also for who had the code in hand. */
  async expectOpenAgain(): Promise<void> {
    const began = performance.now()
    while ((await this.status('/readyz', null)) !== 200) {
      expect(performance.now() - began).toBeLessThan(recovery)
      await wait(50)
    }
    expect(await this.sendCode()).toBe(303)
    expect(this.#waiting.session).toBeDefined()
    expect(await this.status('/my-profile')).toBe(200)
    expect(await this.status('/api/v1/me')).toBe(200)
    expect(await this.#newSignIn()).toBe(200)
    expect(performance.now() - began).toBeLessThan(recovery)
  }

  /** As many sign-ins are recorded as were answered as done. */
  async expectRecorded(db: Database): Promise<void> {
    const events = await db.selectFrom('audit_events').select('id').where('name', '=', 'sign-in.completed').execute()
    expect(events).toHaveLength(this.#told)
  }
}
