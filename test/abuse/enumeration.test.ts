// Whether somebody has an account, whether it is disabled, blocked or not yet used: a stranger cannot tell by status,
// words, headers or cookies. What the time of an answer tells is measured beside this, in `enumeration-timing.test.ts`.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { perAccount, perMailbox } from '../../src/attempts/attempts.ts'
import { dialects, startService, type TestService } from '../support/service.ts'
import { enforce } from '../support/states.ts'
import { accounts, askForLink, names, populate, tryPassword } from '../support/stranger.ts'

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
      running = await startService({ dialect, hasMailServer: true })
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

    test('sees the same answer to a forgotten password, whatever the account, up to the limit and beyond', async () => {
      const told = await Promise.all(
        names.map(async (name, index) => {
          const answers = []
          for (let count = 0; count < perMailbox.free + 3; count += 1)
            answers.push(await seen(await askForLink(running, accounts[name], `198.51.100.${index}`), accounts[name]))
          return answers
        }),
      )
      const [reference, ...others] = told
      expect(reference?.map(({ status }) => status)).toEqual(Array(perMailbox.free + 3).fill(303))
      for (const answer of reference ?? []) expect(answer).toEqual(reference?.[0])
      for (const other of others) expect(other).toEqual(reference)
      await running.deliver()
      const mailed = new Set(running.mails.filter(({ text }) => text.includes('token=')).map(({ to }) => to))
      expect([...mailed].sort()).toEqual(
        [accounts['in use'], accounts['with 2FA'], accounts['of an administrator']].sort(),
      )
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
      for (const path of ['/accept-invitation', '/reset-password']) {
        const links = [`${path}?token=x`, `${path}?token=${'A'.repeat(43)}`, path]
        const [reference, ...others] = await Promise.all(links.map(async (link) => seen(await running.fetch(link), '')))
        for (const other of others) expect(other).toEqual(reference)
      }
      for (const path of ['/admin/users', '/my-profile', '/my-profile/settings'])
        expect((await running.fetch(path)).headers.get('location')).toBe(`/sign-in?next=${encodeURIComponent(path)}`)
    })
  })
}
