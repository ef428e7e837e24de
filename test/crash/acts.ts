// What people do, one request each: asked of the service, written into the history with all that it may do, and read as a person
// would read the answer. Where an answer is none of those that the service may give, that is a fault of its own.

import type { Caller } from './caller.ts'
import { newRequestNumber } from './caller.ts'
import type { Chance } from './chance.ts'
import { credentialKey, type Effects, type History, type Reading, type Told } from './history.ts'
import type { Stage } from './stage.ts'
import { codeOf, type Factor, keys, type Person } from './town.ts'
import { type Answer, Unreached, type Way } from './way.ts'

/** Whoever asks: a client with chances of its own. */
export interface Actor {
  by: string
  history: History
  stage: Stage
  way: Way
  chance: Chance
  /** Answers that the service should not give. */
  surprises: string[]
  /** Sign-ins that were begun at one process and finished at another, and those that outlived the process where they began. */
  ways: { carriedOver: number; outlived: number }
}

export interface Outcome {
  went: 'ok' | 'fail' | 'unknown'
  /** Null where nobody was answered. */
  answer: Answer | null
}

interface Act {
  what: string
  leaves?: string
  effects?: Effects
  send(place: number, number: string): Promise<Answer>
  /** Reads the answer: what was told with a yes, or what a no may be for. Null for what may not be answered. */
  read(answer: Answer): { yes: Told } | { no: readonly Reading[] } | null
}

/** Asks at some process that is up, and waits while none is. */
export async function perform(actor: Actor, act: Act): Promise<Outcome> {
  const { by, history, surprises } = actor
  const place = await somewhere(actor)
  const request = newRequestNumber()
  const operation = history.invoke({
    by,
    what: act.what,
    request,
    leaves: act.leaves ?? null,
    effects: act.effects ?? {},
  })
  let answer: Answer
  try {
    answer = await act.send(place, request)
  } catch (error) {
    if (error instanceof Unreached) {
      history.fail(operation)
      return { went: 'fail', answer: null }
    }
    history.unknown(operation, error instanceof Error ? error.message : String(error))
    return { went: 'unknown', answer: null }
  }
  // Whoever has guessed too often is told nothing else.
  const read = answer.status === 429 ? { no: [] } : act.read(answer)
  if (read === null) {
    surprises.push(
      `${act.what} #${operation} was answered with ${answer.status}${answer.to === null ? '' : ` to ${answer.to}`}`,
    )
    history.unknown(operation, 'an answer that makes no sense')
    return { went: 'unknown', answer }
  }
  if ('yes' in read) history.ok(operation, read.yes)
  else history.fail(operation, read.no)
  return { went: 'yes' in read ? 'ok' : 'fail', answer }
}

async function somewhere({ stage, chance }: Actor): Promise<number> {
  const wanted = chance.between(0, stage.ports.length)
  if (stage.isUp(wanted)) return wanted
  const up = [...stage.ports.keys()].find((place) => stage.isUp(place))
  if (up !== undefined) return up
  await stage.untilUp(wanted)
  return wanted
}

let given = 0

/** Makes a name for something that the service gives. */
export function newName(kind: string): string {
  given += 1
  return `${kind} ${given}`
}

const isActive = (person: Person): Reading => ({ key: keys.active(person), is: 'yes' })
const isInactive = (person: Person): Reading => ({ key: keys.active(person), is: 'no' })
const isLive = (credential: string): Reading => ({ key: credentialKey(credential), is: 'live' })
const hasEnded = (credential: string): Reading => ({ key: credentialKey(credential), is: 'ended' })
const enforcementIs = (is: 'on' | 'off'): Reading => ({ key: keys.enforcement, is })
const leadsTo = ({ to }: Answer, path: string) => to === path || to?.startsWith(`${path}?`) === true

/** Begins a session in the browser, under a new name. */
function grant(caller: Caller, person: Person, isStrong: boolean): Pick<Told, 'grants'> {
  Object.assign(caller, { credential: newName('session'), signIn: null, isStrong })
  return { grants: { credential: caller.credential ?? '', owner: person.name } }
}

/** Types address and password. `next` says what is asked for then. */
export async function typePassword(
  actor: Actor,
  caller: Caller,
  person: Person,
  password: string,
): Promise<{ next: 'code' | 'inside' | 'enrolment' | 'link' | 'nothing'; outcome: Outcome }> {
  const key = keys.password(person)
  const right: Reading[] = [{ key, is: password }, isActive(person)]
  const outcome = await perform(actor, {
    what: 'password',
    leaves: 'sign-in.begun',
    send: (place, number) => {
      caller.begunAt = { place, life: actor.stage.life(place) }
      return caller.post(place, '/sign-in', { email: person.email, password }, number)
    },
    read: (answer) => {
      if (answer.status === 422) return { no: [{ key, not: password }, isInactive(person)] }
      // It was deactivated while the password was being checked.
      if (leadsTo(answer, '/sign-in')) return { no: [isInactive(person)] }
      if (leadsTo(answer, '/my-profile'))
        return { yes: { shows: [...right, enforcementIs('off')], ...grant(caller, person, false) } }
      if (leadsTo(answer, '/set-up-mfa') && person.factor === null)
        return { yes: { shows: [...right, enforcementIs('on')] } }
      const owed = ['/sign-in/verification-code', '/sign-in/set-up-link', '/recovery-codes', '/set-up-mfa']
      if (!owed.some((path) => leadsTo(answer, path))) return null
      caller.signIn = newName('sign-in')
      return { yes: { shows: right } }
    },
  })
  const to = outcome.went === 'ok' ? outcome.answer?.to : null
  const next =
    to === '/sign-in/verification-code'
      ? 'code'
      : to === '/my-profile'
        ? 'inside'
        : to === '/sign-in/set-up-link'
          ? 'link'
          : to
            ? 'enrolment'
            : 'nothing'
  return { next, outcome }
}

/** Types the code of a step. */
export function typeCode(actor: Actor, caller: Caller, person: Person, factor: Factor, step: number): Promise<Outcome> {
  factor.newest = Math.max(factor.newest, step)
  const shows: Reading[] = [isActive(person), { key: keys.factor(factor), is: 'there' }]
  return secondFactor(actor, caller, person, {
    what: 'code',
    path: '/sign-in/verification-code',
    code: codeOf(factor, step),
    effects: { spends: [`step ${step} ${factor.name}`], step: { factor: factor.name, step } },
    shows,
  })
}

/** Types a recovery code of a set. */
export function typeRecoveryCode(
  actor: Actor,
  caller: Caller,
  person: Person,
  set: string,
  code: string,
): Promise<Outcome> {
  const shows: Reading[] = [isActive(person), { key: keys.codes(set), is: 'there' }]
  return secondFactor(actor, caller, person, {
    what: 'recovery-code',
    path: '/sign-in/recovery-code',
    code,
    effects: { spends: [`recovery code ${code}`] },
    shows,
  })
}

function secondFactor(
  actor: Actor,
  caller: Caller,
  person: Person,
  {
    what,
    path,
    code,
    effects,
    shows,
  }: { what: string; path: string; code: string; effects: Effects; shows: Reading[] },
): Promise<Outcome> {
  const spends = [...(effects.spends ?? []), ...(caller.signIn === null ? [] : [caller.signIn])]
  let at = 0
  return perform(actor, {
    what,
    leaves: 'second-factor.accepted',
    effects: { ...effects, spends },
    send: (place, number) => {
      at = place
      return caller.post(place, path, { code }, number)
    },
    read: (answer) => {
      if (leadsTo(answer, '/my-profile') || leadsTo(answer, '/sign-in/recovery-code-used')) {
        noteWay(actor, caller, at)
        return { yes: { shows, ...grant(caller, person, true) } }
      }
      // Wrong, spent or disabled; or there is no such sign-in any more, or it asks for something else by now.
      return answer.status === 422 || leadsTo(answer, '/sign-in') || (answer.to ?? '').startsWith('/')
        ? { no: [] }
        : null
    },
  })
}

/** Notes a sign-in that went on elsewhere than where it began, or after the process where it began was gone. */
function noteWay({ stage, ways }: Actor, { begunAt }: Caller, place: number): void {
  if (begunAt && begunAt.place !== place) ways.carriedOver += 1
  if (begunAt && !(stage.isUp(begunAt.place) && stage.life(begunAt.place) === begunAt.life)) ways.outlived += 1
}

/** Opens the first page behind the sign-in. */
export function look(actor: Actor, caller: Caller, person: Person): Promise<Outcome> {
  const { credential, isStrong } = caller
  if (credential === null) throw new Error('This browser has no session.')
  const shows = [isLive(credential), isActive(person)]
  return perform(actor, {
    what: 'check',
    send: (place, number) => caller.get(place, '/my-profile', number),
    read: (answer) => {
      if (answer.status === 200) return { yes: { shows: [...shows, ...(isStrong ? [] : [enforcementIs('off')])] } }
      if (leadsTo(answer, '/set-up-mfa') && !isStrong) return { yes: { shows: [...shows, enforcementIs('on')] } }
      return leadsTo(answer, '/sign-in') ? { no: [hasEnded(credential), isInactive(person)] } : null
    },
  })
}

/** Signs out. It is answered alike whether there was a session or not. */
export function signOut(actor: Actor, caller: Caller): Promise<Outcome> {
  const { credential } = caller
  return perform(actor, {
    what: 'sign-out',
    effects: credential === null ? {} : { writes: { [credentialKey(credential)]: 'ended' } },
    send: (place, number) => caller.post(place, '/sign-out', {}, number),
    read: (answer) => (leadsTo(answer, '/sign-in') ? { yes: {} } : null),
  })
}

/** Ends every other session of one's own. */
export function endOthers(actor: Actor, caller: Caller, person: Person): Promise<Outcome> {
  return inSession(actor, caller, person, {
    what: 'end-others',
    effects: { ends: [{ owner: person.name, but: caller.credential ?? '' }] },
    path: '/my-profile/sessions',
    form: { others: 'yes' },
    done: '/my-profile/sessions',
  })
}

/** Changes the password; the session goes on under another cookie, and every other one ends. */
export async function changePassword(
  actor: Actor,
  caller: Caller,
  person: Person,
  { from, to }: { from: string; to: string },
): Promise<Outcome> {
  const outcome = await inSession(actor, caller, person, {
    what: 'change-password',
    leaves: 'password.set',
    effects: { writes: { [keys.password(person)]: to }, ends: [{ owner: person.name }] },
    path: '/my-profile/settings/change-password',
    form: { old: from, password: to },
    done: '/my-profile/settings',
    renews: true,
    shows: [{ key: keys.password(person), is: from }],
  })
  if (outcome.went === 'ok') person.passwords = [to]
  if (outcome.went === 'unknown') person.passwords = [to, ...person.passwords]
  return outcome
}

function inSession(
  actor: Actor,
  caller: Caller,
  person: Person,
  {
    path,
    form,
    done,
    renews = false,
    shows = [],
    ...act
  }: Pick<Act, 'what' | 'leaves' | 'effects'> & {
    path: string
    form: Record<string, string>
    done: string
    /** True where the session goes on under another cookie. */
    renews?: boolean
    shows?: Reading[]
  },
): Promise<Outcome> {
  const { credential, isStrong } = caller
  if (credential === null) throw new Error('This browser has no session.')
  return perform(actor, {
    ...act,
    send: (place, number) => caller.post(place, path, form, number),
    read: (answer) => {
      if (leadsTo(answer, done))
        return { yes: { shows: [isLive(credential), ...shows], ...(renews ? grant(caller, person, isStrong) : {}) } }
      // Signed out; a fresh proof is asked for; 2FA is owed; or the form comes again, with the old password wrong by now.
      return answer.to !== null || answer.status === 422 ? { no: [] } : null
    },
  })
}

export { enforcementIs, grant, hasEnded, inSession, isActive, isInactive, isLive, leadsTo }
