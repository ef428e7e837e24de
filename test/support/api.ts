// Programs that call the API: with a token, or from a page with somebody's session.

import { type Description, faultOf, operationAt } from '../../scripts/check-api/answers.ts'
import { addAccessToken } from '../../src/access-tokens/access-tokens.ts'
import type { Scope } from '../../src/access-tokens/scopes.ts'
import { days } from '../../src/time.ts'
import type { Browser } from './browser.ts'
import type { Person } from './people.ts'
import { origin, type TestService } from './service.ts'

export interface ApiAnswer {
  status: number
  headers: Headers
  /** The JSON that came; an empty object where nothing did. */
  body: Record<string, unknown>
}

/** Reads an answer, and holds it to the description: what no operation is described to answer is a fault of the service. */
const readAnswer = async (running: TestService, call: string, response: Response): Promise<ApiAnswer> => {
  const text = await response.text()
  const description = running.service.apiDescription as unknown as Description
  const [method = '', path = ''] = call.split(' ')
  const operation = operationAt(description, method, path)
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  const fault = operation && faultOf(description, operation, { status: response.status, type, text })
  if (fault) throw new Error(`${call} ${fault}`)
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}

/** Calls with a token and nothing else, as a program does. `call` is such as `GET /api/v1/me`. */
export async function callByToken(
  running: TestService,
  token: string,
  call: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const [method = '', path = ''] = call.split(' ')
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const all = { authorization: `Bearer ${token}`, ...type, ...headers }
  return readAnswer(running, call, await running.fetch(path, { method, ...json, headers: all }))
}

/** Calls with the session of a browser, as script on a page of the service does. */
export async function callBySession(
  browser: Browser,
  call: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const [method = '', path = ''] = call.split(' ')
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const all = { origin, 'sec-fetch-site': 'same-origin', ...type, ...headers }
  return readAnswer(browser.service, call, await browser.request(path, { method, ...json, headers: all }))
}

/** Gives somebody a token past the pages, whatever their role; making one has journeys of its own. */
export async function addToken(
  running: TestService,
  { id: userId }: Pick<Person, 'id'>,
  scopes: readonly Scope[] = ['profile:read'],
  life = days(90),
): Promise<{ id: string; token: string }> {
  const token = { userId, name: 'Nightly report', scopes, life, now: running.time.now }
  return running.db.transaction().execute((trx) => addAccessToken(trx, token))
}
