// The listener: one HTTP server in front of the service, and its orderly end. Whoever restarts it behind a proxy loses no
// request: it goes on answering for a moment, lets every connection go with its answer, and closes when nobody is at the door.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Service } from './service.ts'
import { type Duration, seconds } from './time.ts'

export interface Listening {
  port: number
  /** Goes on answering for `grace`, then takes no new connections; `within` all in all, running requests are ended. */
  stop(times?: { grace: Duration; within: Duration }): Promise<void>
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
  const goodbye = createGoodbye()
  const server = createServer({ connectionsCheckingInterval: seconds(1) }, (request, response) => {
    goodbye.watch(response)
    response.once('finish', () => discardRest(request))
    void answer(request, response)
  })
  // Slow requests are ended: the whole of one must arrive within 30 seconds, its headers within 10. Node.js would look for
  // such every 30 seconds only.
  server.requestTimeout = seconds(30)
  server.headersTimeout = seconds(10)
  server.keepAliveTimeout = seconds(65)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host === null ? {} : { host }) }, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    stop: async ({ grace, within } = { grace: 0, within: seconds(4) }) => {
      goodbye.say()
      await wait(grace)
      await quietMoment(server)
      await close(server, within - grace)
    },
  }
}

/**
 * Takes in what is left of a request that was answered before all of it was read, such as one that is too long: the next one
 * on its connection comes behind it. Whatever had begun to read it would stop it, and is told nothing more.
 */
function discardRest(request: IncomingMessage): void {
  if (request.readableEnded) return
  request.removeAllListeners('data')
  request.resume()
}

/** Lets connections go: once it is said, each answer that has not begun tells the other side to use another connection. */
function createGoodbye() {
  const open = new Set<ServerResponse>()
  let said = false
  const letGo = (response: ServerResponse) => {
    if (!response.headersSent) response.shouldKeepAlive = false
  }
  return {
    watch(response: ServerResponse): void {
      if (said) letGo(response)
      open.add(response)
      response.once('close', () => open.delete(response))
    },
    say(): void {
      said = true
      open.forEach(letGo)
    },
  }
}

const wait = (duration: Duration) => new Promise<void>((done) => setTimeout(done, duration))
const turnOfTheLoop = () => new Promise<number>((done) => setImmediate(() => done(performance.now())))

/**
 * Waits, not for long, for a turn of the event loop in which nobody came and nothing took time. A connection that the kernel
 * has taken and we have not is reset when the listener closes; right after such a turn there is hardly one.
 */
async function quietMoment(server: Server): Promise<void> {
  let came = 0
  server.on('connection', () => {
    came += 1
  })
  const began = await turnOfTheLoop()
  for (let last = began, now = began; now - began < 300; last = now) {
    const before = came
    now = await turnOfTheLoop()
    if (came === before && now - last < 0.2) return
  }
}

async function close(server: Server, within: Duration): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // What was being answered when the goodbye was said may have promised to keep its connection.
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  const last = setTimeout(() => server.closeAllConnections(), within)
  await closed
  clearInterval(idle)
  clearTimeout(last)
}
