// Does a flow once and counts what it asks of database, mail, hashes and clock; then once for each of these calls with that
// one going wrong. Afterwards: was the answer honest, is the database as it was after the last transaction that took place,
// does the log prove everything that is there, is nothing used twice, and can it be done again?

import { dialectOf } from '../../../src/database/database.ts'
import { type Duration, minutes } from '../../../src/time.ts'
import { Browser, codeAt } from '../../support/browser.ts'
import { type Call, Failpoints, type Fault, type Part } from '../../support/failpoints.ts'
import { instantArgon2 } from '../../support/gated-argon2.ts'
import { unproven } from '../../support/proven.ts'
import { type Dialect, startService, type TestService } from '../../support/service.ts'
import { type Contents, differencesBetween, readTables, readTablesBy, restoreTables } from '../../support/tables.ts'
import { type Flow, getIn, type Prepared, type Scene, Stopped } from './flow.ts'

/** What came of it: it was done, or stopped at an answer with this status. */
type Outcome = { done: true } | { done: false; status: number; at: string }

/** The database after so many calls. */
interface State {
  calls: number
  shape: string
}

/** Which of the calls to let fail. */
export type Choice = (call: Call, fault: Fault) => boolean

export class Trial {
  readonly #flow: Flow
  readonly #points = new Failpoints()
  #running!: TestService
  #prepared!: Prepared
  #before!: Contents
  #start = 0
  #states: State[] = []
  /** How many mails go out when nothing goes wrong. */
  #mails = 0
  /** How many calls went wrong so far. */
  tried = 0
  readonly findings: string[] = []

  constructor(flow: Flow) {
    this.#flow = flow
  }

  /** Tries everything that is chosen. What was found is in `findings`. */
  async run(dialect: Dialect, choice: Choice): Promise<void> {
    const options = { dialect, hasMailServer: true, argon2: instantArgon2, failpoints: this.#points }
    this.#running = await startService(options)
    try {
      this.#prepared = await this.#flow.prepare(this.#running)
      this.#before = await this.#read()
      // What is recorded now comes behind all that led here.
      this.#start = this.#running.time.now + 1
      for (const fault of await this.#rehearse(choice)) await this.#try(fault)
    } finally {
      await this.#running.stop()
    }
  }

  /** Does it with nothing going wrong, and says what may. */
  async #rehearse(choice: Choice): Promise<Fault[]> {
    const scene = await this.#again()
    this.#states = [{ calls: 0, shape: this.#shapeOf(this.#before) }]
    this.#points.begin()
    this.#points.onLasting = async (ask) => {
      const contents = await readTablesBy((name) => ask(`select * from "${name}"`))
      const calls = this.#points.calls.filter(({ part }) => part === 'database').length
      this.#states.push({ calls, shape: this.#shapeOf(contents) })
    }
    const outcome = await this.#act(scene)
    if (!outcome.done) throw new Error(`${this.#flow.name} does not go through: ${outcome.status} at ${outcome.at}`)
    await this.#judge('with nothing going wrong')
    this.#mails = scene.running.mails.length
    if (this.findings.length > 0) throw new Error(this.findings.join('\n'))
    return faultsOf(this.#points.calls, choice)
  }

  async #try(fault: Fault): Promise<void> {
    this.tried += 1
    const scene = await this.#again()
    this.#points.begin(fault)
    const outcome = await this.#act(scene)
    const call = this.#points.calls.filter(({ part }) => part === fault.part)[fault.at]
    const title = `${fault.part} call ${fault.at + 1} (${call?.what}) ${fault.how}${'by' in fault ? ` ${fault.by / 60_000} min` : ''}`
    const find = (finding: string) => void this.findings.push(`${this.#flow.name}, ${title}: ${finding}`)
    if (!this.#points.isHit) return find('was not made this time')
    const after = await this.#judge(title)
    if (fault.how !== 'jumps') this.#judgeAnswer(fault, outcome, this.#shapeOf(after), find)

    const mayRefuse = fault.how !== 'fails' || this.#isOver(after)
    // A mail that was not taken is tried again in a moment, and one of which nobody knows a little later.
    if (this.#flow.isBackground) this.#running.time.now += minutes(3)
    const replayed = await this.#act(scene)
    if (!replayed.done && replayed.status >= 500) find(`sent again, it ends with ${replayed.status}`)
    if (!mayRefuse && !replayed.done) find(`sent again, it stops with ${replayed.status} at ${replayed.at}`)
    const used = await this.#judge(`${title}, sent again`)
    for (const name of this.#flow.once ?? [])
      if (this.#countEvents(used, name) > 1) find(`${name} was recorded twice for the same`)
    if (this.#flow.isBackground) {
      // What a clock that was set back says is not due yet.
      if (fault.how === 'jumps') return
      // Whoever has 2FA gets in all the same.
      if (this.#flow.isWayIn) await this.#tryAnew(scene, 0, find)
      const sent = this.#running.mails.length
      if (sent < this.#mails) find(`${sent} mails went out instead of ${this.#mails}`)
      const isWhole = this.#flow.isRecordedAnew || this.#shapeOf(used) === this.#states.at(-1)?.shape
      if (!isWhole) find('the next round did not do what was left')
      return
    }
    // A clock that was set back shows codes of the past, which are spent, until it has caught up.
    const isBehind = fault.how === 'jumps' && fault.by < 0
    await this.#tryAnew(scene, isBehind ? -fault.by : 0, find)
    await this.#judge(`${title}, done anew`)
  }

  /** The person comes back a minute later, or, where that does not help, when the clock is right again. */
  async #tryAnew(scene: Scene, behind: Duration, find: (finding: string) => void): Promise<void> {
    let page = await getIn(scene)
    if (page.status === 422 && behind > 0) {
      this.#running.time.now += behind
      page = await getIn(scene)
    }
    if (page.at === this.#flow.shutOutAt) return
    if (page.status !== 200 || !/^\/(my-profile|recovery-codes)/.test(page.at))
      return find(`afterwards they cannot get in: ${page.status} at ${page.at}`)
    if (this.#flow.isWayIn) return
    const mayRefuse = this.#isOver(await this.#read())
    const outcome = await this.#act(scene)
    if (!outcome.done && outcome.status >= 500) find(`done anew, it ends with ${outcome.status}`)
    if (!mayRefuse && !outcome.done) find(`done anew, it stops with ${outcome.status} at ${outcome.at}`)
  }

  #judgeAnswer(fault: Fault, outcome: Outcome, shape: string, find: (finding: string) => void): void {
    const shapes = this.#states.map((state) => state.shape)
    if (!this.#flow.isBackground) {
      if (outcome.done && shape !== shapes.at(-1))
        find(`was answered as done, and is not recorded:${differ(shapes.at(-1), shape)}`)
      if (outcome.done && fault.part === 'mail') find('was answered as sent')
      // That a mail was not taken is told on a page.
      if (!outcome.done && outcome.status < 500 && fault.part !== 'mail')
        find(`was answered with ${outcome.status} at ${outcome.at}`)
      if (!outcome.done && fault.part === 'database' && outcome.status !== 503) find(`was answered ${outcome.status}`)
      if (outcome.done) return
    }
    if (this.#flow.isBackground) return
    const [earliest, latest] = this.#around(fault)
    if (!shapes.slice(earliest, latest + 1).includes(shape))
      find(`left something half done:${differ(shapes[latest], shape)}`)
  }

  /** Between which states the database must be: exactly known where the database itself failed. */
  #around(fault: Fault): [number, number] {
    if (fault.part !== 'database') return [0, this.#states.length - 1]
    const done = fault.how === 'answer lost' ? fault.at + 1 : fault.at
    const last = this.#states.findLastIndex(({ calls }) => calls <= done)
    return [last, last]
  }

  /** Everything as at the beginning, in a new process. */
  async #again(): Promise<Scene> {
    const running = this.#running
    running.time.now = this.#start
    await restoreTables(running.db, this.#before)
    running.mails.length = 0
    running.restart()
    await new Promise(setImmediate)
    const { person, browser: used, key, codes = [], ids = {} } = this.#prepared
    const browser = new Browser(running)
    for (const [name, value] of used?.cookies ?? []) browser.cookies.set(name, value)
    return {
      running,
      browser,
      person,
      passwords: [person.password],
      keys: key === undefined ? [] : [key],
      code: key === undefined ? '' : codeAt(key, running.time.now),
      recoveryCode: codes[0] ?? '',
      ids,
    }
  }

  async #act(scene: Scene): Promise<Outcome> {
    try {
      await this.#flow.act(scene)
      return { done: true }
    } catch (error) {
      if (error instanceof Stopped) return { done: false, status: error.page.status, at: error.page.at }
      if (this.#flow.isBackground) return { done: false, status: 500, at: 'in the background' }
      throw error
    } finally {
      await this.#points.settle()
      this.#points.end()
    }
  }

  async #judge(when: string): Promise<Contents> {
    const contents = await this.#read()
    for (const fault of unproven(contents)) this.findings.push(`${this.#flow.name}, ${when}: ${fault}`)
    return contents
  }

  /** Events in the order in which they were written, which SQLite gives by itself, and PostgreSQL where the clock went on. */
  async #read(): Promise<Contents> {
    const contents = await readTables(this.#running.db)
    if (dialectOf(this.#running.db) === 'sqlite') return contents
    const placeOf = ({ at, id }: Record<string, unknown>) => `${at} ${id}`
    contents.audit_events.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
    return contents
  }

  #countEvents(contents: Contents, name: string): number {
    const count = (of: Contents) => of.audit_events.filter((event) => event.name === name).length
    return count(contents) - count(this.#before)
  }

  #isOver(contents: Contents): boolean {
    const { once = [], movesOnWith = [] } = this.#flow
    return [...once, ...movesOnWith].some((name) => this.#countEvents(contents, name) > 0)
  }

  /** What has changed since the beginning, with the names of what was recorded, as one text. */
  #shapeOf(contents: Contents): string {
    const old = new Set(this.#before.audit_events.map(({ id }) => id))
    const events = contents.audit_events.filter(({ id }) => !old.has(id)).map(({ name }) => `recorded ${name}`)
    return [...differencesBetween(this.#before, contents), ...events].sort().join('\n')
  }
}

function faultsOf(calls: readonly Call[], choice: Choice): Fault[] {
  const counts = new Map<Part, number>()
  return calls.flatMap((call) => {
    const { part, lasts } = call
    const at = counts.get(part) ?? 0
    counts.set(part, at + 1)
    const faults: Fault[] = [{ part, at, how: 'fails' }]
    if (lasts) faults.push({ part, at, how: 'answer lost' })
    if (part === 'clock') for (const by of [minutes(10), -minutes(10)]) faults.push({ part, at, how: 'jumps', by })
    return faults.filter((fault) => choice(call, fault))
  })
}

function differ(wanted = '', is: string): string {
  const [wants, has] = [wanted.split('\n'), is.split('\n')]
  const only = (some: string[], others: string[]) => some.filter((one) => !others.includes(one))
  return `\n    missing: ${only(wants, has).join(', ')}\n    too much: ${only(has, wants).join(', ')}`
}
