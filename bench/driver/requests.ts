// The requests of the benchmark as they go over the wire, with what a browser behind a proxy sends along.

import { addressOf } from '../seeding/people.ts'
import { userAgent } from '../seeding/rows.ts'

export interface RequestParts {
  port: number
  method?: 'GET' | 'POST'
  path: string
  /** Whose browser it is, which decides the address that it comes from. */
  person: number
  cookie?: string
  form?: Readonly<Record<string, string>>
}

/** Writes a request. */
export function writeRequest({ port, method = 'GET', path, person, cookie, form }: RequestParts): string {
  const body = form === undefined ? '' : new URLSearchParams(form).toString()
  const origin = `http://localhost:${port}`
  return [
    `${method} ${path} HTTP/1.1`,
    `Host: localhost:${port}`,
    `X-Forwarded-For: ${addressOf(person)}`,
    `User-Agent: ${userAgent}`,
    'Accept: text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8',
    'Accept-Language: en-US,en;q=0.5',
    'Accept-Encoding: gzip, br',
    ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
    ...(form === undefined
      ? []
      : [
          `Origin: ${origin}`,
          'Sec-Fetch-Site: same-origin',
          'Content-Type: application/x-www-form-urlencoded',
          `Content-Length: ${body.length}`,
        ]),
    '',
    body,
  ].join('\r\n')
}

/** Reads the cookies that an answer sets, as name and value; one that is taken away has none. */
export function cookiesIn(head: string): [name: string, value: string][] {
  return [...head.matchAll(/\r\nset-cookie: ([^=]+)=([^;\r]*)/gi)].map(([, name = '', value = '']) => [name, value])
}

/** Reads where an answer leads; null when it leads nowhere. */
export function locationIn(head: string): string | null {
  return /\r\nlocation: (\S+)\r\n/i.exec(head)?.[1] ?? null
}
