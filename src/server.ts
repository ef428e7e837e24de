// The listener: one HTTP server in front of the service, and its orderly end.

import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Service } from './service.ts'
import { seconds } from './time.ts'

export interface Listening {
  port: number
  /** Takes no new connections, lets running requests finish for at most `within` milliseconds, then ends them. */
  stop(within?: number): Promise<void>
}

/** Begins to listen; rejects when the port is taken. */
export async function listen(
  service: Service,
  { port, host }: { port: number; host: string | null },
): Promise<Listening> {
  const answer = getRequestListener(
    (request, env) => {
      const { socket } = (env as { incoming: { socket: Socket } }).incoming
      return service.fetch(request, {
        remoteAddress: socket.remoteAddress ?? 'unknown',
        isGone: () => socket.destroyed,
      })
    },
    // A host or path that makes no URL never comes to a door; its answer carries the same headers all the same.
    { errorHandler: (error) => service.fault(error instanceof RequestError ? 400 : 500, error) },
  )
  const server = createServer((request, response) => void answer(request, response))
  // Slow requests are ended: the whole of one must arrive within 30 seconds, its headers within 10.
  server.requestTimeout = seconds(30)
  server.headersTimeout = seconds(10)
  server.keepAliveTimeout = seconds(65)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host === null ? {} : { host }) }, resolve)
  })
  return { port: (server.address() as AddressInfo).port, stop: (within = seconds(4)) => stop(server, within) }
}

async function stop(server: Server, within: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), within)
  await closed
  clearTimeout(timer)
}
