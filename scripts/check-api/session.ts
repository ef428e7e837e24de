/** An administrator's session on a service that has just been started, and requests that bear it, a token, or nothing. */
import type { ServiceProcess } from '../../test/support/process.ts'

/** One call of an operation. */
export interface Call {
  what: string
  /** Whose request it is. */
  as: 'session' | 'token' | 'nobody'
  /** What is put into the open parts of the path, by name. A function is asked with what earlier answers left. */
  ids?: (known: Known) => Record<string, string>
  query?: string
  /** The body: a value that is sent as JSON, or a text that is sent as it is. */
  body?: unknown
  type?: string
  status: number
  /** Does what has to be done first, past the API. */
  before?: (known: Known, url: string) => Promise<unknown>
  /** Keeps something of the answer for later calls. */
  keep?: (answer: Record<string, unknown>, known: Known) => void
}

/** What earlier answers left, by name. */
export type Known = Map<string, string>

export interface Caller {
  /** A personal access token with every scope. */
  token: string
  send(method: string, path: string, call: Call): Promise<Response>
}

/** Creates the first administrator with the printed link, and a token of theirs. */
export async function becomeAdministrator({ url, setUpLink }: ServiceProcess): Promise<Caller> {
  const token = new URL(setUpLink ?? url).searchParams.get('token') ?? ''
  const form = { token, email: 'admin@example.org', name: 'Admin', password: 'four words nobody would guess' }
  const arrived = await fetch(`${url}/set-up`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { origin: url },
    redirect: 'manual',
  })
  const cookie = arrived.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const known: Known = new Map()
  const send = async (method: string, path: string, call: Call) => {
    await call.before?.(known, url)
    const address = path.replace(/\{(\w+)\}/g, (_, name: string) => call.ids?.(known)[name] ?? '')
    const identity: Record<string, Record<string, string>> = {
      session: { cookie, origin: url },
      token: { authorization: `Bearer ${known.get('token')}` },
      nobody: { origin: url },
    }
    const type: Record<string, string> =
      call.body === undefined && call.type === undefined ? {} : { 'content-type': call.type ?? 'application/json' }
    const body = call.body === undefined || typeof call.body === 'string' ? call.body : JSON.stringify(call.body)
    const response = await fetch(`${url}${address}${call.query ?? ''}`, {
      method,
      ...(body === undefined ? {} : { body }),
      headers: { ...identity[call.as], ...type },
    })
    if (call.keep && response.ok) call.keep((await response.clone().json()) as Record<string, unknown>, known)
    return response
  }
  const scopes = [
    'profile:read',
    'profile:write',
    'sessions:read',
    'sessions:write',
    'users:read',
    'users:write',
    'groups:write',
    'settings:read',
    'audit:read',
  ]
  await send('POST', '/api/v1/me/tokens', {
    what: '',
    as: 'session',
    body: { name: 'check:api', scopes },
    status: 201,
    keep: (made) => known.set('token', String(made.token)),
  })
  return { send, token: known.get('token') ?? '' }
}
