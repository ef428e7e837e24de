// Whether somebody has an account, whether it is disabled, blocked or not yet used: a stranger cannot tell, neither by
// status, words, headers or cookies, nor by the time that the answer takes.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { perAccount } from '../../src/attempts/attempts.ts'
import { createUser } from '../../src/users/users.ts'
import { addPerson, addProtectedPerson } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'
import { enforce } from '../support/states.ts'

/** The accounts that a stranger may ask for. All addresses are equally long, so that nothing but the answer differs. */
const accounts = {
  unknown: 'nobody@example.org',
  'in use': 'person@example.org',
  'with 2FA': 'factor@example.org',
  'of an administrator': 'leader@example.org',
  disabled: 'formal@example.org',
  'without a password yet': 'newbie@example.org',
} as const
type Account = keyof typeof accounts
const names = Object.keys(accounts) as Account[]

async function populate(running: TestService): Promise<void> {
  await addPerson(running, { email: accounts['in use'] })
  await addProtectedPerson(running, { email: accounts['with 2FA'] })
  await addPerson(running, { email: accounts['of an administrator'], role: 'administrator' })
  const disabled = await addPerson(running, { email: accounts.disabled })
  await running.db
    .updateTable('users')
    .set({ deactivated_at: running.time.now })
    .where('id', '=', disabled.id)
    .execute()
  const invited = { email: accounts['without a password yet'], name: null, role: 'member' as const, passwordHash: null }
  const about = { now: running.time.now, caller: null, actor: null }
  await running.db.transaction().execute((trx) => createUser(trx, invited, 'administrator', about))
}

function tryPassword(running: TestService, email: string, password: string, from = '192.0.2.1'): Promise<Response> {
  return running.fetch('/sign-in', {
    method: 'POST',
    headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ email, password }).toString(),
    from,
  })
}

/** Everything that a stranger sees of an answer, but for the address that they typed themselves and the request's number. */
async function seen(response: Response, email: string) {
  const headers = [...response.headers]
    .filter(([name]) => name !== 'x-request-id')
    .map(([name, value]) => `${name}: ${value}`)
  const html = (await response.text()).replaceAll(email, 'address@example.org')
  return { status: response.status, headers: headers.sort(), cookies: response.headers.getSetCookie(), html }
}

for (const dialect of dialects) {
  describe(`a stranger, on ${dialect}`, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
      await populate(running)
    })
    afterEach(() => running.stop())

    test('sees the same answer to a wrong password, whatever the account', async () => {
      const [reference, ...others] = await Promise.all(
        names.map(async (name) => seen(await tryPassword(running, accounts[name], 'a wrong password'), accounts[name])),
      )
      expect(reference?.status).toBe(422)
      expect(reference?.cookies).toEqual([])
      for (const other of others) expect(other).toEqual(reference)
    })

    test('sees the same while MFA is enforced', async () => {
      await enforce(running)
      const [reference, ...others] = await Promise.all(
        names.map(async (name) => seen(await tryPassword(running, accounts[name], 'a wrong password'), accounts[name])),
      )
      for (const other of others) expect(other).toEqual(reference)
    })

    test('sees the same at every guess until the account is blocked, and while it is', {
      timeout: 60_000,
    }, async () => {
      const told = await Promise.all(
        names.map(async (name, index) => {
          const answers = []
          for (let guess = 0; guess < perAccount.free + 3; guess += 1)
            answers.push(
              await seen(await tryPassword(running, accounts[name], 'wrong', `198.51.100.${index}`), accounts[name]),
            )
          return answers
        }),
      )
      const [reference, ...others] = told
      expect(reference?.map(({ status }) => status)).toEqual([...Array(perAccount.free).fill(422), 429, 429, 429])
      for (const other of others) expect(other).toEqual(reference)
    })

    test('learns nothing from the right password of a disabled account', async () => {
      const right = await seen(
        await tryPassword(running, accounts.disabled, 'four words nobody would guess'),
        accounts.disabled,
      )
      const wrong = await seen(
        await tryPassword(running, accounts.unknown, 'four words nobody would guess'),
        accounts.unknown,
      )
      expect(right).toEqual(wrong)
    })

    test('cannot get round the count by writing the address in another way', async () => {
      const ways = [
        'person@example.org',
        'PERSON@example.org',
        ' person@example.org ',
        'Person@Example.Org',
        'ｐerson@example.org',
      ]
      for (const [index, way] of ways.entries()) await tryPassword(running, way, 'wrong', `198.51.100.${index}`)
      expect((await tryPassword(running, 'person@EXAMPLE.org', 'wrong', '198.51.100.77')).status).toBe(429)
    })

    test('sees the same for links that are unknown, and for pages that are not theirs', async () => {
      const links = ['/accept-invitation?token=x', `/accept-invitation?token=${'A'.repeat(43)}`, '/accept-invitation']
      const [reference, ...others] = await Promise.all(links.map(async (link) => seen(await running.fetch(link), '')))
      for (const other of others) expect(other).toEqual(reference)
      for (const path of ['/admin/users', '/my-profile', '/my-profile/settings'])
        expect((await running.fetch(path)).headers.get('location')).toBe(`/sign-in?next=${encodeURIComponent(path)}`)
    })
  })
}

describe('a stranger with a stop-watch', () => {
  const rounds = 41

  /** The median time of each account's answer, asked in turns, so that whatever else the machine does meets all of them. */
  async function medians(running: TestService): Promise<Record<Account, number>> {
    const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Account, number[]>
    for (let round = -2; round < rounds; round += 1) {
      // Counts of earlier rounds are forgotten: a block would cost no hash, for any account alike.
      await running.db.deleteFrom('attempts').execute()
      for (let turn = 0; turn < names.length; turn += 1) {
        const name = names[(turn + round + names.length) % names.length] ?? 'unknown'
        const began = performance.now()
        await (await tryPassword(running, accounts[name], 'a wrong password')).text()
        if (round >= 0) times[name].push(performance.now() - began)
      }
    }
    return Object.fromEntries(
      Object.entries(times).map(([name, values]) => [name, values.sort((a, b) => a - b)[rounds >> 1] ?? 0]),
    ) as Record<Account, number>
  }

  test('cannot tell the accounts apart: every answer costs the same hash', { timeout: 180_000, retry: 2 }, async () => {
    const running = await startService()
    await populate(running)
    const median = await medians(running)
    await running.stop()
    // An answer without a hash would take a tenth of the time, one with two twice as much.
    for (const name of names) {
      const ratio = median[name] / median['in use']
      expect(ratio, `${name} against in use`).toBeGreaterThan(0.7)
      expect(ratio, `${name} against in use`).toBeLessThan(1.4)
    }
  })
})
