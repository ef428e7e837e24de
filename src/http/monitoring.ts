// Who may read the metrics: whoever bears the token of the settings. Where none is set, only this machine, and only while
// the public address is this machine too: behind a proxy, everybody would seem to be. Everybody else is told that
// nothing is there.

import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from '../refusal.ts'
import type { Connection } from './caller.ts'
import { type HttpSettings, isSecure } from './settings.ts'

/** Headers with which proxies say that they hand on what somebody else asked. */
const signsOfProxy = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']

/** Throws `not-found` for whoever may not read the metrics. */
export function mustMonitor(
  { headers, url }: Request,
  token: string | null,
  connection: Connection | undefined,
  settings: HttpSettings,
): void {
  const allowed =
    settings.metricsToken === null
      ? !isSecure(settings) &&
        isLoopback(connection?.remoteAddress ?? '') &&
        isLoopback(new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')) &&
        !signsOfProxy.some((name) => headers.has(name))
      : token !== null && isSame(token, settings.metricsToken)
  if (!allowed) throw new Refusal('not-found')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^(?:::ffff:)?127(?:\.\d+){3}$/.test(host)
}

/** Compares digests, so that neither content nor length shows in the time that it takes. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
