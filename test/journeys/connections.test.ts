// What happens on a connection that is kept: one request comes after the other, whatever became of the one before.

import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Listening, listen } from '../../src/server.ts'
import { origin, startService, type TestService } from '../support/service.ts'

let running: TestService
let listening: Listening
let agent: Agent
beforeEach(async () => {
  running = await startService()
  listening = await listen(running.service, { port: 0, host: '127.0.0.1' })
  agent = new Agent({ keepAlive: true, maxSockets: 1 })
})
afterEach(async () => {
  agent.destroy()
  await listening.stop({ grace: 0, within: 0 })
  await running.stop()
})

interface Sent {
  status: number
  reused: boolean
}

/** Sends a form of a length, in pieces as they come from a browser or a proxy; without saying how long it is where asked to. */
function post(path: string, size: number, { type = 'application/x-www-form-urlencoded', chunked = false } = {}) {
  return new Promise<Sent>((answered, failed) => {
    const length = chunked ? {} : { 'content-length': String(size) }
    const headers = { host: 'sign-in.test', origin, 'content-type': type, ...length }
    const sent = request({ host: '127.0.0.1', port: listening.port, path, method: 'POST', agent, headers })
    sent.on('error', failed)
    sent.on('response', (response) => {
      response.resume()
      response.on('end', () => answered({ status: response.statusCode ?? 0, reused: sent.reusedSocket }))
    })
    let left = size
    const more = (): void => {
      while (left > 0) {
        const piece = Math.min(left, 16_384)
        left -= piece
        if (!sent.write('x'.repeat(piece))) return void sent.once('drain', more)
      }
      sent.end()
    }
    more()
  })
}

const upload = { type: 'multipart/form-data; boundary=x' }

test.each([
  ['is too long', () => post('/sign-in', 500_000), 413],
  ['comes from who is not signed in', () => post('/admin/settings/branding', 300_000, upload), 303],
  ['is sent to where nothing is', () => post('/nothing', 60_000), 404],
  ['is of the wrong kind', () => post('/sign-in', 60_000, upload), 415],
])('a request that %s harms none that comes after it on its connection', async (_, refused, status) => {
  const first = await refused()
  expect(first.status).toBe(status)
  for (let next = 0; next < 3; next += 1) {
    // The next one comes at once, and one that is answered slowly is not cut off.
    const answer = await post('/sign-in', 10)
    expect(answer).toEqual({ status: 422, reused: true })
    expect((await refused()).status).toBe(status)
  }
})

test('a request that does not say how long it is, and is too long, is refused as well', async () => {
  expect((await post('/sign-in', 500_000, { chunked: true })).status).toBe(413)
  expect((await post('/sign-in', 10)).status).toBe(422)
})

test('a request that broke off is no fault of the service: the log has a line, and no error', async () => {
  const body = 'email=a'
  const socket = connect(listening.port, '127.0.0.1')
  socket.write(
    `POST /sign-in HTTP/1.1\r\nHost: sign-in.test\r\nOrigin: ${origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\n${body}`,
  )
  await new Promise((resolve) => setTimeout(resolve, 100))
  socket.destroy()
  await vi.waitFor(() => expect(running.logged.join()).toContain('"path":"/sign-in"'))
  expect(running.logged.join()).toContain('"refused":"bad-request"')
  expect(running.logged.join()).not.toContain('ERROR')
})

test('whoever does not get done with the headers of a request is cut off after ten seconds', {
  timeout: 20_000,
}, async () => {
  const began = performance.now()
  const socket = connect(listening.port, '127.0.0.1')
  socket.write('GET /sign-in HTTP/1.1\r\nHost: sign-in.test\r\nX-Slow: ')
  socket.resume()
  await once(socket, 'close')
  expect(performance.now() - began).toBeLessThan(15_000)
})
