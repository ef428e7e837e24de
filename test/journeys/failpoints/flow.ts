// A flow: something that somebody does from its beginning to its end, such as signing in or turning 2FA off. It is prepared
// once, and then done again and again from the same beginning, each time with another call going wrong.

import type { AuditEvent } from '../../../src/audit/events.ts'
import { minutes } from '../../../src/time.ts'
import { Browser, codeAt, inputs, type Page } from '../../support/browser.ts'
import { keyOn, type Person } from '../../support/people.ts'
import type { TestService } from '../../support/service.ts'

/** Who does it, with what they know and have. */
export interface Prepared {
  person: Person
  /** The browser in which it is done; without one a new one. */
  browser?: Browser
  /** The secret in the authenticator app, and the recovery codes on paper. */
  key?: string
  codes?: readonly string[]
  /** Ids and tokens that the flow needs besides. */
  ids?: Readonly<Record<string, string>>
}

export interface Scene {
  running: TestService
  browser: Browser
  person: Person
  /** Passwords and secrets that it may be, the newest last: an answer may have been lost on the way. */
  passwords: string[]
  keys: string[]
  /** The code that the app showed at the beginning, and the recovery code that is next on the paper. */
  code: string
  recoveryCode: string
  ids: Readonly<Record<string, string>>
}

export interface Flow {
  name: string
  prepare(running: TestService): Promise<Prepared>
  /** Does it, and throws `Stopped` where it does not go on as it should. */
  act(scene: Scene): Promise<unknown>
  /** What is recorded when it has taken place: at most once, however often the same is sent. Until then it can be sent again. */
  once?: readonly AuditEvent['name'][]
  /** What else is recorded after which it cannot be sent again as it was: something else is due then. */
  movesOnWith?: readonly AuditEvent['name'][]
  /** True for a way in: then trying again means getting in. */
  isWayIn?: boolean
  /** True for work that nobody waits for: a failure is logged, and the next round does what was left. */
  isBackground?: boolean
  /** True where doing it again leaves another trace. */
  isRecordedAnew?: boolean
  /** Where somebody ends who cannot get in any more by themselves, and is told so. */
  shutOutAt?: string
}

/** The page at which a flow did not go on. */
export class Stopped extends Error {
  readonly page: Page

  constructor(page: Page) {
    super(`stopped at ${page.at} with ${page.status}`)
    this.page = page
  }
}

/** Goes on only if the page is the one that should come. */
export function mustBeAt(page: Page, at: string | RegExp, status = 200): Page {
  if (page.status !== status || (typeof at === 'string' ? page.at !== at : !at.test(page.at))) throw new Stopped(page)
  return page
}

/** Sets 2FA up from the page that shows the secret to the codes that are saved. */
export async function setUp(scene: Scene, page: Page, more: Record<string, string> = {}): Promise<Page> {
  const { browser, running } = scene
  if (!page.html.includes('name="enrolment"')) throw new Stopped(page)
  const key = keyOn(page.html)
  scene.keys.push(key)
  const enrolment = inputs(page.html, 'enrolment')[0] ?? ''
  const code = codeAt(key, running.time.now)
  return saveCodes(scene, await browser.send('/set-up-mfa', { enrolment, name: 'My phone', code, ...more }))
}

/** Saves the recovery codes that a page shows. */
export async function saveCodes({ browser }: Scene, page: Page): Promise<Page> {
  if (inputs(page.html, 'code').length !== 10) throw new Stopped(page)
  return browser.send('/recovery-codes/saved', { set: inputs(page.html, 'set')[0] ?? '', saved: 'yes' })
}

/** A minute later, in a new browser: whoever has the right password, app and codes gets in, through whatever is owed. */
export async function getIn(scene: Scene): Promise<Page> {
  const { running, person } = scene
  running.time.now += minutes(1)
  scene.browser = new Browser(running)
  let page = await trySeveral(scene.passwords, (password) =>
    scene.browser.send('/sign-in', { email: person.email, password }),
  )
  if (page.at === '/sign-in/verification-code')
    page = await trySeveral(scene.keys, (key) =>
      scene.browser.send('/sign-in/verification-code', { code: codeAt(key, running.time.now) }),
    )
  if (page.at === '/set-up-mfa' && page.status === 200) page = await setUp(scene, page)
  if (page.at === '/recovery-codes' && page.status === 200)
    page = await saveCodes(scene, await scene.browser.send('/recovery-codes', {}))
  return page
}

async function trySeveral(values: readonly string[], act: (value: string) => Promise<Page>): Promise<Page> {
  const [newest = '', ...older] = values.toReversed()
  let page = await act(newest)
  for (const value of older) if (page.status === 422) page = await act(value)
  return page
}
