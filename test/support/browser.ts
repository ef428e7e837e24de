// A browser as far as the service can tell: it keeps cookies, says where its requests come from, follows redirects, and
// fills in forms by what is in the page. Nothing here knows how the service works inside.

import { hotp, stepAt } from '../../src/totp/otp.ts'
import { origin } from './origin.ts'
import type { TestService } from './service.ts'

export interface Page {
  status: number
  /** The path and query where the redirects ended. */
  at: string
  /** Every path on the way. */
  passed: string[]
  html: string
  headers: Headers
}

export class Browser {
  readonly cookies = new Map<string, string>()
  readonly service: TestService
  readonly #address: string

  constructor(service: TestService, address = '192.0.2.1') {
    this.service = service
    this.#address = address
  }

  /** Opens a page and follows redirects. */
  open(path: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.#go(path, { method: 'GET', headers })
  }

  /** Sends a form as a page of the service would, and follows redirects. */
  send(
    path: string,
    fields: Record<string, string | readonly string[]>,
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const body = new URLSearchParams()
    for (const [name, value] of Object.entries(fields))
      for (const one of typeof value === 'string' ? [value] : value) body.append(name, one)
    return this.#go(path, {
      method: 'POST',
      body: body.toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin,
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
    })
  }

  /** One request, without following anything; cookies are kept. */
  async request(
    path: string,
    init: { method: string; body?: string; headers: Record<string, string> },
  ): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await this.service.fetch(path, {
      ...init,
      from: this.#address,
      headers: { ...(cookie ? { cookie } : {}), ...init.headers },
    })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const name = pair.slice(0, pair.indexOf('='))
      const value = pair.slice(pair.indexOf('=') + 1)
      if (/max-age=0/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }

  async #go(path: string, init: { method: string; body?: string; headers: Record<string, string> }): Promise<Page> {
    const passed = [path]
    let response = await this.request(path, init)
    for (let hops = 0; response.status >= 300 && response.status < 400; hops += 1) {
      if (hops > 10) throw new Error(`Too many redirects: ${passed.join(' ')}`)
      const location = new URL(response.headers.get('location') ?? '/', origin)
      if (location.origin !== origin) throw new Error(`Led away to ${location}`)
      passed.push(`${location.pathname}${location.search}`)
      response = await this.request(passed.at(-1) ?? '/', { method: 'GET', headers: {} })
    }
    return {
      status: response.status,
      at: passed.at(-1) ?? path,
      passed,
      html: await response.text(),
      headers: response.headers,
    }
  }

  get session(): string | undefined {
    return this.cookies.get('__Host-countersign-session')
  }

  get signIn(): string | undefined {
    return this.cookies.get('__Host-countersign-sign-in')
  }

  /** Forgets everything, as a new browser. */
  forget(): void {
    this.cookies.clear()
  }
}

/** Values of the inputs with this name, in order. */
export function inputs(html: string, name: string): string[] {
  return [...html.matchAll(/<input\b[^>]*>/g)].flatMap(([tag]) => {
    if (attribute(tag, 'name') !== name) return []
    return [attribute(tag, 'value') ?? '']
  })
}

function attribute(tag: string, name: string): string | undefined {
  return decoded(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1])
}

/** The text of a page, without tags, white space folded. */
export function textOf(html: string): string {
  const body = html.replace(/<head>[\s\S]*?<\/head>/, ' ').replace(/<[^>]+>/g, ' ')
  return (decoded(body) ?? '').replace(/\s+/g, ' ').trim()
}

function decoded(text: string | undefined): string | undefined {
  return text
    ?.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Decodes the secret as an authenticator app would. */
export function secretBytes(key: string): Buffer {
  let bits = ''
  for (const character of key) bits += base32.indexOf(character).toString(2).padStart(5, '0')
  return Buffer.from((bits.match(/[01]{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

/** The code that the app shows at a time, or some steps away from it. */
export function codeAt(key: string, now: number, stepsAway = 0): string {
  return hotp(secretBytes(key), stepAt(now) + stepsAway)
}

/** A code that is wrong at this time, in every step near by. */
export function wrongCode(key: string, now: number): string {
  const near = new Set(Array.from({ length: 400 }, (_, index) => codeAt(key, now, index - 200)))
  for (let guess = 0; ; guess += 1) {
    const code = String(guess).padStart(6, '0')
    if (!near.has(code)) return code
  }
}
