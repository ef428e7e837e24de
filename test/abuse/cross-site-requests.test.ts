// A page of another site can make a browser send requests with our cookies. None of them changes anything: not one that
// says it comes from elsewhere, not one that does not say where it comes from, and no GET whatsoever.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bodyOf, inAWord, isForApi, request } from '../support/routes.ts'
import { dialects, origin } from '../support/service.ts'
import { makeState, type State, type StateName, stateNames } from '../support/states.ts'
import { changesBetween, readTables } from '../support/tables.ts'

const { host } = new URL(origin)

/** What browsers, old ones included, and forgers say about where a request comes from. Empty: the header is not sent. */
const foreign: Record<string, { origin?: string; 'sec-fetch-site'?: string; referer?: string }> = {
  'says nothing': {},
  'only has a Referer': { referer: `${origin}/my-profile` },
  'comes from null': { origin: 'null' },
  'comes from null, on the same site': { origin: 'null', 'sec-fetch-site': 'same-origin' },
  'comes from nowhere': { origin: '' },
  'comes from another site': { origin: 'https://evil.example' },
  'comes from a sub-domain': { origin: `https://app.${host}` },
  'comes from the domain above': { origin: `https://${host.split('.').slice(1).join('.')}` },
  'comes from a name that begins like ours': { origin: `${origin}.evil.example` },
  'comes from a name that ends like ours': { origin: `https://evil-${host}` },
  'comes from another port': { origin: `${origin}:8443` },
  'comes from plain http': { origin: `http://${host}` },
  'comes from two places': { origin: `${origin}, https://evil.example` },
  'comes from two places, ours last': { origin: `https://evil.example ${origin}` },
  'comes with a path': { origin: `${origin}/` },
  'is same-site': { 'sec-fetch-site': 'same-site' },
  'is cross-site': { 'sec-fetch-site': 'cross-site' },
  'was typed by hand': { 'sec-fetch-site': 'none' },
  'claims our origin and is cross-site': { origin, 'sec-fetch-site': 'cross-site' },
  'claims our origin and is same-site': { origin, 'sec-fetch-site': 'same-site' },
  'claims our origin and was typed by hand': { origin, 'sec-fetch-site': 'none' },
  'claims to be same-origin from elsewhere': { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
}

/** The one form that other sites are to send. All that it does is to show a page. */
const forOthers = 'POST /sign-in/with/:provider/acs'

const unsafeRoutes = ({ running }: State) =>
  running.service.routes.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)
const getRoutes = ({ running }: State) =>
  running.service.routes.filter(({ method }) => method === 'GET').map(({ method, path }) => `${method} ${path}`)

const changesIn = async (state: State) => changesBetween(state.contents, await readTables(state.running.db))

/** The states in which there is most to gain. */
const worthForging: readonly StateName[] = [
  'administrator',
  'member without 2FA',
  'second factor owed',
  'enrolment owed, signing in',
  'recovery codes owed, signed in',
]

for (const dialect of dialects) {
  for (const name of worthForging) {
    describe(`${name}, on ${dialect}`, () => {
      let state: State
      beforeAll(async () => {
        state = await makeState(name, dialect)
      }, 60_000)
      afterAll(() => state.stop())

      for (const [what, headers] of Object.entries(foreign)) {
        test(`a request that ${what} is refused on every route and changes nothing`, async () => {
          const browser = await state.again()
          const form = { 'content-type': 'application/x-www-form-urlencoded' }
          for (const route of unsafeRoutes(state)) {
            const [method = '', path = ''] = route.split(' ')
            const response = await browser.request(path, {
              method,
              body: bodyOf(route, state),
              headers: { ...form, ...headers },
            })
            expect(`${route} ${response.status}`).toBe(`${route} ${route === forOthers ? 200 : 403}`)
            expect(response.headers.getSetCookie()).toEqual([])
            expect(response.headers.get('access-control-allow-origin')).toBeNull()
          }
          expect(await changesIn(state)).toEqual([])
        })
      }

      test('what a form of another site can send without asking is no form to us', async () => {
        // Neither of these reads its form: that somebody who comes from us sends it is all there is to it.
        const readsNothing = ['POST /sign-out', 'POST /my-profile/settings/disable-2fa']
        for (const type of [
          'text/plain',
          'application/json',
          'multipart/form-data; boundary=x',
          'application/xml',
          '',
        ]) {
          const browser = await state.again()
          for (const route of unsafeRoutes(state).filter((unsafe) => !readsNothing.includes(unsafe))) {
            // A logo is sent as a file. Forms send no DELETE, and JSON is what the API takes: to send it from elsewhere, a page has to ask first.
            if (route === 'POST /admin/settings/branding' && type.startsWith('multipart/')) continue
            if (isForApi(route) && (route.startsWith('DELETE') || type === 'application/json')) continue
            const response = await request(browser, route, state, { 'content-type': type })
            const outcome = inAWord(response)
            // The one route that takes files reads this type, and finds no file in what it was sent.
            if (route === 'POST /admin/settings/branding' && type.startsWith('multipart/') && outcome === '400')
              continue
            expect(
              ['415', '403', ...(isForApi(route) ? ['401'] : [])].includes(outcome) || outcome.startsWith('→'),
              `${route} as ${type}: ${outcome}`,
            ).toBe(true)
          }
          const traces = ['sessions.last_seen_at', 'audit_events +1']
          expect((await changesIn(state)).filter((change) => !traces.includes(change))).toEqual([])
        }
      })

      test('a request of our own pages is not refused', async () => {
        for (const headers of [
          { origin },
          { origin, 'sec-fetch-site': 'same-origin' },
          { 'sec-fetch-site': 'same-origin' },
        ]) {
          const browser = await state.again()
          const form = { 'content-type': 'application/x-www-form-urlencoded' }
          const response = await browser.request('/sign-out', {
            method: 'POST',
            body: '',
            headers: { ...form, ...headers },
          })
          expect(response.status).toBe(303)
          expect(response.headers.get('location')).toBe('/sign-in?notice=signed-out')
        }
      })
    })
  }
}

/** What opening a page may begin: a secret to set up, a step-up; and what of it is noted. */
const beginnings = /^(sessions\.last_seen_at|audit_events \+1|totp_enrolments \+1|sign_ins [+-]1)$/

for (const name of stateNames) {
  describe(`GET, ${name}`, () => {
    let state: State
    beforeAll(async () => {
      state = await makeState(name, 'sqlite')
    }, 60_000)
    afterAll(() => state.stop())

    test('opening any page changes nothing but what it begins', { timeout: 60_000 }, async () => {
      const browser = await state.again()
      for (const route of getRoutes(state)) await request(browser, route, state)
      expect((await changesIn(state)).filter((change) => !beginnings.test(change))).toEqual([])
    })

    test('a form in the address, or a method in a header, does not make a POST of it', {
      timeout: 60_000,
    }, async () => {
      const browser = await state.again()
      for (const route of unsafeRoutes(state)) {
        const [, path = ''] = route.split(' ')
        const form = bodyOf(route, state)
        for (const address of [`${path}?${form}`, `${path}?_method=POST&${form}`])
          await browser.request(address, {
            method: 'GET',
            headers: { 'x-http-method-override': 'POST', 'x-http-method': 'POST', 'x-method-override': 'POST', origin },
          })
      }
      expect((await changesIn(state)).filter((change) => !beginnings.test(change))).toEqual([])
    })

    test('a page opened from another site is a page like any other, and begins no session', async () => {
      const browser = await state.again()
      for (const route of getRoutes(state))
        await request(browser, route, state, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })
      const changes = await changesIn(state)
      expect(changes.filter((change) => !beginnings.test(change))).toEqual([])
    })
  })
}
