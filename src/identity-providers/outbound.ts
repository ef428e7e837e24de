// The one door by which identity providers are asked: discovery, keys, tokens, metadata. Addresses come from administrators
// and from what providers say of themselves, so none is trusted: https only, no redirects, no credentials, 5 seconds and
// 512 KiB at most, and only public addresses. A name is resolved once, judged, and connected to as it was judged, so that
// it cannot come to mean another machine in between.

import { lookup } from 'node:dns/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { type Duration, seconds } from '../time.ts'

export const longestWait: Duration = seconds(5)
export const largestAnswer = 512 * 1024

export type OutboundFault =
  | 'not-an-address'
  | 'not-https'
  | 'has-credentials'
  | 'unknown-host'
  | 'private-address'
  | 'too-large'
  | 'too-slow'
  | 'unreachable'

/** Why a provider was not asked, or did not answer. */
export class OutboundRefused extends Error {
  readonly because: OutboundFault
  readonly host: string
  constructor(because: OutboundFault, host: string, cause?: unknown) {
    super(`${because}: ${host}`, { cause })
    this.name = 'OutboundRefused'
    this.because = because
    this.host = host
  }
}

export interface OutboundOptions {
  method?: string
  headers?: Record<string, string>
  body?: unknown
  signal?: AbortSignal
}

export type Outbound = (address: string, options?: OutboundOptions) => Promise<Response>

export interface OutboundRules {
  /** Providers on this machine or in this network may be asked, on this machine over http as well. */
  allowsPrivate: boolean
  /** Resolves names; the machine's own way where none is given. */
  resolve?: (host: string) => Promise<readonly { address: string; family: number }[]>
}

/** Makes the door. */
export function createOutbound({ allowsPrivate, resolve = resolveByMachine }: OutboundRules): Outbound {
  return async (address, options = {}) => {
    const url = parse(address)
    const deadline = AbortSignal.timeout(longestWait)
    const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline
    try {
      const addresses = await resolved(url, resolve, signal)
      if (!addresses.every((one) => mayBeAsked(one.address, allowsPrivate)))
        throw new OutboundRefused('private-address', url.hostname)
      const onThisMachine = addresses.every((one) => isLoopback(one.address))
      if (url.protocol !== 'https:' && !(allowsPrivate && onThisMachine))
        throw new OutboundRefused('not-https', url.hostname)
      return await ask(url, addresses, { ...options, signal })
    } catch (error) {
      if (error instanceof OutboundRefused) throw error
      throw new OutboundRefused(deadline.aborted ? 'too-slow' : 'unreachable', url.hostname, error)
    }
  }
}

function parse(address: string): URL {
  if (!URL.canParse(address)) throw new OutboundRefused('not-an-address', '')
  const url = new URL(address)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new OutboundRefused('not-https', url.hostname)
  if (url.username !== '' || url.password !== '') throw new OutboundRefused('has-credentials', url.hostname)
  return url
}

type Addresses = readonly { address: string; family: number }[]

function resolveByMachine(host: string): Promise<Addresses> {
  return lookup(host, { all: true, verbatim: true })
}

async function resolved(
  { hostname }: URL,
  resolve: (host: string) => Promise<Addresses>,
  signal: AbortSignal,
): Promise<Addresses> {
  const literal = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(literal)
  if (family !== 0) return [{ address: literal, family }]
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  const addresses = await Promise.race([
    resolve(hostname).catch((cause: unknown) => {
      throw new OutboundRefused('unknown-host', hostname, cause)
    }),
    late,
  ])
  if (addresses.length === 0) throw new OutboundRefused('unknown-host', hostname)
  return addresses
}

function ask(
  url: URL,
  addresses: Addresses,
  { method = 'GET', headers = {}, body, signal }: OutboundOptions,
): Promise<Response> {
  return new Promise((settle, fail) => {
    const request = (url.protocol === 'https:' ? https : http).request(
      url,
      {
        method,
        headers,
        agent: false,
        ...(signal ? { signal } : {}),
        lookup: (_, options, callback) => {
          const [first] = addresses
          if (options.all)
            callback(
              null,
              addresses.map((one) => ({ ...one })),
            )
          else callback(null, first?.address ?? '', first?.family ?? 0)
        },
      },
      (answer) => {
        const chunks: Buffer[] = []
        let size = 0
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > largestAnswer) request.destroy(new OutboundRefused('too-large', url.hostname))
          else chunks.push(chunk)
        })
        answer.on('error', fail)
        answer.on('end', () => {
          try {
            settle(responseOf(answer, Buffer.concat(chunks)))
          } catch (error) {
            fail(error)
          }
        })
      },
    )
    request.on('error', fail)
    request.end(body === undefined || body === null ? undefined : bytesOf(body))
  })
}

function bytesOf(body: unknown): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new Error('A body of this kind cannot be sent.')
}

function responseOf(answer: http.IncomingMessage, body: Buffer): Response {
  const status = answer.statusCode ?? 0
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  const isEmpty = status === 204 || status === 205 || status === 304
  return new Response(isEmpty ? null : new Uint8Array(body), { status, headers })
}

const loopback = listOf([
  ['127.0.0.0', 8],
  ['::1', 128],
])
/** Never a provider, whatever is set: among them the addresses by which clouds hand out their own credentials. */
const never = listOf([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
])
/** Addresses of networks that are not the public one (RFC 6890). */
const special = listOf([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
])
/** What is public of IPv6; everything that embeds an IPv4 address some other way lies outside. */
const publicV6 = listOf([['2000::', 3]])

function listOf(networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, isIPv4(network) ? 'ipv4' : 'ipv6')
  return list
}

const isIn = (list: BlockList, address: string) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
const isLoopback = (address: string) => isIn(loopback, address)

function mayBeAsked(address: string, allowsPrivate: boolean): boolean {
  if (isIP(address) === 0 || isIn(never, address)) return false
  if (allowsPrivate) return true
  if (isIn(loopback, address) || isIn(special, address)) return false
  return isIPv4(address) || isIn(publicV6, address)
}
