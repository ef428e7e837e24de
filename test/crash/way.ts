/**
 * How clients reach the processes of a stage, as through a proxy: connections are kept, the address of the caller is told, and
 * so is the number of the request. Whoever wants to strike at a certain moment of a request is told of each.
 */
import { EventEmitter } from 'node:events'
import { Agent, request as send } from 'node:http'
import { origin } from '../support/origin.ts'

export interface Answer {
  status: number
  /** Path and query of where it leads; null when it leads nowhere. */
  to: string | null
  cookies: readonly string[]
  body: string
}

/** The request may have been carried out or not: nobody was told. */
export class Lost extends Error {}

/** The request reached nobody, so it was not carried out. */
export class Unreached extends Error {}

export interface Request {
  method: 'GET' | 'POST'
  path: string
  /** The number of the request, as a proxy gives it. */
  number: string
  address: string
  headers: Readonly<Record<string, string>>
  body?: string
}

/** A moment of a request that may change something, at one of the places. */
export type Moment = 'sent' | 'answering' | 'answered'

export interface Way {
  ask(place: number, request: Request): Promise<Answer>
  /** Tells of moments: `on('sent', (place) => …)`. */
  moments: EventEmitter<Record<Moment, [place: number]>>
  /** Requests that were answered with 500: the service has a fault. */
  faults: { request: string; says: string }[]
  close(): void
}

/** Opens the way to the processes that listen on these ports. Whoever gets no answer within `patience` gives up. */
export function openWay(ports: readonly number[], patience: number): Way {
  const agents = ports.map(() => new Agent({ keepAlive: true }))
  const moments: Way['moments'] = new EventEmitter()
  const faults: Way['faults'] = []
  const ask = (place: number, { method, path, number, address, headers, body }: Request) =>
    new Promise<Answer>((answered, failed) => {
      const tell = (moment: Moment) => method === 'POST' && moments.emit(moment, place)
      const sent = send({
        host: '127.0.0.1',
        port: ports[place],
        path,
        method,
        agent: agents[place],
        headers: {
          host: new URL(origin).host,
          'x-forwarded-for': address,
          'x-request-id': number,
          ...headers,
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        },
      })
      const fail = (error: NodeJS.ErrnoException) =>
        failed(error.code === 'ECONNREFUSED' ? new Unreached(error.message) : new Lost(error.message))
      sent.setTimeout(patience, () => sent.destroy(new Error(`no answer within ${patience} ms`)))
      sent.once('error', fail)
      sent.once('finish', () => tell('sent'))
      sent.once('response', (incoming) => {
        tell('answering')
        let text = ''
        incoming.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        incoming.once('error', fail)
        incoming.once('aborted', () => fail(new Error('the answer broke off')))
        incoming.once('end', () => {
          if (!incoming.complete) return
          tell('answered')
          const status = incoming.statusCode ?? 0
          if (status === 500)
            faults.push({ request: number, says: `${method} ${path.split('?')[0]} was answered with 500` })
          // What went wrong on the way may have been committed.
          if (status >= 500) return failed(new Lost(`status ${status}`))
          const location = incoming.headers.location
          const to = location === undefined ? null : new URL(location, origin)
          const leads = to && `${to.pathname}${to.search}`
          answered({ status, to: leads, cookies: incoming.headers['set-cookie'] ?? [], body: text })
        })
      })
      sent.end(body)
    })
  return {
    ask,
    moments,
    faults,
    close: () => {
      for (const agent of agents) agent.destroy()
    },
  }
}
