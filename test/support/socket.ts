// The service behind a real socket, and requests written by hand, for what no HTTP client would send.

import { connect } from 'node:net'
import { listen } from '../../src/server.ts'
import type { TestService } from './service.ts'

export interface RawAnswer {
  status: number
  headers: Headers
  body: string
}

/** Listens on a free port of this machine. */
export async function openSocket(running: TestService) {
  const listening = await listen(running.service, { port: 0, host: '127.0.0.1' })
  return {
    /** Sends these lines as they are, with a blank line and a body behind them, and reads what comes back. */
    send: (lines: readonly string[], body = '') => send(listening.port, `${lines.join('\r\n')}\r\n\r\n${body}`),
    close: () => listening.stop({ grace: 0, within: 0 }),
  }
}

function send(port: number, text: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let received = ''
    socket.setTimeout(5000, () => socket.destroy(new Error('There was no answer.')))
    socket.on('data', (data) => {
      received += data.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(parse(received)))
  })
}

function parse(received: string): RawAnswer {
  const [head = '', ...rest] = received.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = new Headers()
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim())
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n') }
}
