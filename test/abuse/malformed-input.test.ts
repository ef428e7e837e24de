// Malformed input: whatever is typed or sent in place of a code is a failure that counts, and never a success.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hours } from '../../src/time.ts'
import { eventsOf, isIn } from '../support/attack.ts'
import { Browser, codeAt, inputs } from '../support/browser.ts'
import { codePage, guesserOf, recoveryPage } from '../support/guesser.ts'
import { addPerson, addProtectedPerson, keyOn, signIn } from '../support/people.ts'
import { dialects, origin, startService, type TestService } from '../support/service.ts'

const fullWidth = (code: string) => [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('')
const arabic = (code: string) => [...code].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join('')

for (const dialect of dialects) {
  describe(`malformed input on ${dialect}`, { timeout: 60_000 }, () => {
    let running: TestService
    beforeEach(async () => {
      running = await startService({ dialect })
    })
    afterEach(() => running.stop())

    const sameOrigin = { origin, 'sec-fetch-site': 'same-origin' }
    const form = { ...sameOrigin, 'content-type': 'application/x-www-form-urlencoded' }

    /** What may be typed or sent in place of the right code, made from it. */
    const malformed = (right: string): string[] => [
      ...[
        '',
        ' ',
        '0',
        'null',
        'undefined',
        'NaN',
        '[]',
        '{}',
        'true',
        '%',
        '______',
        "' or '1'='1",
        '9'.repeat(10_000),
      ],
      ...[`${right}0`, `0${right}`, right.slice(0, 5), `${right}\u0000`, `${right.slice(0, 3)}.${right.slice(3)}`],
      ...[`+${right}`, `-${right}`, `${right}e0`, `0x${right}`, `${right},${right}`, `["${right}"]`],
      ...[fullWidth(right), arabic(right), `${right}${' '.repeat(40)}`],
    ]

    test('no malformed code is accepted, and each counts as a failure', async () => {
      const { person, key } = await addProtectedPerson(running)
      const kinds = malformed('123456').length
      for (let kind = 0; kind < kinds; kind += 1) {
        running.time.now += hours(2)
        const browser = new Browser(running)
        await signIn(browser, person)
        const code = malformed(codeAt(key, running.time.now))[kind] ?? ''
        expect((await browser.send(codePage, { code })).status, code).toBe(422)
        expect(await isIn(browser), code).toBe(false)
      }
      expect(await eventsOf(running, 'second-factor.refused')).toHaveLength(kinds)
      const [factor] = await running.db.selectFrom('totp_factors').select('failures').execute()
      expect(factor?.failures).toBe(kinds)
    })

    test('malformed codes block like wrong ones', async () => {
      const { person, key } = await addProtectedPerson(running)
      const guesser = guesserOf(running)
      const first = await guesser.strangerWithPassword(person)
      for (const code of ['', '1', 'null']) await first.send(codePage, { code })
      for (const code of ['', '[]']) await first.send(recoveryPage, { code })
      const next = await guesser.strangerWithPassword(person)
      expect((await next.send(codePage, { code: codeAt(key, running.time.now) })).status).toBe(429)
    })

    test('a field that is given more than once, as a list, or not at all counts as a failure', async () => {
      const { person, key, codes } = await addProtectedPerson(running)
      const right = codeAt(key, running.time.now)
      const [recovery = ''] = codes
      const bodies = [
        [codePage, ''],
        [codePage, `code=${right}&code=${right}`],
        [codePage, `code=000000&code=${right}`],
        [codePage, `code[]=${right}`],
        [codePage, `code%5B0%5D=${right}`],
        [codePage, `Code=${right}`],
        [codePage, `code=&__proto__[code]=${right}`],
        [codePage, Array.from({ length: 5000 }, () => `code=${right}`).join('&')],
        [recoveryPage, ''],
        [recoveryPage, `code=${recovery}&code=${recovery}`],
        [recoveryPage, `code=${recovery}&code=${codes[1]}`],
        [recoveryPage, `code=${recovery}${codes[1]}`],
        [recoveryPage, `code=${recovery}%00`],
      ] as const
      for (const [path, body] of bodies) {
        running.time.now += hours(2)
        const browser = new Browser(running)
        await signIn(browser, person)
        const current = body.replaceAll(right, codeAt(key, running.time.now))
        const response = await browser.request(path, { method: 'POST', body: current, headers: form })
        expect(response.status, body.slice(0, 80)).toBe(422)
        expect(await isIn(browser), body.slice(0, 80)).toBe(false)
      }
      expect(await eventsOf(running, 'second-factor.refused')).toHaveLength(bodies.length)
      expect(await eventsOf(running, 'recovery-codes.used')).toEqual([])
    })

    test('a code in the address, in a header, or in another encoding is not looked at', async () => {
      const { person, key } = await addProtectedPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const code = codeAt(key, running.time.now)
      await browser.open(`${codePage}?code=${code}`)
      await browser.send(`${codePage}?code=${code}`, {}, { code, 'x-code': code, authorization: `Bearer ${code}` })
      const encodings = [
        ['application/json', JSON.stringify({ code })],
        ['application/json', JSON.stringify({ code: Number(code) })],
        ['application/json', JSON.stringify({ code: [code] })],
        ['text/plain', `code=${code}`],
        [
          'multipart/form-data; boundary=x',
          `--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n${code}\r\n--x--\r\n`,
        ],
        ['', `code=${code}`],
      ] as const
      for (const [type, body] of encodings) {
        const headers = { ...sameOrigin, 'content-type': type }
        expect((await browser.request(codePage, { method: 'POST', body, headers })).status, type).toBe(415)
      }
      for (const method of ['PUT', 'PATCH', 'DELETE'])
        expect((await browser.request(codePage, { method, body: `code=${code}`, headers: form })).status).toBe(404)
      expect(await isIn(browser)).toBe(false)
      await browser.send(codePage, { code })
      expect(await isIn(browser)).toBe(true)
    })

    test('huge bodies are refused before anything is read or hashed', async () => {
      const { person, key } = await addProtectedPerson(running)
      const pending = new Browser(running)
      await signIn(pending, person)
      const padding = 'a'.repeat(1024 * 1024)
      for (const [path, body] of [
        ['/sign-in', `email=${person.email}&password=${padding}`],
        [codePage, `code=${codeAt(key, running.time.now)}&x=${padding}`],
        [recoveryPage, `code=${padding}`],
        ['/set-up', `token=${padding}`],
      ] as const)
        expect((await pending.request(path, { method: 'POST', body, headers: form })).status, path).toBe(413)
      expect(await eventsOf(running, 'password.refused')).toEqual([])
      expect(await eventsOf(running, 'second-factor.refused')).toEqual([])
    })

    test('names of fields and people that are traps for programs are only text', async () => {
      await addPerson(running)
      const guesser = guesserOf(running)
      const names = ['__proto__', 'constructor', "' or 1=1 --", '%', '*', '\u0000', '\ud800', 'a'.repeat(5000), '']
      for (const email of names) {
        const page = await guesser
          .stranger()
          .send('/sign-in', { email, password: email, toString: 'x', __proto__: 'x' })
        expect(page.status, email).toBe(422)
      }
      for (const cookie of ['', '%', 'null', '{}', 'a'.repeat(3000), "'", '\u00ff']) {
        const browser = new Browser(running)
        for (const name of ['session', 'sign-in', 'browser']) browser.cookies.set(`__Host-countersign-${name}`, cookie)
        expect((await browser.open('/my-profile')).at, cookie).toBe('/sign-in?next=%2Fmy-profile')
        expect((await browser.open(codePage)).at, cookie).toBe('/sign-in?notice=over')
      }
    })

    test('the character U+0000 is an answer like any other to every form and search, on both databases', async () => {
      const { browser } = await addProtectedPerson(running, { role: 'administrator' })
      for (const path of ['/admin/users?search=%00', '/admin/users?after=a%00', '/admin/users?search=%25%5C_'])
        expect((await browser.open(path)).status, path).toBe(200)
      const fields = ['email', 'name', 'role', 'authenticator', 'set', 'token', 'language', 'helpContact', 'enrolment']
      const nul = Object.fromEntries(fields.map((name) => [name, 'a\u0000b']))
      for (const { method, path } of running.service.routes)
        if (method === 'POST' && path !== '/sign-out')
          for (const more of [{}, { saved: 'yes', name: 'Phone', code: '\u0000' }])
            expect((await browser.send(path, { ...nul, ...more })).status, path).toBeLessThan(500)
      expect(running.logged.filter((line) => line.startsWith('ERROR'))).toEqual([])
    })

    test('malformed codes and names do not confirm an authenticator', async () => {
      const person = await addPerson(running)
      const browser = new Browser(running)
      await signIn(browser, person)
      const { html } = await browser.open('/set-up-mfa')
      const [enrolment = ''] = inputs(html, 'enrolment')
      const code = codeAt(keyOn(html), running.time.now)
      for (const fields of [
        { enrolment, name: 'Phone', code: '' },
        { enrolment, name: 'Phone', code: fullWidth(code) },
        { enrolment, name: 'Phone', code: `${code}0` },
        { enrolment, name: 'Phone', code: [code, code] },
        { enrolment: '', name: 'Phone', code },
        { enrolment: [enrolment, enrolment], name: 'Phone', code },
        { enrolment, name: '', code },
        { enrolment, name: 'x'.repeat(61), code },
        { enrolment, name: 'a\u0007b', code },
      ])
        expect((await browser.send('/set-up-mfa', fields)).status).toBe(422)
      expect(await running.db.selectFrom('totp_factors').select('id').execute()).toEqual([])
    })
  })
}
