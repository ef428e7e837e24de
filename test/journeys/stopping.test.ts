// How the process stops: so that whoever restarts it behind a proxy loses no request, and nobody waits for it for long.

import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { needsBuild } from '../support/built.ts'
import { firstAdministrator } from '../support/installations.ts'
import { password } from '../support/people.ts'
import { type ServiceProcess, startProcess } from '../support/process.ts'

let service: ServiceProcess
let sockets: Socket[]
needsBuild()
beforeEach(async () => {
  sockets = []
  service = await startProcess(firstAdministrator)
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await service.stop()
})

interface Answer {
  status: number
  head: string
  body: string
}

/** A connection of its own, on which one request after the other is asked. */
async function open(): Promise<{ socket: Socket; ask(path: string): Promise<Answer>; closed: Promise<void> }> {
  const socket = connect(Number(new URL(service.url).port), 'localhost')
  sockets.push(socket)
  socket.on('error', () => {})
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  await new Promise<void>((connected) => socket.once('connect', connected))
  const ask = (path: string) =>
    new Promise<Answer>((answered, failed) => {
      let text = ''
      const read = (piece: Buffer) => {
        text += piece.toString()
        const [head = '', body] = text.split('\r\n\r\n')
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
        if (body === undefined || Buffer.byteLength(body) < length) return
        socket.off('data', read)
        answered({ status: Number(head.split(' ')[1]), head: head.toLowerCase(), body })
      }
      socket.on('data', read)
      void closed.then(() => failed(new Error('The connection was closed.')))
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    })
  return { socket, ask, closed }
}

async function stop(signal: 'SIGINT' | 'SIGTERM'): Promise<number> {
  const began = performance.now()
  expect(await service.stop(signal)).toBe(0)
  return performance.now() - began
}

/** Asks until the process says that it is going. */
async function untilGoing(): Promise<void> {
  while ((await fetch(`${service.url}/readyz`)).status === 200) await wait(10)
}

test('asked by SIGTERM, it says at once that it is not ready, and answers everything else for a moment', async () => {
  const kept = await open()
  const idle = await open()
  expect((await kept.ask('/readyz')).status).toBe(200)
  expect((await idle.ask('/healthz')).head).not.toContain('connection: close')
  const stopped = stop('SIGTERM')
  await untilGoing()
  const ready = await kept.ask('/readyz')
  expect(ready.status).toBe(503)
  expect(ready.body).toBe('{"status":"stopping"}')
  // A connection that is kept is told to be given up, and is.
  expect(ready.head).toContain('connection: close')
  await kept.closed
  const fresh = await open()
  const answered = await fresh.ask('/sign-in')
  expect(answered.status).toBe(200)
  expect(answered.head).toContain('connection: close')
  const last = await idle.ask('/healthz')
  expect(last.status).toBe(200)
  expect(last.head).toContain('connection: close')
  expect(await stopped).toBeGreaterThan(1000)
  await expect(fetch(`${service.url}/healthz`)).rejects.toThrow()
})

test('a sign-in that is being checked when it is asked to stop is answered', async () => {
  const signIn = () =>
    fetch(`${service.url}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: service.url },
      body: new URLSearchParams({ email: firstAdministrator.COUNTERSIGN_ADMIN_EMAIL, password }),
    })
  const answer = signIn()
  const stopped = service.stop('SIGTERM')
  expect((await answer).headers.get('location')).toBe('/my-profile')
  expect(await stopped).toBe(0)
})

test('it stops within five seconds, also while browsers keep their connections and a request does not come to its end', async () => {
  const kept = await open()
  await kept.ask('/healthz')
  const half = await open()
  half.socket.write(
    `POST /sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: ${service.url}\r\nContent-Length: 100\r\n\r\nemail=`,
  )
  await fetch(`${service.url}/healthz`)
  expect(await stop('SIGTERM')).toBeLessThan(5000)
})

test('asked by SIGINT, as at a terminal, it does not wait for anybody', async () => {
  const kept = await open()
  await kept.ask('/healthz')
  expect(await stop('SIGINT')).toBeLessThan(1500)
})
