// What administrators walk through: they take from somebody what they have, look whether it is gone, and give it back. Each has
// a session of their own, and signs in again when it is lost or too old for what they do.

import { stepAt } from '../../src/totp/otp.ts'
import { look, typePassword } from './acts.ts'
import { endSessionsOf, enforce, giveSetUpLink, openSetUpLink, setUp, switchAccount } from './acts-on-others.ts'
import { Caller } from './caller.ts'
import { type Client, comeIn, enter, remember, withPerson } from './scenes.ts'
import type { Person } from './town.ts'

export interface Office {
  person: Person
  caller: Caller | null
  since: number
}

/** For what asks for a fresh proof, a session is too old after ten minutes. */
const freshFor = 8 * 60_000

async function atWork(client: Client, office: Office): Promise<Caller | null> {
  if (office.caller === null || Date.now() - office.since > freshFor) {
    office.caller = await comeIn(client, office.person)
    office.since = Date.now()
  }
  return office.caller
}

/** Gives the office up when its session is gone, so that the next scene begins with a new one. */
async function mustStillBeIn(client: Client, office: Office): Promise<void> {
  if (office.caller && (await look(client, office.caller, office.person)).went === 'fail') office.caller = null
}

const isMember = ({ kind }: Person) => kind !== 'administrator'

/** Deactivates somebody in the middle of whatever they do, lets them try, and makes them usable again. */
export async function accountScene(client: Client, office: Office): Promise<void> {
  const admin = await atWork(client, office)
  if (!admin) return
  const { chance, town } = client
  const person = chance.pick(town.people.filter(isMember))
  const away = await switchAccount(client, admin, person, 'deactivate')
  if (away.went === 'fail') await mustStillBeIn(client, office)
  const theirs = town.browsers.filter((browser) => browser.person === person).slice(0, 2)
  for (const { caller } of theirs) await look(client, caller, person)
  await typePassword(client, new Caller(client.way), person, person.passwords[0] ?? '')
  for (let tries = 0; tries < 20; tries += 1) {
    const back = await switchAccount(client, admin, person, 'reactivate')
    if (back.went === 'ok' || back.answer?.status === 409) break
    await mustStillBeIn(client, office)
    if (!office.caller) break
  }
  for (const { caller } of theirs) await look(client, caller, person)
}

/** Signs somebody out everywhere, and looks. */
export async function endingScene(client: Client, office: Office): Promise<void> {
  const admin = await atWork(client, office)
  if (!admin) return
  const { chance, town } = client
  const among = town.browsers.filter(({ person }) => isMember(person)).map(({ person }) => person)
  const person = among.length > 0 ? chance.pick(among) : chance.pick(town.people.filter(isMember))
  const ended = await endSessionsOf(client, admin, person)
  if (ended.went === 'fail') await mustStillBeIn(client, office)
  for (const browser of town.browsers.filter((one) => one.person === person).slice(0, 3))
    await look(client, browser.caller, person)
}

/** Switches enforcement on for a moment, and looks what people without 2FA still see. */
export async function enforcementScene(client: Client, office: Office): Promise<void> {
  const admin = await atWork(client, office)
  if (!admin) return
  const { chance, town, stage } = client
  const plain = town.browsers.filter(({ person }) => person.kind === 'plain')
  if ((await enforce(client, admin, office.person, 'on')).went === 'fail') await mustStillBeIn(client, office)
  for (let looks = 0; looks < 4 && plain.length > 0; looks += 1) {
    const { caller, person } = chance.pick(plain)
    await look(client, caller, person)
  }
  for (let tries = 0; tries < 40; tries += 1) {
    const again = await atWork(client, office)
    if (again && (await enforce(client, again, office.person, 'off')).went === 'ok') return
    await mustStillBeIn(client, office)
    await stage.untilUp(0)
  }
}

/** Resets somebody's 2FA and lets them set it up again with the link, which works once. Goes on where another one was interrupted. */
export function resetScene(client: Client, office: Office): Promise<void> {
  const { town, chance } = client
  const adrift = town.people.some(({ isAdrift, isBusy }) => isAdrift && !isBusy)
  const fits = (person: Person) => person.kind === 'protected' && (adrift ? person.isAdrift : true)
  return withPerson(client, fits, async (person) => {
    const admin = await atWork(client, office)
    if (!admin) return
    person.isAdrift = true
    const given = await giveSetUpLink(client, admin, person, 'reset-mfa')
    if (given.outcome.went === 'fail') await mustStillBeIn(client, office)
    const { link } = chance.happens(0.2) ? await giveSetUpLink(client, admin, person, 'set-up-link') : given
    if (!link) return
    const caller = new Caller(client.way)
    const password = person.passwords[0] ?? ''
    const opened = await openSetUpLink(client, caller, person, { ...link, password })
    if (opened.went !== 'fail') remember(client, { kind: 'set-up-link', person, ...link })
    // It may have been the wrong one of two passwords: whoever knows neither signs in by the one that is left.
    if (opened.answer?.status === 422) await enter(client, new Caller(client.way), person)
    if (opened.went === 'ok') await setUp(client, caller, person, stepAt(Date.now()))
  })
}
