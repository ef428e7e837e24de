/**
 * What clients walk through, over and over: each scene takes a person, does a few things one after the other or at the same
 * time, and looks at what came of it. A scene that is interrupted simply ends; what it left behind is for others to find.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { stepAt } from '../../src/totp/otp.ts'
import { invite } from '../../src/users/invitations.ts'
import { issueLink } from '../../src/users/one-time-links.ts'
import {
  type Actor,
  changePassword,
  endOthers,
  look,
  newName,
  type Outcome,
  signOut,
  typeCode,
  typePassword,
  typeRecoveryCode,
} from './acts.ts'
import { choosePassword, makeToken, openSetUpLink, revokeToken, useToken } from './acts-on-others.ts'
import { Caller } from './caller.ts'
import { firstPassword, moveIn, type Person, standingOf, type Town, type Used } from './town.ts'

export interface Client extends Actor {
  town: Town
}

/** Takes a person whom nobody else is busy with, for as long as the scene lasts; null where there is none. */
export async function withPerson(
  { town, chance }: Client,
  fits: (person: Person) => boolean,
  scene: (person: Person) => Promise<void>,
): Promise<void> {
  const free = town.people.filter((person) => !person.isBusy && fits(person))
  if (free.length === 0) return void (await wait(20))
  const person = chance.pick(free)
  person.isBusy = true
  try {
    await scene(person)
  } finally {
    person.isBusy = false
  }
}

/** Types a password that may be right; the next one on the list comes first the next time if it was not. */
export async function enter(client: Client, caller: Caller, person: Person) {
  const [password = ''] = person.passwords
  const { next, outcome } = await typePassword(client, caller, person, password)
  if (outcome.went === 'ok') person.passwords = [password]
  if (outcome.answer?.status === 422) person.passwords.push(...person.passwords.splice(0, 1))
  return next
}

function remember({ town }: Client, used: Used): void {
  town.used.push(used)
  if (town.used.length > 40) town.used.shift()
}

/** A step whose code is accepted about now and was not tried yet; null while there is none. */
export function freshStep({ chance }: Client, { factor }: Person): number | null {
  const now = stepAt(Date.now())
  const steps = [now - 1, now, now + 1].filter((step) => step > (factor?.newest ?? 0))
  return steps.length === 0 ? null : chance.pick(steps.slice(0, 2))
}

const mayShowCode = (person: Person) =>
  person.kind === 'protected' &&
  !person.isAdrift &&
  person.factor !== null &&
  person.factor.newest <= stepAt(Date.now())

/** Signs somebody in with password and code, at whichever process. */
export async function comeIn(client: Client, person: Person): Promise<Caller | null> {
  const caller = new Caller(client.way)
  const step = freshStep(client, person)
  const { factor } = person
  if (step === null || factor === null || (await enter(client, caller, person)) !== 'code') return null
  // Some look for their phone until whatever they began at is gone.
  if (client.chance.happens(0.15)) await untilGone(client, caller)
  const typed = await typeCode(client, caller, person, factor, step)
  if (typed.went !== 'fail') remember(client, { kind: 'code', person, factor, step })
  return typed.went === 'ok' ? caller : null
}

async function untilGone({ stage }: Client, { begunAt }: Caller): Promise<void> {
  const isThere = () => begunAt && stage.isUp(begunAt.place) && stage.life(begunAt.place) === begunAt.life
  for (const end = performance.now() + 3_000; isThere() && performance.now() < end; ) await wait(10)
}

function keep({ town, chance }: Client, caller: Caller, person: Person): void {
  town.browsers.push({ caller, person })
  if (town.browsers.length > 60) town.browsers.splice(chance.between(0, 50), 1)
}

/** Signs in with a code, looks around, and does something that a session may do. */
export function codeScene(client: Client): Promise<void> {
  return withPerson(client, mayShowCode, async (person) => {
    const caller = await comeIn(client, person)
    if (!caller || (await look(client, caller, person)).went !== 'ok') return
    await client.chance.weigh([
      [3, async () => keep(client, caller, person)],
      [2, () => leave(client, caller, person)],
      [2, () => choose(client, caller, person)],
      [1, () => tokens(client, caller, person)],
      [1, async () => void (await endOthers(client, caller, person))],
    ])()
  })
}

async function leave(client: Client, caller: Caller, person: Person): Promise<void> {
  const before = caller.copy()
  await signOut(client, caller)
  await look(client, before, person)
}

async function choose(client: Client, caller: Caller, person: Person): Promise<void> {
  const before = caller.copy()
  const [from = ''] = person.passwords
  const to = `${firstPassword} ${newName('and')}`
  const changed = await changePassword(client, caller, person, { from, to })
  await look(client, before, person)
  if (changed.went === 'ok') await look(client, caller, person)
  await typePassword(client, new Caller(client.way), person, from)
  await enter(client, new Caller(client.way), person)
}

async function tokens(client: Client, caller: Caller, person: Person): Promise<void> {
  const token = await makeToken(client, caller, person)
  if (!token) return
  const program = new Caller(client.way)
  await useToken(client, program, person, token)
  await revokeToken(client, caller, person, token)
  await useToken(client, program, person, token)
}

/** Two browsers type the same code, or codes of two steps, at the same time. */
export function raceScene(client: Client): Promise<void> {
  return withPerson(client, mayShowCode, async (person) => {
    const [one, other] = [new Caller(client.way), new Caller(client.way)]
    const step = freshStep(client, person)
    const { factor } = person
    if (step === null || factor === null) return
    if ((await enter(client, one, person)) !== 'code' || (await enter(client, other, person)) !== 'code') return
    const second = client.chance.happens(0.7) ? step : step - 1
    const went = await Promise.all([
      typeCode(client, one, person, factor, step),
      typeCode(client, other, person, factor, second),
    ])
    if (went.some((outcome) => outcome.went !== 'fail')) remember(client, { kind: 'code', person, factor, step })
  })
}

/** A recovery code is typed, in two sign-ins at the same time, or beside a code in the same sign-in. */
export function recoveryScene(client: Client): Promise<void> {
  const fits = (person: Person) => mayShowCode(person) && person.codes.left.length > 0
  return withPerson(client, fits, async (person) => {
    const caller = new Caller(client.way)
    const step = freshStep(client, person)
    const { set } = person.codes
    const { factor } = person
    if (factor === null || (await enter(client, caller, person)) !== 'code') return
    const code = person.codes.left.shift() ?? ''
    const asked: Promise<Outcome>[] = []
    const beside = client.chance.pick(['nothing', 'the same code', 'another factor'])
    if (beside === 'another factor' && step !== null) asked.push(typeCode(client, caller.copy(), person, factor, step))
    if (beside === 'the same code') {
      const other = new Caller(client.way)
      if ((await enter(client, other, person)) === 'code')
        asked.push(typeRecoveryCode(client, other, person, set, code))
    }
    asked.unshift(typeRecoveryCode(client, caller, person, set, code))
    const outcomes = await Promise.all(asked)
    if (outcomes.some(({ went }) => went !== 'fail')) remember(client, { kind: 'recovery-code', person, set, code })
    if (outcomes[0]?.went === 'ok') keep(client, caller, person)
  })
}

/** Tries again what was used last: nothing of it may be accepted a second time. */
export async function againScene(client: Client): Promise<void> {
  const { town, chance } = client
  const used = town.used[town.used.length - 1 - chance.between(0, Math.min(8, Math.max(1, town.used.length)))]
  if (!used) return codeScene(client)
  const { person } = used
  const caller = new Caller(client.way)
  switch (used.kind) {
    case 'code':
      if ((await enter(client, caller, person)) === 'code')
        await typeCode(client, caller, person, used.factor, used.step)
      return
    case 'recovery-code':
      if ((await enter(client, caller, person)) === 'code')
        await typeRecoveryCode(client, caller, person, used.set, used.code)
      return
    case 'set-up-link':
      await openSetUpLink(client, caller, person, { ...used, password: person.passwords[0] ?? '' })
      return
    case 'invitation':
    case 'reset-link':
      await choosePassword(client, caller, person, {
        ...used,
        by: used.kind,
        password: `${firstPassword} ${newName('or')}`,
      })
  }
}

/** Somebody without 2FA signs in, and stays. */
export function plainScene(client: Client): Promise<void> {
  return withPerson(
    client,
    ({ kind }) => kind === 'plain',
    async (person) => {
      const caller = new Caller(client.way)
      if ((await enter(client, caller, person)) !== 'inside') return
      await look(client, caller, person)
      if (client.chance.happens(0.8)) keep(client, caller, person)
      else await leave(client, caller, person)
    },
  )
}

/** Looks whether sessions of others still open something. */
export async function watchScene(client: Client): Promise<void> {
  const { town, chance } = client
  if (town.browsers.length === 0) return plainScene(client)
  for (let looks = 0; looks < 4; looks += 1) {
    const { caller, person } = chance.pick(town.browsers)
    await look(client, caller, person)
  }
}

/** Two browsers use the same link at the same time: a reset of the password, or the invitation of somebody new. */
export async function linkScene(client: Client): Promise<void> {
  const { chance, stage, town, history } = client
  await stage.untilUp(chance.between(0, stage.ports.length))
  const now = Date.now()
  if (chance.happens(0.4)) {
    const name = newName('guest')
    const { person, token } = await stage.inDatabase((db) =>
      db.transaction().execute(async (trx) => {
        const guest = await moveIn(trx, { name, kind: 'plain', passwordHash: null })
        const { token } = await invite(trx, guest.id, { now, caller: null, actor: null })
        return { person: guest, token }
      }),
    )
    person.isBusy = true
    history.begin(standingOf(person))
    await bothUse(client, person, { by: 'invitation', token })
    person.isBusy = false
    if (person.passwords.length > 0) town.people.push(person)
    return
  }
  await withPerson(
    client,
    ({ kind }) => kind === 'plain',
    async (person) => {
      const { token } = await stage.inDatabase((db) =>
        db.transaction().execute((trx) => issueLink(trx, { purpose: 'reset-password', userId: person.id }, now)),
      )
      await bothUse(client, person, { by: 'reset-link', token })
    },
  )
}

async function bothUse(
  client: Client,
  person: Person,
  { by, token }: { by: 'reset-link' | 'invitation'; token: string },
): Promise<void> {
  const name = newName(by)
  const use = () =>
    choosePassword(client, new Caller(client.way), person, {
      by,
      token,
      name,
      password: `${firstPassword} ${newName('then')}`,
    })
  const outcomes = await Promise.all(client.chance.happens(0.5) ? [use(), use()] : [use()])
  if (outcomes.some(({ went }) => went !== 'fail')) remember(client, { kind: by, person, token, name })
  await enter(client, new Caller(client.way), person)
}

export { remember }
