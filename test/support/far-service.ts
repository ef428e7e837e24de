// A service that is reached over the network, for the browser of the tests: directly, or through a proxy with TLS.

import { Agent as HttpAgent, request as plainRequest } from 'node:http'
import { Agent, request as tlsRequest } from 'node:https'
import { origin, type TestService } from './service.ts'

export interface Way {
  port: number
  tls: boolean
}

type Ask = TestService['fetch']

/** Makes what asks. A caller's address is one of this machine's own, such as `127.0.0.2`; connections are kept. */
export function askVia({ port, tls }: Way): { ask: Ask; close(): void } {
  const agents = new Map<string, HttpAgent>()
  const agentFor = (address: string) => {
    const known = agents.get(address)
    if (known) return known
    const made = tls ? new Agent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
    agents.set(address, made)
    return made
  }
  const ask: Ask = (path, { method = 'GET', headers = {}, body, from = '127.0.0.1' } = {}) =>
    new Promise((answered, failed) => {
      const options = {
        host: '127.0.0.1',
        port,
        path,
        method,
        headers: { host: new URL(origin).host, ...Object.fromEntries(new Headers(headers)) } as Record<string, string>,
        localAddress: from,
        agent: agentFor(from),
      }
      const name = new URL(origin).hostname
      const sent = tls ? tlsRequest({ ...options, servername: name, rejectUnauthorized: false }) : plainRequest(options)
      sent.on('error', failed)
      sent.on('response', (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('error', failed)
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => {
          const received = new Headers()
          for (let i = 0; i < incoming.rawHeaders.length; i += 2)
            received.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '')
          const status = incoming.statusCode ?? 0
          const empty = status === 204 || status === 304
          answered(new Response(empty ? null : Buffer.concat(chunks), { status, headers: received }))
        })
      })
      if (typeof body === 'string') sent.setHeader('content-length', Buffer.byteLength(body))
      sent.end(body ?? undefined)
    })
  return { ask, close: () => agents.forEach((agent) => void agent.destroy()) }
}

/** What a browser of the tests needs of a service. */
export function farService(ask: Ask): TestService {
  const time = {
    get now() {
      return Date.now()
    },
  }
  return { fetch: ask, time } as unknown as TestService
}
