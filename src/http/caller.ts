// Who is calling: address, browser and a number for this request. A forwarded address is believed only from a proxy that
// the operator named, and only as far back as the last one that is not: whatever stands further left, a client may have made up.

import { randomBytes } from 'node:crypto'
import { type BlockList, isIP } from 'node:net'
import type { Caller } from '../audit/record.ts'

/** What the listener tells about the connection. */
export interface Connection {
  remoteAddress: string
  /** True once it is closed. */
  isGone?: () => boolean
}

/** What a proxy may call a request: nothing that could be taken for something else in a log. */
const requestIdForm = /^[\w.-]{8,64}$/

/** Works out who is calling, and which number the request has. Only a peer in `trusted` is believed about either. */
export function callerOf(headers: Headers, connection: Connection | undefined, trusted: BlockList): Caller {
  const peer = plain(connection?.remoteAddress ?? 'unknown')
  const given = isTrusted(peer, trusted) ? headers.get('x-request-id') : null
  return {
    address: clientAddress(peer, headers.get('x-forwarded-for'), trusted),
    userAgent: headers.get('user-agent') ?? '',
    requestId: given !== null && requestIdForm.test(given) ? given : newRequestId(),
    ...(connection?.isGone ? { isGone: connection.isGone } : {}),
  }
}

const drawn = { bytes: Buffer.alloc(0), used: 0 }

/** Draws a number for a request. Random bytes come in batches: it is a name and no secret, and drawing few at a time is slow. */
function newRequestId(): string {
  if (drawn.used === drawn.bytes.length) {
    drawn.bytes = randomBytes(4096)
    drawn.used = 0
  }
  drawn.used += 8
  return drawn.bytes.toString('hex', drawn.used - 8, drawn.used)
}

function clientAddress(peer: string, forwarded: string | null, trusted: BlockList): string {
  let address = peer
  const hops = (forwarded ?? '').split(',').map((hop) => plain(hop.trim()))
  while (isTrusted(address, trusted)) {
    const previous = hops.pop()
    if (!previous || isIP(previous) === 0) break
    address = previous
  }
  return address
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address)
  return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Writes an IPv4 address that came over an IPv6 socket as what it is, and drops an IPv6 zone. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=[0-9.]+$)/i, '').replace(/%.*$/, '')
}
