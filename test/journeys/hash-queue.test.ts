// Many sign in at once: hashes wait in line, up to a limit, and nobody else waits for them.

import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listen } from '../../src/server.ts'
import { Browser, inputs, textOf } from '../support/browser.ts'
import { type GatedArgon2, gatedArgon2 } from '../support/gated-argon2.ts'
import { addPerson, enrol, type Person, password, saveCodes, signIn } from '../support/people.ts'
import { origin, startService, type TestService } from '../support/service.ts'

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate)
}

describe('the queue of hashes', { timeout: 60_000 }, () => {
  let running: TestService
  let argon2: GatedArgon2
  let ada: Person
  let inside: Browser
  beforeEach(async () => {
    argon2 = gatedArgon2()
    running = await startService({ argon2 })
    ada = await addPerson(running)
    inside = new Browser(running)
    await signIn(inside, ada)
  })
  afterEach(async () => {
    argon2.open()
    await running.stop()
  })

  const form = (email: string) => new URLSearchParams({ email, password }).toString()
  /** One guess, from an address of its own: only the queue is to say no. */
  const guess = (number: number, isGone = () => false) =>
    running.fetch('/sign-in', {
      method: 'POST',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: form(`somebody-${number}@example.org`),
      from: `10.0.${number >> 8}.${number & 255}`,
      isGone,
    })
  /** Guesses that have been counted and wait for their hash, or have gone through. */
  const counted = async () => {
    const rows = await running.db.selectFrom('attempts').select('key').where('key', 'like', 'password:%').execute()
    return rows.length
  }
  /** Fills the queue: one hash is computed, 256 wait. */
  async function fill(isGone?: () => boolean) {
    const before = await counted()
    argon2.close()
    const guesses = Array.from({ length: 257 }, (_, number) => guess(number, isGone))
    await until(async () => (await counted()) === before + 257)
    return guesses
  }

  /** Fills the line of those who have shown something already. */
  function fillForKnown() {
    argon2.close()
    const { hashing } = running.service.machine
    return Array.from({ length: 257 }, () => hashing.hashPassword('some other new password'))
  }

  test('says no to whoever would wait too long, with the form as it was filled in, and when to come back', async () => {
    const waiting = await fill()
    const browser = new Browser(running)
    const page = await browser.send('/sign-in', { email: ada.email, password, next: '/my-profile/settings' })
    expect(page.status).toBe(503)
    expect(page.headers.get('retry-after')).toBe('5')
    expect(inputs(page.html, 'email')).toEqual([ada.email])
    expect(inputs(page.html, 'next')).toEqual(['/my-profile/settings'])
    expect(textOf(page.html)).toContain('Many people are signing in right now. Please try again in a moment.')
    expect(page.html).not.toContain(password)
    expect(browser.signIn).toBeUndefined()
    argon2.open()
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(422)
    expect((await signIn(browser, ada)).at).toBe('/my-profile')
  })

  test('says no in the same way in the middle of a change, which then has not happened', async () => {
    const waiting = fillForKnown()
    const page = await inside.send('/my-profile/settings/change-password', {
      old: password,
      password: 'quite another set of words',
    })
    expect(page.status).toBe(503)
    expect(page.headers.get('retry-after')).toBe('5')
    expect(textOf(page.html)).toContain('Just a moment')
    argon2.open()
    await Promise.all(waiting)
    expect((await signIn(new Browser(running), ada)).at).toBe('/my-profile')
  })

  test('counts no guess for which it has no room', async () => {
    const waiting = await fill()
    const before = await counted()
    expect((await guess(1000)).status).toBe(503)
    expect(await counted()).toBe(before)
    argon2.open()
    await Promise.all(waiting)
  })

  test('lets people sign in from browsers that their accounts know, and act, before strangers who came first', async () => {
    await inside.send('/sign-out', {})
    const knownBy = [...inside.cookies]
    const other = await addPerson(running, { email: 'other@example.org' })
    const waiting = await fill()
    const before = argon2.begun
    const coming = signIn(inside, ada)
    let [done, strangers] = [false, 0]
    for (const one of waiting)
      void one.then(() => {
        strangers += 1
      })
    const arrived = coming.then(({ at }) => {
      done = true
      return at
    })
    // A cookie of another account is no help.
    const stranger = new Browser(running)
    for (const [name, value] of knownBy) stranger.cookies.set(name, value)
    expect((await stranger.send('/sign-in', { email: other.email, password, next: '' })).status).toBe(503)
    while (!done) {
      argon2.letOneThrough()
      await new Promise(setImmediate)
      if (argon2.begun - before > 6) break
    }
    expect(await arrived).toBe('/my-profile')
    expect(strangers).toBeLessThan(6)
    argon2.open()
    await Promise.all(waiting)
  })

  test('holds nobody up who is signed in, nor those who ask whether the service is well', async () => {
    await fill()
    expect((await inside.open('/my-profile')).status).toBe(200)
    expect((await inside.open('/api/v1/me')).status).toBe(200)
    expect((await new Browser(running).open('/api/v1/me')).status).toBe(401)
    expect((await running.fetch('/healthz')).status).toBe(200)
    expect((await running.fetch('/readyz')).status).toBe(200)
  })

  test('counts a guess before its hash is computed, so that waiting gives nobody another one', async () => {
    argon2.close()
    const before = argon2.begun
    const guesses = Array.from({ length: 8 }, () =>
      running.fetch('/sign-in', {
        method: 'POST',
        headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ email: ada.email, password: 'not the right words' }).toString(),
      }),
    )
    const statuses: number[] = []
    for (const one of guesses) void one.then(({ status }) => statuses.push(status))
    // Three are refused while not one of the five others has been looked at.
    await until(async () => statuses.length === 3)
    expect(statuses).toEqual([429, 429, 429])
    argon2.open()
    await Promise.all(guesses)
    expect(argon2.begun - before).toBe(5)
  })

  test('computes nothing for whoever has gone away, and has room for others in their place', async () => {
    let isGone = false
    const waiting = await fill(() => isGone)
    isGone = true
    const before = argon2.begun
    // The queue is full of people who have left.
    const there = signIn(new Browser(running), ada)
    argon2.open()
    expect((await there).at).toBe('/my-profile')
    await Promise.all(waiting)
    expect(argon2.begun - before).toBe(1)
    // What was not computed stays counted.
    expect(await counted()).toBeGreaterThanOrEqual(257)
  })

  test('computes nothing for a connection that was closed', async () => {
    const listening = await listen(running.service, { port: 0, host: '127.0.0.1' })
    try {
      argon2.close()
      const first = guess(0)
      await until(async () => (await counted()) === 1)
      const before = argon2.begun
      const body = form('somebody-else@example.org')
      const socket = connect(listening.port, '127.0.0.1')
      socket.write(
        `POST /sign-in HTTP/1.1\r\nHost: sign-in.test\r\nOrigin: ${origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
      await until(async () => (await counted()) === 2)
      socket.destroy()
      await once(socket, 'close')
      const last = guess(1)
      await until(async () => (await counted()) === 3)
      argon2.open()
      await Promise.all([first, last])
      expect(argon2.begun - before).toBe(1)
    } finally {
      await listening.stop({ grace: 0, within: 0 })
    }
  })

  test('refuses ten recovery codes whole, and the authenticator is not on yet', async () => {
    const page = await inside.open('/set-up-mfa')
    const waiting = fillForKnown()
    await expect(enrol(running, inside)).rejects.toThrow('503')
    argon2.open()
    await Promise.all(waiting)
    expect(await running.db.selectFrom('totp_factors').selectAll().execute()).toEqual([])
    expect(inputs(page.html, 'enrolment')).toHaveLength(1)
    await saveCodes(inside, await enrol(running, inside))
    expect(await running.db.selectFrom('totp_factors').selectAll().execute()).toHaveLength(1)
  })
})
