import { BlockList } from 'node:net'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { type CookieName, clearCookie, readCookie, writeCookie } from './cookies.ts'

const names: readonly CookieName[] = ['session', 'sign-in', 'browser']
const settingsOf = (url: string) => ({
  url,
  serviceName: 'Countersign',
  trustedProxies: new BlockList(),
  metricsToken: null,
})
const [https, http] = [settingsOf('https://sign-in.test'), settingsOf('http://localhost:8080')]

async function answer(act: (c: Parameters<typeof readCookie>[0]) => unknown, cookie = '') {
  const app = new Hono()
  app.get('/', async (c) => c.json((await act(c)) ?? null))
  const response = await app.request('/', { headers: { cookie } })
  return { set: response.headers.getSetCookie(), read: (await response.json()) as unknown }
}

test.each(names)('on https the %s cookie belongs to this host alone and is out of reach of script', async (name) => {
  const { set } = await answer((c) => writeCookie(c, https, name, 'a-token'))
  expect(set).toHaveLength(1)
  expect(set[0]?.split('; ').sort()).toEqual(
    [`__Host-countersign-${name}=a-token`, 'HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'].sort(),
  )
})

test.each(names)('on http, for the machine itself, the %s cookie has a plain name', async (name) => {
  const { set } = await answer((c) => writeCookie(c, http, name, 'a-token'))
  expect(set[0]?.split('; ').sort()).toEqual(
    [`countersign-${name}=a-token`, 'HttpOnly', 'Path=/', 'SameSite=Lax'].sort(),
  )
})

test('a cookie ends with the browser unless it is given an age', async () => {
  const { set } = await answer((c) => writeCookie(c, https, 'browser', 'x', 60))
  expect(set[0]).toContain('Max-Age=60')
})

test('a cookie is taken away under the name it was set with', async () => {
  const { set } = await answer((c) => clearCookie(c, https, 'session'))
  expect(set[0]).toMatch(/^__Host-countersign-session=; /)
  expect(set[0]).toContain('Max-Age=0')
  expect(set[0]).toContain('Path=/')
  expect(set[0]).toContain('Secure')
})

test('on https a cookie without the prefix, which another host could plant, is not read', async () => {
  const read = async (cookie: string) => (await answer((c) => readCookie(c, https, 'session'), cookie)).read
  expect(await read('__Host-countersign-session=a')).toBe('a')
  expect(await read('countersign-session=a')).toBeNull()
  expect(await read('__Secure-countersign-session=a')).toBeNull()
  expect(await read('__Host-countersign-session=')).toBeNull()
  expect(await read('')).toBeNull()
})
