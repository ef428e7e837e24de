// A stretch of network between a client and a server, which a test can break: stall it (nothing passes any more, nobody is
// told), cut it (every connection is reset), refuse it (nobody answers at the port).

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface Proxy {
  port: number
  /** From now on nothing passes; what was sent meanwhile waits. `answers` alone: only from the server to the client. */
  stall(what?: 'everything' | 'answers'): void
  /** Everything passes again, also what has waited. */
  flow(): void
  /** Breaks every connection that there is; new ones may be made. */
  cut(): void
  /** Breaks every connection, and listens no more. */
  refuse(): Promise<void>
  /** Listens again, at the same port. */
  listen(): Promise<void>
  /** Connections that were made so far. */
  made(): number
  close(): Promise<void>
}

/** Opens one in front of a server at a port of this machine. */
export async function openProxy(target: { host: string; port: number }): Promise<Proxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>()
  let stalled: 'everything' | 'answers' | null = null
  let port = 0
  let made = 0
  let server: Server | null = null

  const regulate = ({ client, server: behind }: { client: Socket; server: Socket }) => {
    if (stalled === 'everything') client.pause()
    else client.resume()
    if (stalled === null) behind.resume()
    else behind.pause()
  }
  const accept = (client: Socket) => {
    made += 1
    const pair = { client, server: connect(target) }
    pairs.add(pair)
    for (const [from, to] of [
      [client, pair.server],
      [pair.server, client],
    ] as const) {
      from.on('data', (chunk) => to.write(chunk))
      from.on('error', () => {})
      from.on('close', () => {
        pairs.delete(pair)
        to.destroy()
      })
    }
    regulate(pair)
  }
  const cut = () => {
    for (const { client, server: behind } of pairs) {
      client.resetAndDestroy()
      behind.resetAndDestroy()
    }
    pairs.clear()
  }
  const refuse = async () => {
    const closing = server
    server = null
    const closed = new Promise<void>((resolve) => (closing ? closing.close(() => resolve()) : resolve()))
    cut()
    await closed
  }
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      const opened = createServer({ noDelay: true }, accept)
      opened.once('error', reject)
      opened.listen(port, '127.0.0.1', () => {
        server = opened
        port = (opened.address() as AddressInfo).port
        resolve()
      })
    })
  await listen()
  return {
    get port() {
      return port
    },
    stall: (what = 'everything') => {
      stalled = what
      for (const pair of pairs) regulate(pair)
    },
    flow: () => {
      stalled = null
      for (const pair of pairs) regulate(pair)
    },
    cut,
    refuse,
    listen,
    made: () => made,
    close: refuse,
  }
}

/** Opens one in front of the PostgreSQL of this address, and gives the address of the same database through it. */
export async function openProxyTo(url: string): Promise<Proxy & { url: string }> {
  const { hostname, port } = new URL(url)
  const proxy = await openProxy({ host: hostname, port: Number(port) })
  const through = new URL(url)
  through.port = String(proxy.port)
  return Object.assign(proxy, { url: through.href })
}
