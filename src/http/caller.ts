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

/** Works out who is calling, and gives the request its number. Only a peer in `trusted` is believed about the address. */
export function callerOf(headers: Headers, connection: Connection | undefined, trusted: BlockList): Caller {
  return {
    address: clientAddress(connection?.remoteAddress ?? 'unknown', headers.get('x-forwarded-for'), trusted),
    userAgent: headers.get('user-agent') ?? '',
    requestId: randomBytes(8).toString('hex'),
    ...(connection?.isGone ? { isGone: connection.isGone } : {}),
  }
}

function clientAddress(peer: string, forwarded: string | null, trusted: BlockList): string {
  let address = plain(peer)
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
