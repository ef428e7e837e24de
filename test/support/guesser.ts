// Somebody who guesses: always from new browsers at new addresses, so that only what is counted for the account, the
// sign-in or the authenticator stands in the way. Counts how many guesses the service verified at all.

import { expect } from 'vitest'
import { browserCookie, eventsOf, pendingSignIns } from './attack.ts'
import { Browser, type Page, textOf, wrongCode } from './browser.ts'
import { type Person, signIn } from './people.ts'
import type { TestService } from './service.ts'

export const codePage = '/sign-in/verification-code'
export const recoveryPage = '/sign-in/recovery-code'
export const wrongPassword = 'not the password at all'
export const wrongRecoveryCode = '0000-0000-0000-0000'

/** The guesser's moves in one service. */
export function guesserOf(running: TestService) {
  let addresses = 0

  /** A browser that nobody has seen before, from an address that nobody has seen before. */
  function stranger(): Browser {
    addresses += 1
    return new Browser(running, `198.51.${Math.floor(addresses / 250)}.${addresses % 250}`)
  }

  /** A stranger who has typed the right password. */
  async function strangerWithPassword(person: Person): Promise<Browser> {
    const browser = stranger()
    await signIn(browser, person)
    return browser
  }

  return {
    stranger,
    strangerWithPassword,

    /** So many strangers who have typed the right password. */
    async strangersWithPassword(person: Person, count: number): Promise<Browser[]> {
      const browsers = await pendingSignIns(running, person, count)
      for (const browser of browsers) browser.cookies.delete(browserCookie)
      return browsers
    },

    guessPassword: (email: string, browser = stranger()) =>
      browser.send('/sign-in', { email, password: wrongPassword }),

    /** So many wrong codes in one new sign-in. */
    async failCodes(person: Person, key: string, count: number): Promise<void> {
      const browser = await strangerWithPassword(person)
      for (let i = 0; i < count; i += 1) await browser.send(codePage, { code: wrongCode(key, running.time.now) })
    },

    /** Every verified wrong password leaves one event, and so does every verified wrong code of any kind. */
    verifiedPasswords: async () => (await eventsOf(running, 'password.refused')).length,
    verifiedCodes: async () => (await eventsOf(running, 'second-factor.refused')).length,
  }
}

/** Expects that nothing was verified, and that the person is told how long to wait. */
export function expectWait(page: Page, wait: number): void {
  expect(page.status).toBe(429)
  expect(page.headers.get('retry-after')).toBe(String(wait / 1000))
  const words = wait <= 90_000 ? `Try again in ${wait / 1000} seconds` : /Try again in \d+ minutes, at/
  expect(textOf(page.html)).toMatch(words)
}
