// A browser of somebody in the town: it keeps cookies, calls from an address of its own, and follows nothing by itself, so that
// each request is one operation of the history.

import { randomBytes } from 'node:crypto'
import { origin } from '../support/origin.ts'
import type { Answer, Way } from './way.ts'

const sessionCookie = '__Host-countersign-session'

let callers = 0

export class Caller {
  readonly cookies = new Map<string, string>()
  /** What the session of this browser is called in the history; null while it has none. */
  credential: string | null = null
  /** What the sign-in in progress is called. */
  signIn: string | null = null
  /** Where its sign-in began, and in which life of that process. */
  begunAt: { place: number; life: number } | null = null
  /** True when the session was begun with a second factor. */
  isStrong = false
  readonly #way: Way
  readonly #address: string

  constructor(way: Way) {
    this.#way = way
    callers += 1
    this.#address = `10.${(callers >> 16) & 255}.${(callers >> 8) & 255}.${callers & 255}`
  }

  /** Opens a page. */
  get(place: number, path: string, number = newRequestNumber(), headers = {}): Promise<Answer> {
    return this.#ask(place, { method: 'GET', path, number, headers })
  }

  /** Sends a form as a page of the service would. */
  post(
    place: number,
    path: string,
    form: Readonly<Record<string, string | readonly string[]>>,
    number: string,
  ): Promise<Answer> {
    const body = new URLSearchParams()
    for (const [name, value] of Object.entries(form))
      for (const one of typeof value === 'string' ? [value] : value) body.append(name, one)
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin, 'sec-fetch-site': 'same-origin' }
    return this.#ask(place, { method: 'POST', path, number, headers, body: body.toString() })
  }

  /** The same browser as it is now, for whoever keeps an old cookie. */
  copy(): Caller {
    const copy = new Caller(this.#way)
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return Object.assign(copy, {
      credential: this.credential,
      signIn: this.signIn,
      begunAt: this.begunAt,
      isStrong: this.isStrong,
    })
  }

  hasSession(): boolean {
    return this.cookies.has(sessionCookie)
  }

  async #ask(
    place: number,
    request: { method: 'GET' | 'POST'; path: string; number: string; headers: Record<string, string>; body?: string },
  ): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie ? { cookie } : {}), ...request.headers }
    const answer = await this.#way.ask(place, { ...request, address: this.#address, headers })
    for (const line of answer.cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return answer
  }
}

/** Makes the number of a request, as a proxy does. */
export function newRequestNumber(): string {
  return randomBytes(12).toString('hex')
}
