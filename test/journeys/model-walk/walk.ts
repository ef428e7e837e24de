// A walk: two people and three browsers do one thing after another to a real service. Every move works out beforehand, from
// the notes alone, whether it may succeed; whatever the service grants without that is a finding.

import { setMfaEnforced } from '../../../src/enforcement/policies.ts'
import { hours, minutes, seconds } from '../../../src/time.ts'
import { stepAt } from '../../../src/totp/otp.ts'
import { Browser, codeAt, inputs, wrongCode } from '../../support/browser.ts'
import { addPerson } from '../../support/people.ts'
import { type Dialect, origin, startService, type TestService } from '../../support/service.ts'
import {
  type Enforced,
  earnsEverything,
  type Factor,
  type Holder,
  holds,
  isFresh,
  isGoingOn,
  isRunning,
  isSignedInAfter,
  mayEnrol,
  mayOpenPages,
  mayRenewCodes,
  type SessionNotes,
  type SignInNotes,
  type Someone,
  secondProved,
  stepOfCode,
  type World,
} from './model.ts'

/** How somebody proves the second factor, honestly or not. */
export type Second = 'code' | 'recovery code' | 'replayed code' | 'used recovery code'
/** What somebody wishes to do who owes nothing. */
export type Sensitive = 'nothing' | 'disable' | 'new codes' | 'replace' | 'reset'

export type Move =
  | { do: 'sign in'; seat: number; who: number; right: boolean }
  | {
      do: 'code'
      seat: number
      which: 'right' | 'early' | 'late' | 'too late' | 'wrong' | 'replayed' | "somebody else's"
    }
  | { do: 'recovery code'; seat: number; which: 'right' | 'used' | "somebody else's" | 'nonsense' }
  | { do: 'password again'; seat: number; right: boolean }
  | { do: 'open set-up'; seat: number; replace: boolean }
  | { do: 'confirm set-up'; seat: number; which: 'right' | 'wrong' | "another browser's" }
  | { do: 'new codes'; seat: number }
  | { do: 'save codes'; seat: number; which: 'own' | "another browser's" }
  | { do: 'disable'; seat: number }
  | { do: 'enforce by page'; seat: number; on: boolean }
  | { do: 'confirm enforcement'; seat: number }
  | { do: 'enforce'; on: boolean }
  | { do: 'deactivate'; who: number; active: boolean }
  | { do: 'reset'; seat: number; who: number }
  | { do: 'set-up link'; seat: number; who: number; which: 'own' | "somebody else's" | 'older'; right: boolean }
  | { do: 'sign out'; seat: number }
  | { do: 'what is due'; seat: number; who: number; by: Second; wish: Sensitive; late: boolean }
  | { do: 'wait'; for: number }

/** One browser, what it shows, and the notes on what was proved in it. */
interface Seat {
  browser: Browser
  session: SessionNotes | null
  signIn: SignInNotes | null
  secret: { enrolment: string; key: string; holder: Holder; shownAt: number } | null
  codes: { set: string; codes: string[] } | null
}

/** The service granted what the notes do not justify, or withheld what they do. */
export class Finding extends Error {}

export class Walk {
  readonly #running: TestService
  readonly #people: Someone[] = []
  readonly #seats: Seat[]
  readonly #deadTokens: string[] = []
  readonly #oldLinks: string[] = []
  #enforced: Enforced | null = null
  #looks = 0
  /** How often each thing was granted: a walk in which nothing ever succeeds proves nothing. */
  readonly granted = new Map<string, number>()

  static async begin(dialect: Dialect): Promise<Walk> {
    const walk = new Walk(await startService({ dialect }))
    await walk.#add('ada@example.org', false)
    await walk.#add('bob@example.org', true)
    return walk
  }

  private constructor(running: TestService) {
    this.#running = running
    this.#seats = [1, 2, 3].map((number) => ({
      browser: new Browser(running, `192.0.2.${number}`),
      session: null,
      signIn: null,
      secret: null,
      codes: null,
    }))
  }

  async #add(email: string, isAdministrator: boolean): Promise<void> {
    const person = await addPerson(this.#running, { email, role: isAdministrator ? 'administrator' : 'member' })
    this.#people.push({
      person,
      isAdministrator,
      active: true,
      factor: null,
      codes: null,
      reset: null,
      spent: new Set(),
    })
  }

  end(): Promise<void> {
    return this.#running.stop()
  }

  get #world(): World {
    return { now: this.#running.time.now, enforced: holds(this.#enforced, this.#running.time.now) }
  }

  /** Makes one move, and then looks whether every browser gets what its session is worth, and no more. */
  async move(move: Move): Promise<void> {
    await this.#make(move)
    for (const seat of this.#seats) await this.#look(seat)
    for (const token of this.#deadTokens.slice(-3)) {
      const thief = new Browser(this.#running)
      thief.cookies.set('__Host-countersign-session', token)
      if ((await get(thief, '/my-profile')).status === 200)
        throw new Finding('A token that was replaced still opens pages.')
    }
  }

  async #look(seat: Seat): Promise<void> {
    const may = mayOpenPages(seat.session, this.#world)
    this.#looks += 1
    const others = ['/api/v1/me', '/my-profile/settings', '/admin/users']
    for (const path of ['/my-profile', others[this.#looks % others.length] ?? '']) {
      const justified = may && (path !== '/admin/users' || seat.session?.whose.isAdministrator === true)
      const opened = (await get(seat.browser, path)).status === 200
      if (opened && !justified) throw new Finding(`${path} opened without justification.`)
      if (!opened && justified) throw new Finding(`${path} stayed closed to a session that has proved everything.`)
    }
    if (seat.session && isRunning(seat.session, this.#world)) seat.session.seenAt = this.#running.time.now
  }

  #seat(number: number): Seat {
    const seat = this.#seats[number]
    if (!seat) throw new Error(`There is no browser ${number}.`)
    return seat
  }

  #someone(number: number): Someone {
    const someone = this.#people[number]
    if (!someone) throw new Error(`There is no person ${number}.`)
    return someone
  }

  async #make(move: Move): Promise<void> {
    switch (move.do) {
      case 'sign in':
        return this.#signIn(this.#seat(move.seat), this.#someone(move.who), move.right)
      case 'code':
        return this.#code(this.#seat(move.seat), move.which)
      case 'recovery code':
        return this.#recoveryCode(this.#seat(move.seat), move.which)
      case 'password again':
        return this.#passwordAgain(this.#seat(move.seat), move.right)
      case 'open set-up':
        return this.#openSetUp(this.#seat(move.seat), move.replace)
      case 'confirm set-up':
        return this.#confirmSetUp(this.#seat(move.seat), move.which)
      case 'new codes':
        return this.#newCodes(this.#seat(move.seat))
      case 'save codes':
        return this.#saveCodes(this.#seat(move.seat), move.which)
      case 'disable':
        return this.#disable(this.#seat(move.seat))
      case 'enforce by page':
        return this.#enforceByPage(this.#seat(move.seat), move.on)
      case 'confirm enforcement':
        return this.#confirmEnforcement(this.#seat(move.seat))
      case 'enforce':
        return this.#enforce(move.on)
      case 'deactivate':
        return this.#deactivate(this.#someone(move.who), move.active)
      case 'reset':
        return this.#reset(this.#seat(move.seat), this.#someone(move.who))
      case 'set-up link':
        return this.#setUpLink(this.#seat(move.seat), this.#someone(move.who), move)
      case 'sign out':
        return this.#signOut(this.#seat(move.seat))
      case 'what is due':
        return this.#whatIsDue(this.#seat(move.seat), this.#someone(move.who), move)
      case 'wait':
        this.#running.time.now += move.for
    }
  }

  /** Sends a form and says which tokens came back new. */
  async #send(seat: Seat, path: string, fields: Record<string, string>) {
    return this.#watch(seat, () =>
      seat.browser.request(path, {
        method: 'POST',
        body: new URLSearchParams(fields).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin },
      }),
    )
  }

  async #watch(seat: Seat, ask: () => Promise<Response>) {
    const before = { session: seat.browser.session, signIn: seat.browser.signIn }
    const response = await ask()
    const { session, signIn } = seat.browser
    const newSession = session !== undefined && session !== before.session
    const newSignIn = signIn !== undefined && signIn !== before.signIn
    if (session !== before.session && before.session !== undefined) this.#deadTokens.push(before.session)
    return {
      status: response.status,
      at: response.headers.get('location') ?? '',
      html: await response.text(),
      newSession,
      newSignIn,
    }
  }

  #grant(what: string, justified: boolean): void {
    if (!justified) throw new Finding(`Granted without justification: ${what}.`)
    this.granted.set(what, (this.granted.get(what) ?? 0) + 1)
  }

  async #signIn(seat: Seat, whose: Someone, right: boolean): Promise<void> {
    const password = right ? whose.person.password : 'these words are not the ones'
    const answer = await this.#send(seat, '/sign-in', { email: whose.person.email, password })
    if (!answer.newSession && !answer.newSignIn) return
    this.#grant('a sign-in', right && whose.active)
    this.#leave(seat)
    const now = this.#running.time.now
    const signIn = {
      whose,
      proved: { password: now, totp: null, recoveryCode: null },
      begunAt: now,
      stepUpOf: null,
      over: false,
    }
    if (answer.newSession) this.#finish(seat, signIn)
    else seat.signIn = signIn
  }

  /** A sign-in or step-up has become a session with a new token. */
  #finish(seat: Seat, signIn: SignInNotes): void {
    const { whose, stepUpOf } = signIn
    const proved = { ...signIn.proved }
    signIn.over = true
    seat.signIn = null
    if (stepUpOf) {
      this.#grant('a stronger session', isRunning(stepUpOf, this.#world) && seat.session === stepUpOf)
      stepUpOf.proved = proved
      return
    }
    this.#grant(whose.factor ? 'a session with 2FA' : 'a session', earnsEverything(signIn, this.#world))
    const now = this.#running.time.now
    seat.session = { whose, proved, begunAt: now, seenAt: now, over: false }
  }

  /** A sign-in that was led to set 2FA up, and owes nothing more now that it is no longer required. */
  #owesNothing({ signIn }: Seat): boolean {
    return isGoingOn(signIn, this.#world) && signIn.stepUpOf === null && earnsEverything(signIn, this.#world)
  }

  /** It is finished at its next request, whatever that asks. */
  #carryOn(seat: Seat, owedNothing: boolean, { newSession }: { newSession: boolean }): boolean {
    if (!newSession || !owedNothing || !seat.signIn) return false
    this.#grant('a sign-in carried on', true)
    this.#finish(seat, seat.signIn)
    return true
  }

  async #code(seat: Seat, which: Extract<Move, { do: 'code' }>['which']): Promise<void> {
    const { signIn } = seat
    const whose = signIn?.whose ?? this.#someone(0)
    const code = this.#codeToType(whose, which)
    const factor = whose.factor
    const step = factor && stepOfCode(factor, code, this.#running.time.now)
    const owedNothing = this.#owesNothing(seat)
    const answer = await this.#send(seat, '/sign-in/verification-code', { code })
    if (this.#carryOn(seat, owedNothing, answer)) return
    if (!answer.newSession && !answer.newSignIn) return
    this.#grant('a code', isGoingOn(signIn, this.#world) && factor !== null && step !== null)
    if (!signIn || !factor || step === null) return
    this.#spend(whose, `${factor.key} ${step}`)
    factor.lastStep = step
    signIn.proved.totp = { at: this.#running.time.now, factor }
    if (answer.newSession) this.#finish(seat, signIn)
  }

  #codeToType(whose: Someone, which: Extract<Move, { do: 'code' }>['which']): string {
    const { now } = this.#running.time
    const key = whose.factor?.key
    if (key === undefined) return '123456'
    const other = this.#people.find((someone) => someone !== whose && someone.factor !== null)?.factor?.key
    switch (which) {
      case 'right':
        return codeAt(key, now)
      case 'early':
        return codeAt(key, now, 1)
      case 'late':
        return codeAt(key, now, -1)
      case 'too late':
        return codeAt(key, now, -3)
      case 'wrong':
        return wrongCode(key, now)
      case 'replayed':
        return codeAt(key, now, (whose.factor?.lastStep ?? 0) - stepAt(now))
      case "somebody else's":
        return other === undefined ? '123456' : codeAt(other, now)
    }
  }

  #spend(whose: Someone, what: string): void {
    if (whose.spent.has(what)) throw new Finding('Something that works once was accepted twice.')
    whose.spent.add(what)
  }

  async #recoveryCode(seat: Seat, which: Extract<Move, { do: 'recovery code' }>['which']): Promise<void> {
    const { signIn } = seat
    const whose = signIn?.whose ?? this.#someone(0)
    const other = this.#people.find((someone) => someone !== whose)
    const nonsense = '0000-0000-0000-0000'
    const code =
      (which === 'right'
        ? first(whose.codes?.left)
        : which === 'used'
          ? [...whose.spent].findLast((spent) => recoveryCode.test(spent))
          : which === "somebody else's"
            ? first(other?.codes?.left)
            : nonsense) ?? nonsense
    const right = whose.codes?.saved === true && whose.codes.left.has(code)
    const owedNothing = this.#owesNothing(seat)
    const answer = await this.#send(seat, '/sign-in/recovery-code', { code })
    if (this.#carryOn(seat, owedNothing, answer)) return
    if (!answer.newSession && !answer.newSignIn) return
    this.#grant('a recovery code', isGoingOn(signIn, this.#world) && right)
    if (!signIn) return
    this.#spend(whose, code)
    whose.codes?.left.delete(code)
    signIn.proved.recoveryCode = this.#running.time.now
    if (answer.newSession) this.#finish(seat, signIn)
  }

  async #passwordAgain(seat: Seat, right: boolean): Promise<void> {
    const { signIn } = seat
    const password = right ? (signIn?.whose ?? this.#someone(0)).person.password : 'these words are not the ones'
    const owedNothing = this.#owesNothing(seat)
    const answer = await this.#send(seat, '/sign-in/password', { password })
    if (this.#carryOn(seat, owedNothing, answer)) return
    if (!answer.newSession && !answer.newSignIn) return
    this.#grant('the password again', isGoingOn(signIn, this.#world) && signIn.stepUpOf !== null && right)
    if (!signIn) return
    signIn.proved.password = this.#running.time.now
    if (answer.newSession) this.#finish(seat, signIn)
  }

  /** Who a request for set-up or codes speaks for: a sign-in that goes on, or else the session. */
  #holder({ signIn, session }: Seat): Holder | null {
    if (isGoingOn(signIn, this.#world) && signIn.stepUpOf === null) return signIn
    return session
  }

  /** A page has asked for a fresh proof: only a running session is asked. */
  #stepUp(seat: Seat, { newSignIn }: { newSignIn: boolean }): void {
    if (!newSignIn) return
    const { session } = seat
    this.#grant('a step-up', session !== null && isRunning(session, this.#world) && session.whose.active)
    if (!session) return
    seat.signIn = {
      whose: session.whose,
      proved: { ...session.proved },
      begunAt: this.#running.time.now,
      stepUpOf: session,
      over: false,
    }
  }

  async #openSetUp(seat: Seat, replace: boolean): Promise<void> {
    const path = `/set-up-mfa${replace ? '?replace=yes' : ''}`
    const owedNothing = this.#owesNothing(seat)
    const answer = await this.#watch(seat, () => get(seat.browser, path))
    if (this.#carryOn(seat, owedNothing, answer)) return
    this.#stepUp(seat, answer)
    this.#noteSecret(seat, answer.html)
  }

  #noteSecret(seat: Seat, html: string): void {
    const key = /data-copy="([A-Z2-7]{32})"/.exec(html)?.[1]
    if (key === undefined) return
    const holder = this.#holder(seat)
    this.#grant('a new secret', holder !== null && mayEnrol(holder, this.#world))
    if (!holder) return
    const known = seat.secret?.key === key ? seat.secret.shownAt : this.#running.time.now
    seat.secret = { enrolment: inputs(html, 'enrolment')[0] ?? '', key, holder, shownAt: known }
  }

  async #confirmSetUp(seat: Seat, which: Extract<Move, { do: 'confirm set-up' }>['which']): Promise<void> {
    const shown =
      which === "another browser's" ? this.#seats.find((other) => other !== seat && other.secret)?.secret : seat.secret
    if (!shown) return
    const { now } = this.#running.time
    const code = which === 'wrong' ? wrongCode(shown.key, now) : codeAt(shown.key, now)
    const holder = this.#holder(seat)
    const justified =
      holder !== null &&
      holder === shown.holder &&
      mayEnrol(holder, this.#world) &&
      which === 'right' &&
      now - shown.shownAt < minutes(30)
    const fields = { enrolment: shown.enrolment, name: 'My phone', code, replace: 'yes' }
    const answer = await this.#send(seat, '/set-up-mfa', fields)
    const codes = inputs(answer.html, 'code').filter((value) => value.includes('-'))
    if (codes.length === 0) {
      this.#stepUp(seat, answer)
      this.#noteSecret(seat, answer.html)
      return
    }
    this.#grant('2FA on', justified)
    if (!holder) return
    const { whose } = holder
    const factor: Factor = { key: shown.key, lastStep: stepAt(now) }
    this.#spend(whose, `enrolment ${shown.enrolment}`)
    this.#spend(whose, `${factor.key} ${factor.lastStep}`)
    whose.factor = factor
    holder.proved.totp = { at: now, factor }
    seat.secret = null
    this.#noteCodes(seat, whose, answer.html)
    this.#endOthers(whose, holder)
  }

  #noteCodes(seat: Seat, whose: Someone, html: string): void {
    const codes = inputs(html, 'code').filter((value) => value.includes('-'))
    const set = inputs(html, 'set')[0] ?? ''
    whose.codes = { set, left: new Set(codes), saved: false }
    seat.codes = { set, codes }
  }

  /** Nobody else's sitting with this account outlives a change of factors. */
  #endOthers(whose: Someone, kept: Holder): void {
    for (const { session, signIn } of this.#seats) {
      if (session && session !== kept && session.whose === whose) session.over = true
      if (signIn && signIn !== kept && signIn.whose === whose) signIn.over = true
    }
  }

  async #newCodes(seat: Seat): Promise<void> {
    const holder = this.#holder(seat)
    const justified = holder !== null && mayRenewCodes(holder, this.#world)
    const answer = await this.#send(seat, '/recovery-codes', {})
    if (inputs(answer.html, 'set').length === 0) return this.#stepUp(seat, answer)
    this.#grant('new recovery codes', justified)
    if (!holder) return
    this.#noteCodes(seat, holder.whose, answer.html)
    this.#endOthers(holder.whose, holder)
  }

  async #saveCodes(seat: Seat, which: Extract<Move, { do: 'save codes' }>['which']): Promise<void> {
    const shown = which === 'own' ? seat.codes : this.#seats.find((other) => other !== seat && other.codes)?.codes
    if (!shown) return
    const holder = this.#holder(seat)
    const codes = holder?.whose.codes
    const answer = await this.#send(seat, '/recovery-codes/saved', { set: shown.set, saved: 'yes' })
    if (!answer.newSession && !answer.at.includes('codes-saved')) return
    const alive =
      holder !== null && ('stepUpOf' in holder ? isGoingOn(holder, this.#world) : isRunning(holder, this.#world))
    this.#grant(
      'saved recovery codes',
      alive && codes?.set === shown.set && !codes.saved && secondProved(holder) !== null,
    )
    if (!holder || !codes) return
    codes.saved = true
    holder.whose.reset = null
    if (answer.newSession && 'stepUpOf' in holder) this.#finish(seat, holder)
  }

  async #disable(seat: Seat): Promise<void> {
    const { session } = seat
    const justified =
      session !== null &&
      mayOpenPages(session, this.#world) &&
      isFresh(session, this.#world) &&
      !this.#world.enforced &&
      session.whose.factor !== null
    const answer = await this.#send(seat, '/my-profile/settings/disable-2fa', {})
    if (!answer.at.includes('mfa-disabled')) return this.#stepUp(seat, answer)
    this.#grant('2FA off', justified)
    if (!session) return
    session.whose.factor = null
    session.whose.codes = null
    this.#endOthers(session.whose, session)
  }

  async #enforceByPage(seat: Seat, on: boolean): Promise<void> {
    const { session } = seat
    const justified =
      session?.whose.isAdministrator === true &&
      mayOpenPages(session, this.#world) &&
      isFresh(session, this.#world) &&
      (!on || this.#world.enforced || session.whose.factor !== null)
    const saved = await this.#send(seat, '/admin/settings', { enforce: on ? 'on' : 'off', helpContact: '' })
    const mustLook = saved.at === '/admin/settings/enforce-mfa'
    const answer = mustLook ? await this.#send(seat, saved.at, {}) : saved
    if (!/notice=(saved|enforced)/.test(answer.at)) return this.#stepUp(seat, answer)
    this.#grant(`enforcement ${on ? 'on' : 'off'}`, justified)
    const { now } = this.#running.time
    if (!on) this.#enforced = null
    else if (mustLook) this.#enforced = { since: now, confirmBy: now + minutes(15) }
  }

  async #confirmEnforcement(seat: Seat): Promise<void> {
    const { session } = seat
    const waiting = this.#enforced
    const justified =
      waiting?.confirmBy != null &&
      this.#world.enforced &&
      session?.whose.isAdministrator === true &&
      mayOpenPages(session, this.#world) &&
      isFresh(session, this.#world) &&
      isSignedInAfter(session, waiting.since)
    const answer = await this.#send(seat, '/admin/settings/enforce-mfa/confirm', {})
    const confirmed = answer.at.includes('notice=enforcement-confirmed')
    if (!confirmed && justified) throw new Finding('A new sign-in could not confirm the enforcement.')
    if (!confirmed) return this.#stepUp(seat, answer)
    this.#grant('enforcement confirmed', justified)
    if (waiting) waiting.confirmBy = null
  }

  async #enforce(on: boolean): Promise<void> {
    const about = { now: this.#running.time.now, caller: null, actor: null }
    // One that has lapsed is off, though nobody has written it down yet.
    await this.#running.service.sweepEnforcement()
    if (!this.#world.enforced) this.#enforced = null
    await this.#running.db.transaction().execute((trx) => setMfaEnforced(trx, on, about))
    if (!on) this.#enforced = null
    else this.#enforced ??= { since: about.now, confirmBy: null }
  }

  async #deactivate(whose: Someone, active: boolean): Promise<void> {
    await this.#running.db
      .updateTable('users')
      .set({ deactivated_at: active ? null : this.#running.time.now })
      .where('id', '=', whose.person.id)
      .execute()
    whose.active = active
  }

  /** Somebody resets the MFA of somebody, from whatever session this browser has. */
  async #reset(seat: Seat, whose: Someone): Promise<void> {
    const { session } = seat
    const justified =
      session?.whose.isAdministrator === true &&
      session.whose !== whose &&
      whose.active &&
      mayOpenPages(session, this.#world) &&
      isFresh(session, this.#world)
    const answer = await this.#send(seat, `/admin/users/${whose.person.id}/reset-mfa`, { reason: 'Lost the phone' })
    const link = /data-copy="[^"]*token=([\w-]{43})"/.exec(answer.html)?.[1]
    if (link === undefined) {
      if (justified) throw new Finding('An administrator could not reset the MFA of somebody.')
      return this.#stepUp(seat, answer)
    }
    this.#grant('a reset', justified)
    if (whose.reset) this.#oldLinks.push(whose.reset.link)
    whose.reset = { link, madeAt: this.#running.time.now, used: false }
    whose.factor = null
    whose.codes = null
    for (const other of this.#seats) {
      if (other.session?.whose === whose) other.session.over = true
      if (other.signIn?.whose === whose) other.signIn.over = true
    }
  }

  /** Somebody opens a set-up link and types a password, or, where a sign-in waits for it, none. */
  async #setUpLink(
    seat: Seat,
    whose: Someone,
    { which, right }: Omit<Extract<Move, { do: 'set-up link' }>, 'seat' | 'who' | 'do'>,
  ): Promise<void> {
    const owner = which === "somebody else's" ? this.#people.find((one) => one !== whose) : whose
    const reset = owner?.reset ?? null
    const token = which === 'older' ? this.#oldLinks.at(-1) : reset?.link
    if (token === undefined) return
    const { signIn } = seat
    const waits = isGoingOn(signIn, this.#world) && signIn.stepUpOf === null && signIn.whose === owner
    const waiting = waits && owner?.reset != null && owner.factor === null && signIn.proved.link !== owner.reset
    const password = right ? whose.person.password : 'these words are not the ones'
    const answer = await this.#send(seat, '/set-up-mfa-link', { token, password })
    if (!answer.newSignIn && !answer.newSession) return
    const alive = reset !== null && reset.link === token && !reset.used && owner?.active === true
    const proved = waiting || (right && owner?.person.password === password)
    this.#grant('a set-up link', alive && this.#running.time.now - (reset?.madeAt ?? 0) < hours(24) && proved)
    if (!reset || !owner) return
    reset.used = true
    if (waiting && signIn) {
      signIn.proved.link = reset
      return
    }
    this.#leave(seat)
    const now = this.#running.time.now
    const proofs = { password: now, totp: null, recoveryCode: null, link: reset }
    seat.signIn = { whose: owner, proved: proofs, begunAt: now, stepUpOf: null, over: false }
  }

  async #signOut(seat: Seat): Promise<void> {
    await this.#send(seat, '/sign-out', {})
    this.#leave(seat)
  }

  #leave(seat: Seat): void {
    if (seat.session) seat.session.over = true
    if (seat.signIn) seat.signIn.over = true
    seat.session = null
    seat.signIn = null
  }

  /** What a person would do next who wants to get in and be protected. Without it, a random walk seldom gets far. */
  async #whatIsDue(
    seat: Seat,
    someone: Someone,
    { by, wish, late }: { by: Second; wish: Sensitive; late: boolean },
  ): Promise<void> {
    const holder = isGoingOn(seat.signIn, this.#world) ? seat.signIn : seat.session
    if (!holder || ('seenAt' in holder && !isRunning(holder, this.#world))) return this.#signIn(seat, someone, true)
    if (this.#owesNothing(seat)) return this.#openSetUp(seat, false)
    const { whose } = holder
    const stepsUp = 'stepUpOf' in holder && holder.stepUpOf !== null
    if (whose.factor === null) {
      if (stepsUp) return this.#passwordAgain(seat, true)
      if (whose.reset !== null && holder.proved.link !== whose.reset)
        return this.#setUpLink(seat, whose, { which: 'own', right: true })
      if (seat.secret?.holder === holder) return this.#confirmSetUp(seat, 'right')
      return this.#openSetUp(seat, false)
    }
    if (secondProved(holder) === null || stepsUp) return this.#proveSecond(seat, whose.factor, by)
    if (!whose.codes?.saved && seat.codes && seat.codes.set === whose.codes?.set) return this.#saveCodes(seat, 'own')
    if (!whose.codes?.saved || whose.codes.left.size === 0) return this.#newCodes(seat)
    // Late: whoever sits down at a browser that somebody left signed in.
    if (late) this.#running.time.now += minutes(11)
    if (wish === 'disable') return this.#disable(seat)
    if (wish === 'new codes') return this.#newCodes(seat)
    if (wish === 'replace') return this.#openSetUp(seat, true)
    if (wish === 'reset') return this.#reset(seat, this.#people.find((one) => one !== whose) ?? whose)
  }

  async #proveSecond(seat: Seat, factor: Factor, by: Second): Promise<void> {
    switch (by) {
      case 'code':
        // The step may be spent already: people wait for the next code.
        while (stepAt(this.#running.time.now) <= factor.lastStep) this.#running.time.now += seconds(30)
        return this.#code(seat, 'right')
      case 'replayed code':
        return this.#code(seat, 'replayed')
      case 'recovery code':
        return this.#recoveryCode(seat, 'right')
      case 'used recovery code':
        return this.#recoveryCode(seat, 'used')
    }
  }
}

const recoveryCode = /^[0-9a-z]{4}(-[0-9a-z]{4}){3}$/

function first(values: Iterable<string> | undefined): string | undefined {
  for (const value of values ?? []) return value
  return undefined
}

function get(browser: Browser, path: string): Promise<Response> {
  return browser.request(path, { method: 'GET', headers: {} })
}
