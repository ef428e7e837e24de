// The four cookies. On https their names carry the `__Host-` prefix, so no other host and no plain connection can plant
// one; over http, which config allows for the machine itself only, browsers would refuse that prefix (RFC 6265bis §4.1.3).

import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { type HttpSettings, isSecure } from './settings.ts'

export type CookieName = 'session' | 'sign-in' | 'browser' | 'round-trip'

function fullName(settings: HttpSettings, name: CookieName): string {
  return `${isSecure(settings) ? '__Host-' : ''}countersign-${name}`
}

/** Reads a cookie; null when it is not there. */
export function readCookie(c: Context, settings: HttpSettings, name: CookieName): string | null {
  return getCookie(c, fullName(settings, name)) || null
}

/** Sets a cookie: never readable by script, sent along only on top-level navigation from elsewhere. No age: ends with the browser. */
export function writeCookie(
  c: Context,
  settings: HttpSettings,
  name: CookieName,
  value: string,
  maxAgeSeconds?: number,
): void {
  setCookie(c, fullName(settings, name), value, {
    path: '/',
    httpOnly: true,
    secure: isSecure(settings),
    sameSite: 'Lax',
    ...(maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds }),
  })
}

/** Takes a cookie away. */
export function clearCookie(c: Context, settings: HttpSettings, name: CookieName): void {
  writeCookie(c, settings, name, '', 0)
}
