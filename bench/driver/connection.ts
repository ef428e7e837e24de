// One keep-alive connection that sends one request at a time, on a bare socket: `node:http` would cost the driver more than
// many an answer costs the service. It knows as much of HTTP/1.1 as our own servers answer with, and gives up on anything else.

import { connect, type Socket } from 'node:net'

export interface Answer {
  status: number
  /** The head as it came, for whoever looks for a cookie or a place to go. */
  head: string
  /** Length of head and body. */
  length: number
}

type Waiting = { settle: (answer: Answer) => void; fail: (error: Error) => void }

export class Connection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #waiting: Waiting | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('The connection was closed.')))
  }

  /** Connects to a port of this machine. */
  static open(port: number): Promise<Connection> {
    return new Promise((opened, failed) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('error', failed)
      socket.once('connect', () => {
        socket.off('error', failed)
        opened(new Connection(socket))
      })
    })
  }

  /** Sends a request as it stands, and waits for the whole answer. */
  send(request: string): Promise<Answer> {
    return new Promise((settle, fail) => {
      this.#waiting = { settle, fail }
      this.#socket.write(request, 'latin1')
    })
  }

  close(): void {
    this.#waiting = null
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    const all = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    let answer: Answer | null
    try {
      answer = readAnswer(all)
    } catch (error) {
      this.#received = Buffer.alloc(0)
      this.#fail(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#received = answer ? Buffer.alloc(0) : all
    if (!answer) return
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.settle(answer)
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.fail(error)
  }
}

/** Reads an answer; null while some of it is missing. */
export function readAnswer(received: Buffer): Answer | null {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return null
  const head = received.toString('latin1', 0, end + 2)
  const status = Number(head.slice(9, 12))
  const told = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1]
  if (told !== undefined) {
    const length = end + 4 + Number(told)
    return received.length < length ? null : { status, head, length }
  }
  if (!/\r\ntransfer-encoding: chunked\r\n/i.test(head)) {
    if (status === 204 || status === 304) return { status, head, length: end + 4 }
    throw new Error(`This answer has no end that the driver knows:\n${head}`)
  }
  return received.subarray(-5).equals(lastChunk) ? { status, head, length: received.length } : null
}

const lastChunk = Buffer.from('0\r\n\r\n')
